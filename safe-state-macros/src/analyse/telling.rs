//! Finds out whether a loop's head may leave the type of its items open, so that only the loop's body tells it.
//!
//! ```text
//! for result in reader.deserialize() { let row: Row = result?; .. }
//! for (a, b) in rows.iter().tuple_windows() { .. }
//! ```
//!
//! Nothing is decided by this but where the copy of the body stands: where it tells a type, it has to come before the type is
//! looked at.

use syn::{Expr, PathArguments};

/// The methods whose items have the type of what they are called on, or one that the method alone tells.
const TELLING: [&str; 60] = [
    "as_bytes",
    "as_mut",
    "as_slice",
    "as_str",
    "borrow",
    "by_ref",
    "bytes",
    "chain",
    "char_indices",
    "chars",
    "chunk_by",
    "chunks",
    "chunks_exact",
    "chunks_mut",
    "clone",
    "cloned",
    "copied",
    "cycle",
    "drain",
    "enumerate",
    "expect",
    "filter",
    "fuse",
    "inspect",
    "into_iter",
    "into_keys",
    "into_values",
    "iter",
    "iter_mut",
    "keys",
    "lines",
    "lock",
    "matches",
    "par_iter",
    "peekable",
    "range",
    "rchunks",
    "read",
    "read_dir",
    "rev",
    "rsplit",
    "skip",
    "skip_while",
    "split",
    "split_inclusive",
    "split_terminator",
    "split_whitespace",
    "splitn",
    "step_by",
    "take",
    "take_while",
    "to_owned",
    "to_vec",
    "trim",
    "unwrap",
    "values",
    "values_mut",
    "windows",
    "write",
    "zip",
];

/// Returns whether the head tells the type of its items, as far as its text shows.
pub(crate) fn tells_items(head: &Expr) -> bool {
    match head {
        Expr::Path(_)
        | Expr::Lit(_)
        | Expr::Field(_)
        | Expr::Macro(_)
        | Expr::Closure(_)
        | Expr::Cast(_) => true,
        Expr::Range(it) => {
            it.start.as_deref().is_none_or(tells_items) && it.end.as_deref().is_none_or(tells_items)
        }
        Expr::Array(it) => it.elems.iter().all(tells_items),
        Expr::Tuple(it) => it.elems.iter().all(tells_items),
        Expr::Index(it) => tells_items(&it.expr),
        Expr::Reference(it) => tells_items(&it.expr),
        Expr::Unary(it) => tells_items(&it.expr),
        Expr::Binary(it) => tells_items(&it.left),
        Expr::Paren(it) => tells_items(&it.expr),
        Expr::Group(it) => tells_items(&it.expr),
        Expr::Try(it) => tells_items(&it.expr),
        Expr::Await(it) => tells_items(&it.base),
        Expr::MethodCall(it) => {
            let is_known = it.turbofish.is_some() || TELLING.iter().any(|name| it.method == name);
            is_known && tells_items(&it.receiver) && it.args.iter().all(tells_items)
        }
        Expr::Call(it) => match &*it.func {
            Expr::Path(path) => path
                .path
                .segments
                .iter()
                .any(|it| matches!(it.arguments, PathArguments::AngleBracketed(_))),
            _ => false,
        },
        _ => false,
    }
}
