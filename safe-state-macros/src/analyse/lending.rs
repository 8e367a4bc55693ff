//! Finds out what the head of a loop walks, and whether it borrows a carried variable mutably.

use proc_macro2::Ident;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Error, Expr, ExprClosure, Result};

use crate::analyse::carried::CarriedVariable;
use crate::analyse::place::{mentions, part};
use crate::analyse::plan::Plan;
use crate::analyse::read_fields::is_assignment;
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
    lent(head).iter().any(|lent| variable.named.holds(lent))
}

/// Returns the variables and fields in `&mut x`, in `x.iter_mut()` and in calls on these, also beside it, as in
/// `x.iter_mut().zip(y.iter_mut())`. What stands as `&mut y` in a call may be an iterator, and is not lent.
pub(crate) fn lent(head: &Expr) -> Vec<Variable> {
    match head {
        Expr::Reference(it) if it.mutability.is_some() => part(&it.expr).into_iter().collect(),
        Expr::MethodCall(it) if it.method.to_string().ends_with("_mut") => {
            part(&it.receiver).into_iter().collect()
        }
        Expr::MethodCall(it) => {
            let mut all = lent(&it.receiver);
            if !all.is_empty() {
                let calls = it.args.iter().filter(|it| matches!(it, Expr::MethodCall(_)));
                all.extend(calls.flat_map(lent));
            }
            all
        }
        Expr::Paren(it) => lent(&it.expr),
        Expr::Group(it) => lent(&it.expr),
        _ => Vec::new(),
    }
}

/// Refuses what may do something in the head of a loop that lends what it walks: for each save, what is lent is given back, and
/// then the head is evaluated again.
pub(crate) fn check_head(plan: &Plan, target: &Target) -> Result<()> {
    let written = plan.originals.get(&target.at).filter(|_| lends(plan, target));
    let Some(Expr::ForLoop(it)) = written else { return Ok(()) };
    let mut doing = Doing(None);
    doing.visit_expr(&it.expr);
    let Some((expr, is_of_items)) = doing.0 else { return Ok(()) };
    let way_out =
        if is_of_items { "do it in the loop's body" } else { "do it in a `let` before the loop" };
    let text = format!(
        "the head lends what is carried, and is evaluated again after each save, so this would be done again; {way_out}"
    );
    Err(Error::new(expr.span(), text))
}

/// Looks for the first expression that may do something, with whether it does that for each item.
struct Doing<'a>(Option<(&'a Expr, bool)>);

impl<'ast> Visit<'ast> for Doing<'ast> {
    fn visit_expr(&mut self, expr: &'ast Expr) {
        let found = match expr {
            Expr::Closure(it) => (!only_reads(&it.body)).then_some((expr, true)),
            Expr::MethodCall(it) if it.method == "map" || it.method == "inspect" => {
                let is_function = |it: &&Expr| !matches!(it, Expr::Closure(_));
                it.args.iter().find(is_function).map(|it| (it, true))
            }
            Expr::Call(_)
            | Expr::Macro(_)
            | Expr::Try(_)
            | Expr::Await(_)
            | Expr::Block(_)
            | Expr::Unsafe(_)
            | Expr::If(_)
            | Expr::Match(_) => Some((expr, false)),
            _ => None,
        };
        self.0 = self.0.or(found);
        if !matches!(expr, Expr::Closure(_)) {
            visit::visit_expr(self, expr);
        }
    }
}

/// Returns whether an expression has no calls and changes nothing.
fn only_reads(expr: &Expr) -> bool {
    match expr {
        Expr::Path(_) | Expr::Lit(_) => true,
        Expr::Field(it) => only_reads(&it.base),
        Expr::Index(it) => only_reads(&it.expr) && only_reads(&it.index),
        Expr::Reference(it) => only_reads(&it.expr),
        Expr::Unary(it) => only_reads(&it.expr),
        Expr::Cast(it) => only_reads(&it.expr),
        Expr::Binary(it) => !is_assignment(&it.op) && only_reads(&it.left) && only_reads(&it.right),
        Expr::Tuple(it) => it.elems.iter().all(only_reads),
        Expr::Paren(it) => only_reads(&it.expr),
        Expr::Group(it) => only_reads(&it.expr),
        _ => false,
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
