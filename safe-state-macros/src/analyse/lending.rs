//! Which loop walks a carried variable by mutable reference.

use proc_macro2::Ident;
use syn::Expr;

use crate::analyse::carried::CarriedVariable;
use crate::analyse::plan::Plan;
use crate::analyse::targets::Target;

/// Whether that loop walks a carried variable by mutable reference.
pub(crate) fn lends(plan: &Plan, target: &Target) -> bool {
    let written = plan.originals.get(&target.at);
    let Some(Expr::ForLoop(it)) = written else { return false };
    plan.carried.iter().any(|variable| !variable.is_handle() && is_lent_in(variable, &it.expr))
}

/// Whether an iterated expression borrows the variable mutably.
pub(crate) fn is_lent_in(variable: &CarriedVariable, head: &Expr) -> bool {
    lent(head).is_some_and(|ident| *ident == variable.ident)
}

/// The variable in `&mut x`, `x.iter_mut()`, and in what is made of these.
pub(crate) fn lent(head: &Expr) -> Option<&Ident> {
    match head {
        Expr::Reference(it) if it.mutability.is_some() => root(&it.expr),
        Expr::MethodCall(it) if it.method.to_string().ends_with("_mut") => root(&it.receiver),
        Expr::MethodCall(it) => lent(&it.receiver),
        Expr::Paren(it) => lent(&it.expr),
        Expr::Group(it) => lent(&it.expr),
        _ => None,
    }
}

/// The variable that an expression is, or is a part of, or is made of by methods.
pub(crate) fn root(expr: &Expr) -> Option<&Ident> {
    match expr {
        Expr::Path(it) => it.path.get_ident(),
        Expr::Field(it) => root(&it.base),
        Expr::Index(it) => root(&it.expr),
        Expr::Unary(it) => root(&it.expr),
        Expr::Reference(it) => root(&it.expr),
        Expr::MethodCall(it) => root(&it.receiver),
        Expr::Paren(it) => root(&it.expr),
        Expr::Group(it) => root(&it.expr),
        _ => None,
    }
}
