//! Recognises the forms of loops, and the marker on them.

use syn::{Attribute, Expr, ExprWhile, Pat};

/// Returns whether the attribute is `#[resume]`, by itself or behind the crate's name.
pub(crate) fn is_marker(attribute: &Attribute) -> bool {
    let segments = &attribute.path().segments;
    let is_ours =
        segments.len() == 1 || segments.first().is_some_and(|it| it.ident == "safe_state");
    is_ours && segments.last().is_some_and(|it| it.ident == "resume")
}

/// Returns the pattern and the expression of a `while let Some(pattern) = expression`; none for another loop.
pub(crate) fn while_let(it: &ExprWhile) -> Option<(&Pat, &Expr)> {
    let Expr::Let(cond) = &*it.cond else { return None };
    let Pat::TupleStruct(some) = &*cond.pat else { return None };
    let is_some = some.path.segments.last().is_some_and(|segment| segment.ident == "Some");
    let mut elems = some.elems.iter();
    match (elems.next(), elems.next()) {
        (Some(pat), None) if is_some => Some((pat, &cond.expr)),
        _ => None,
    }
}

/// Returns the patterns that a condition binds: `if let P = ..`, also in a chain.
pub(crate) fn conditions(cond: &Expr) -> Vec<&Pat> {
    match cond {
        Expr::Let(it) => vec![&it.pat],
        Expr::Binary(it) => {
            let mut pats = conditions(&it.left);
            pats.extend(conditions(&it.right));
            pats
        }
        _ => Vec::new(),
    }
}
