//! Finds out what the head of a `while let` loop takes from.

use std::collections::BTreeSet;

use syn::Expr;
use syn::visit::Visit;

use crate::analyse::lending;
use crate::analyse::outer::Outer;
use crate::analyse::place::part;
use crate::analyse::plan::Plan;
use crate::analyse::targets::Target;
use crate::analyse::worklists;
use crate::emit::proof::written::Written;
use crate::parse::options::items::Identity;
use crate::parse::options::variable::Variable;
use crate::syntax::free_variables as free;

/// Returns whether a resumed run does not ask the head of the loop again for complete items, so that the head's changes
/// are not made again.
pub(crate) fn gives_once(plan: &Plan, (target, written): (&Target, &Written<'_>)) -> bool {
    let is_one = matches!(target.items.identity, Identity::Cursor(_) | Identity::Consumed(_));
    !written.is_for && is_one && !worklists::takes(plan, target)
}

/// Returns what the head takes from: the place that its calls begin with, or else the only variable that it mentions,
/// constant arguments aside.
pub(crate) fn source(head: &Expr, outer: &[Outer<'_>]) -> Option<Variable> {
    if let Some(front) = part(head).filter(|it| outer.iter().any(|outer| outer.ident == it.root)) {
        return Some(front);
    }
    let names = free::names(|free| free.visit_expr(head));
    let mut of = outer.iter().filter(|it| free::holds(&names, &it.ident) && !it.is_constant());
    match (of.next(), of.next()) {
        (Some(only), None) => Some(Variable { root: only.ident.clone(), fields: Vec::new() }),
        _ => None,
    }
}

/// Returns the names that a head mentions beside what it takes from, if it is not asked again for complete items.
pub(crate) fn beside_source(
    plan: &Plan,
    (target, written): (&Target, &Written<'_>),
    outer: &[Outer<'_>],
) -> BTreeSet<String> {
    if !gives_once(plan, (target, written)) {
        return BTreeSet::new();
    }
    let mut names = free::names(|free| free.visit_expr(written.head));
    if let Some(source) = source(written.head, outer).filter(Variable::is_whole) {
        names.remove(&source.name());
    }
    names
}

/// Returns the variables in `fresh(..)` that the head takes from or fills, if a resumed run asks the head again for complete
/// items. Without the bodies between, it would get as items what these had taken, or fill what these had emptied.
pub(crate) fn fresh_sources<'p>(
    plan: &'p Plan,
    (target, written): (&Target, &Written<'_>),
    outer: &[Outer<'_>],
) -> Vec<&'p Variable> {
    let is_given_again =
        !written.is_for && !worklists::takes(plan, target) && !gives_once(plan, (target, written));
    if !is_given_again {
        return Vec::new();
    }
    let source = source(written.head, outer);
    let filled = lending::lent_in(written.head);
    let is_asked = |named: &Variable| source.iter().chain(&filled).any(|place| place == named);
    // A method of `self` may take from anything in it.
    let fresh = plan.options.restored.fresh.iter();
    fresh.filter(|named| is_asked(named) && !named.is_self()).collect()
}
