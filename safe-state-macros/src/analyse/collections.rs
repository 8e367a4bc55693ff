//! Recognises collections whose methods are known, by the names of their types: those of the standard library, and
//! `Results` and `Worklist`.

use syn::{Expr, Type};

/// Returns whether a written type is one of the collections whose methods are known.
pub(crate) fn is_plain(ty: &Type) -> bool {
    let Type::Path(it) = ty else { return false };
    it.path.segments.last().is_some_and(|last| COLLECTIONS.iter().any(|name| last.ident == name))
}

/// Returns whether a value of the written type can neither be moved away nor be changed by a name that is not `mut`: a
/// `&T`, or a primitive type.
pub(crate) fn is_constant(ty: &Type) -> bool {
    const PRIMITIVES: [&str; 17] = [
        "bool", "char", "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64",
        "i128", "isize", "f32", "f64", "str",
    ];
    match ty {
        Type::Reference(it) => it.mutability.is_none(),
        Type::Path(it) => PRIMITIVES.iter().any(|name| it.path.is_ident(name)),
        _ => false,
    }
}

/// Returns whether a written type is one of the collections whose methods are known, or a primitive type.
pub(crate) fn is_of_std(ty: &Type) -> bool {
    is_plain(ty) || (matches!(ty, Type::Path(_)) && is_constant(ty))
}

/// Returns whether an initialiser makes one of the collections whose methods are known: by `vec!`, `format!`, or a
/// function of the type such as `Vec::new`.
pub(crate) fn makes_collection(init: &Expr) -> bool {
    match init {
        Expr::Macro(it) => it.mac.path.is_ident("vec") || it.mac.path.is_ident("format"),
        Expr::Call(it) => match &*it.func {
            Expr::Path(it) => {
                let of_type = it.path.segments.iter().rev().nth(1);
                of_type.is_some_and(|of| COLLECTIONS.iter().any(|name| of.ident == name))
            }
            _ => false,
        },
        _ => false,
    }
}

const COLLECTIONS: [&str; 10] = [
    "Vec",
    "String",
    "VecDeque",
    "BTreeMap",
    "BTreeSet",
    "HashMap",
    "HashSet",
    "BinaryHeap",
    "Results",
    "Worklist",
];

/// The functions that make channels in `tokio`, `crossbeam`, `flume` and the like.
const MAKERS: [&str; 4] = ["channel", "unbounded_channel", "bounded", "unbounded"];

/// Returns whether an expression makes a channel. `mpsc::channel()` of the standard library is known by its type.
pub(crate) fn makes_channel(expr: &Expr) -> bool {
    let Expr::Call(call) = expr else { return false };
    let Expr::Path(it) = &*call.func else { return false };
    let Some(last) = it.path.segments.last() else { return false };
    MAKERS.iter().any(|name| last.ident == name)
        && (last.ident != "channel" || !call.args.is_empty())
}
