//! Collections of the standard library, of which the methods are known.

use syn::Expr;

/// Whether a written type is a collection of the standard library, of which the methods are known.
pub(crate) fn is_plain(ty: &syn::Type) -> bool {
    let syn::Type::Path(it) = ty else { return false };
    it.path.segments.last().is_some_and(|last| COLLECTIONS.iter().any(|name| last.ident == name))
}

/// Whether an initialiser makes a collection of the standard library.
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
