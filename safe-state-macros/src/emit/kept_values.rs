//! Generates the code that restores the values of variables at places, and keeps them.

use proc_macro2::{Ident, TokenStream};
use quote::quote_spanned;

use crate::analyse::carried::CarriedVariable;
use crate::analyse::lending;
use crate::analyse::plan::Plan;
use crate::analyse::targets::Target;
use crate::emit::save_points;
use crate::syntax::hygiene::{at, local, locals, moved};

/// Returns the code that keeps `value`, the value of a variable at its declaration; empty if it need not be kept.
pub(crate) fn keep_start(
    plan: &Plan,
    variable: &CarriedVariable,
    value: &TokenStream,
) -> TokenStream {
    if !variable.places.start {
        return TokenStream::new();
    }
    let here = at(variable.ident.span());
    let (name, depth) = (variable.name(), variable.depth());
    let run = moved(&save_points::run_at(depth), here);
    or_fail(plan, variable, &quote_spanned! {here=> #run.keep_start(#name, #depth, #value) })
}

/// Returns the code that restores the loop's variables to their values when the last item completed, or at the loop's
/// end. It stands behind the loop's head; before it, if the loop walks a carried variable.
pub(crate) fn restored_in(plan: &Plan, target: &Target) -> TokenStream {
    let lends = lending::lends(plan, target);
    let changing = plan
        .carried
        .iter()
        .filter(|it| it.places.changing.contains(&target.at) && it.is_assignable());
    let restored = changing.map(|variable| {
        let here = at(variable.ident.span());
        let Target { depth: around, id, .. } = target;
        let (name, depth) = (variable.name(), variable.depth());
        let ends = variable.places.ends.contains(&target.at);
        let run = moved(&save_points::run_at(around + usize::from(!lends)), here);
        let restore = if lends { "restore_before" } else { "restore_in" };
        let restore = Ident::new(restore, here);
        let call = quote_spanned! {here=> #run.#restore(#name, #depth, (#around, #id), #ends) };
        assigned_by(plan, variable, &call, &TokenStream::new())
    });
    restored.collect()
}

/// Returns the code at the beginning of an item that has a loop inside. It restores the variables' values of this
/// place, or keeps them.
pub(crate) fn restored_at_item(plan: &Plan, target: &Target) -> TokenStream {
    let kept = plan.carried.iter().filter(|it| it.places.items.contains(&target.at));
    let restored = kept.map(|variable| {
        let here = at(variable.ident.span());
        let Target { depth: around, id, .. } = target;
        let (name, value) = (variable.name(), variable.value());
        let run = moved(&save_points::run_at(around + 1), here);
        let call = quote_spanned! {here=> #run.restore_at_item(#name, (#around, #id)) };
        let keep = quote_spanned! {here=> #run.keep_item(#name, (#around, #id), #value) };
        assigned_by(plan, variable, &call, &or_fail(plan, variable, &keep))
    });
    restored.collect()
}

/// Returns the code behind a loop that keeps the values of its variables.
pub(crate) fn keep_ends(plan: &Plan, run: &TokenStream, target: &Target) -> TokenStream {
    let kept = plan.carried.iter().filter(|it| it.places.ends.contains(&target.at));
    let kept = kept.map(|variable| {
        let here = at(variable.ident.span());
        let Target { depth: around, id, .. } = target;
        let (name, value) = (variable.name(), variable.value());
        let run = moved(run, here);
        let keep = quote_spanned! {here=> #run.keep_end(#name, (#around, #id), #value) };
        or_fail(plan, variable, &keep)
    });
    kept.collect()
}

/// Returns the code that assigns the value that `call` gives to the variable, or does `otherwise` if it gives none.
pub(crate) fn assigned_by(
    plan: &Plan,
    variable: &CarriedVariable,
    call: &TokenStream,
    otherwise: &TokenStream,
) -> TokenStream {
    let krate = &plan.krate;
    locals!(value, error);
    let here = at(variable.ident.span());
    let fail = save_points::fail(plan, here);
    let assigned = variable.assigned();
    quote_spanned! {here=>
        match #call {
            #krate::__private::Ok(#krate::__private::Some(#value)) => #assigned = #value,
            #krate::__private::Ok(#krate::__private::None) => { #otherwise }
            #krate::__private::Err(#error) => #fail,
        }
    }
}

pub(crate) fn or_fail(plan: &Plan, variable: &CarriedVariable, call: &TokenStream) -> TokenStream {
    let krate = &plan.krate;
    let error = &local("error");
    let here = at(variable.ident.span());
    let fail = save_points::fail(plan, here);
    quote_spanned! {here=> if let #krate::__private::Err(#error) = #call { #fail } }
}
