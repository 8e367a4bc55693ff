//! Refuses a `fresh` closure that changes other variables: a resumed run would begin with those anew. Refuses a closure of an
//! item that reads what the loop changes.

use proc_macro2::Ident;
use quote::ToTokens;
use syn::spanned::Spanned;
use syn::visit::Visit;
use syn::{Error, Result};

use crate::analyse::changes::changes_in;
use crate::analyse::mutations::block_may_change;
use crate::analyse::plan::Plan;
use crate::analyse::survey::Loop;
use crate::analyse::survey::locals::Local;
use crate::analyse::targets::Target;
use crate::parse::options::items::Identity;
use crate::syntax::bindings::bindings;
use crate::syntax::free_idents::free_idents;
use crate::syntax::free_variables as free;
use crate::syntax::rewrite::body;

/// Refuses a closure named in `fresh` that changes, or may change, a variable that no option names.
pub(crate) fn check_fresh_closures(plan: &Plan, around: &Loop) -> Result<()> {
    for (at, local) in around.scope.locals.iter().enumerate() {
        let name = &local.binding.ident;
        let is_fresh = plan.options.restored.fresh.iter().any(|named| named.is(name));
        let Some(closure) = local.closure().filter(|_| is_fresh && local.binding.is_mut) else {
            continue;
        };
        let before = around.scope.locals.get(..at).unwrap_or_default();
        let changeable = changeable(plan, before, closure.capture.is_some());
        let mentioned = free_idents(closure.body.to_token_stream());
        let seen: Vec<(&Ident, bool)> =
            changeable.into_iter().filter(|(it, _)| mentioned.contains(&it.to_string())).collect();
        let surely = seen.iter().filter(|(it, of)| !changes_in(&closure.body, it, *of).is_empty());
        let surely: Vec<&Ident> = surely.map(|(it, _)| *it).collect();
        if let Some(held) = surely.iter().find(|it| is_carried(plan, it)) {
            let text = format!(
                "`{name}` changes `{held}`, and has that borrowed as long as it lives, so that it could not be saved with the \
                 progress; write in the loop what `{name}` does, or give it `{held}` in each call: \
                 `let {name} = |{held}: &mut _, ..| ..`"
            );
            return Err(Error::new(held.span(), text));
        }
        let changed =
            if surely.is_empty() { seen.iter().map(|(it, _)| *it).collect() } else { surely };
        let is_named = |it: &&Ident| plan.options.named().any(|named| named.root == **it);
        if let Some(changed) = changed.into_iter().find(|it| !is_named(it)) {
            let text = format!(
                "`{name}` changes `{changed}`, which a resumed run would start anew; write in the loop what it \
                 does, with `carry({changed})`, or name both: `fresh({name}, {changed})`"
            );
            return Err(Error::new(changed.span(), text));
        }
    }
    Ok(())
}

fn is_carried(plan: &Plan, ident: &Ident) -> bool {
    plan.options.restored.carry.iter().any(|named| named.is(ident))
}

/// Refuses a closure by which items are known, if it reads a carried variable that the loop changes: the closure holds that
/// borrowed, and an item would be known by what the loop has done.
pub(crate) fn check_item_closures(plan: &Plan, targets: &[Target]) -> Result<()> {
    for target in targets {
        let (Identity::Check(of_item) | Identity::Key(of_item) | Identity::Cursor(of_item)) =
            &target.items.identity
        else {
            continue;
        };
        let mut names = free::names(|free| free.visit_expr(&of_item.body));
        for bound in bindings(&of_item.pat) {
            names.remove(&bound.name());
        }
        let Some(body) = plan.originals.get(&target.at).and_then(body) else { continue };
        let changed = plan.carried.iter().find(|it| {
            it.named.is_whole()
                && free::holds(&names, &it.ident)
                && it.places.changing.contains(&target.at)
                && block_may_change(body, &it.ident)
        });
        if let Some(variable) = changed {
            let text = format!(
                "this reads `{}`, which the loop changes; an item is known by what is in it, so read that alone",
                variable.ident
            );
            return Err(Error::new(of_item.body.span(), text));
        }
    }
    Ok(())
}

/// Returns the variables that a closure can change, each with whether it is a collection. A `move` closure can change
/// only those that are `&mut` references, as it owns the others.
fn changeable<'a>(plan: &'a Plan, before: &'a [Local], by_move: bool) -> Vec<(&'a Ident, bool)> {
    let arguments = plan
        .arguments
        .iter()
        .filter(|it| it.is_mut_reference() || (it.is_mut && !by_move))
        .map(|it| (&it.ident, false));
    let locals = before
        .iter()
        .filter(|it| it.is_mut_reference || (it.binding.is_mut && !by_move))
        .map(|it| (&it.binding.ident, it.is_collection()));
    arguments.chain(locals).collect()
}
