//! Finds out what the head of a loop walks, and whether it borrows a carried variable mutably.

use proc_macro2::Ident;
use syn::visit::{self, Visit};
use syn::{Expr, ExprClosure};

use crate::analyse::carried::CarriedVariable;
use crate::analyse::place::{mentions, part};
use crate::analyse::plan::Plan;
use crate::analyse::targets::Target;
use crate::parse::options::variable::Variable;

/// Whether that loop walks a carried variable by mutable reference.
pub(crate) fn lends(plan: &Plan, target: &Target) -> bool {
    let written = plan.originals.get(&target.at);
    let Some(Expr::ForLoop(it)) = written else { return false };
    plan.carried.iter().any(|variable| !variable.is_handle() && is_lent_in(variable, &it.expr))
}

/// Whether an iterated expression borrows the variable mutably.
pub(crate) fn is_lent_in(variable: &CarriedVariable, head: &Expr) -> bool {
    lent(head).is_some_and(|lent| variable.named.holds(&lent))
}

/// Returns the variable or field in `&mut x`, in `x.iter_mut()` and in calls on these.
fn lent(head: &Expr) -> Option<Variable> {
    match head {
        Expr::Reference(it) if it.mutability.is_some() => part(&it.expr),
        Expr::MethodCall(it) if it.method.to_string().ends_with("_mut") => part(&it.receiver),
        Expr::MethodCall(it) => lent(&it.receiver),
        Expr::Paren(it) => lent(&it.expr),
        Expr::Group(it) => lent(&it.expr),
        _ => None,
    }
}

/// The variables and fields that the head of a loop walks, or takes from.
pub(crate) struct Walked {
    /// The variable or field that the head's calls begin with.
    front: Option<Variable>,
    /// The variables and fields that the head borrows mutably, as far as the source shows it.
    lent: Vec<Variable>,
}

impl Walked {
    pub(crate) fn of(head: &Expr) -> Self {
        Walked { front: part(head), lent: lent_in(head) }
    }

    /// Returns whether `named` holds all that the head walks and that is `ours` to name. If the head is a function call,
    /// it may walk any of the arguments.
    pub(crate) fn is_named(
        &self,
        head: &Expr,
        named: &[&Variable],
        ours: impl Fn(&Ident) -> bool,
    ) -> bool {
        let is_named =
            |place: &Variable| !ours(&place.root) || named.iter().any(|named| named.holds(place));
        let is_front_named = match &self.front {
            Some(front) => is_named(front),
            None => named.iter().any(|named| mentions(head, named)),
        };
        is_front_named && self.lent.iter().all(is_named)
    }
}

/// Returns what an expression borrows mutably, as far as the source shows it.
pub(crate) fn lent_in(expr: &Expr) -> Vec<Variable> {
    let mut lent = Lent(Vec::new());
    lent.visit_expr(expr);
    lent.0
}

/// Collects what an expression borrows mutably, as far as the source shows it.
struct Lent(Vec<Variable>);

impl<'ast> Visit<'ast> for Lent {
    fn visit_expr(&mut self, expr: &'ast Expr) {
        let of = match expr {
            Expr::Reference(it) if it.mutability.is_some() => part(&it.expr),
            Expr::MethodCall(it) if it.method.to_string().ends_with("_mut") => part(&it.receiver),
            _ => None,
        };
        self.0.extend(of);
        visit::visit_expr(self, expr);
    }

    fn visit_expr_closure(&mut self, _: &'ast ExprClosure) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use syn::parse_quote;

    #[track_caller]
    fn check(is_named: bool, named: &Variable, head: &Expr) {
        assert_eq!(Walked::of(head).is_named(head, &[named], |_| true), is_named);
    }

    #[test]
    fn a_name_is_that_of_what_is_walked() {
        let rows = syn::parse_str("self.rows").unwrap();
        check(true, &rows, &parse_quote! { self.rows.iter_mut().take(self.limit) });
        check(true, &rows, &parse_quote! { &mut self.rows[1..] });
        check(true, &rows, &parse_quote! { self.rows.cells.next()? });
        check(true, &rows, &parse_quote! { zip(self.rows.iter(), &self.names) });
        check(false, &rows, &parse_quote! { self.iter_mut() });
        check(false, &rows, &parse_quote! { self.names.iter_mut().zip(&self.rows) });
        check(false, &rows, &parse_quote! { self.inner().rows.iter_mut() });
        check(false, &rows, &parse_quote! { self.rows.iter().zip(self.names.iter_mut()) });
        check(false, &rows, &parse_quote! { zip(&self.rows, &mut self.names) });
        check(false, &rows, &parse_quote! { zip(self.names.iter(), 0..) });
        let whole = syn::parse_str("this").unwrap();
        check(true, &whole, &parse_quote! { this.rows.iter_mut() });
    }
}
