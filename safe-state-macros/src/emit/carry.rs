//! Generates the code that takes the values of carried variables into the next save.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::Type;

use crate::analyse::carried::{CarriedVariable, Restoration};
use crate::analyse::plan::Plan;
use crate::analyse::survey::locals::Local;
use crate::analyse::targets::Target;
use crate::analyse::worklists::carries_before_head;
use crate::emit::{rows, save_points};
use crate::syntax::hygiene::{at, local, locals, moved, moved_crate};

/// Returns the code that takes the values of the variables among `locals` into the next save of `run`, in the loop of
/// `target`.
pub(crate) fn carry(
    plan: &Plan,
    run: &TokenStream,
    target: Option<&Target>,
    locals: &[Local],
) -> TokenStream {
    carry_or(plan, run, target, locals, &save_points::fail(plan, Span::mixed_site()))
}

/// Returns the code of [`carry`], with `fail` for a value that can't be taken.
pub(crate) fn carry_or(
    plan: &Plan,
    run: &TokenStream,
    target: Option<&Target>,
    locals: &[Local],
    fail: &TokenStream,
) -> TokenStream {
    let mut carry = carry_where(plan, run, target, locals, |_| true, fail);
    carry.extend(target.map(|target| rows::carried(plan, run, target, fail)));
    carry
}

/// Returns the code of [`carry_or`] for the variables that `is_chosen` picks.
pub(crate) fn carry_where(
    plan: &Plan,
    run: &TokenStream,
    target: Option<&Target>,
    locals: &[Local],
    is_chosen: impl Fn(&CarriedVariable) -> bool,
    fail: &TokenStream,
) -> TokenStream {
    let krate = &plan.krate;
    let error = &local("error");
    let is_meant = |it: &&CarriedVariable| {
        it.stands_among(locals) && it.is_carried_in(target) && is_chosen(it)
    };
    let standing = plan.carried.iter().filter(is_meant);
    let carry = standing.map(|variable| {
        let (depth, value) = (variable.depth(), variable.value());
        let name = variable.name();
        let here = at(variable.ident.span());
        let run = moved(run, here);
        let taken = match &variable.restoration {
            Restoration::Carry => quote_spanned! {here=> #run.carry(#name, #depth, #value) },
            Restoration::Reconnect(ty) => {
                let means = means(plan, variable, ty.as_deref());
                quote_spanned! {here=> #run.extract(#name, #depth, #value, &#means) }
            }
        };
        quote_spanned! {here=>
            if let #krate::__private::Err(#error) = #taken {
                #fail
            }
        }
    });
    carry.collect()
}

/// Returns the expression that completes the item in flight, and whose value is whether a save is due. If only values are
/// carried, it shows them, so that a page can hold them with the item.
pub(crate) fn completed(plan: &Plan, target: &Target, locals: &[Local]) -> TokenStream {
    locals!(tally, values);
    let site = Span::mixed_site();
    let is_meant =
        |it: &&CarriedVariable| it.stands_among(locals) && it.is_carried_in(Some(target));
    let standing: Vec<_> = plan.carried.iter().filter(is_meant).collect();
    let are_values = !standing.is_empty()
        && !plan.carried.iter().any(CarriedVariable::is_handle)
        && !plan.options.settings.have_limits()
        && !carries_before_head(plan, target);
    if !are_values {
        return quote_spanned! {site=> #tally.complete() };
    }
    let put = standing.iter().map(|variable| {
        let (name, depth, value) = (variable.name(), variable.depth(), variable.value());
        let here = at(variable.ident.span());
        let values = moved(&values.to_token_stream(), here);
        quote_spanned! {here=> #values.put(#name, #depth, #value) }
    });
    // An error about a value that is not there points at an option, and not at the whole attribute.
    let here = standing.first().map_or(site, |it| at(it.ident.span()));
    quote_spanned! {here=> #tally.complete_with(|#values| true #(&& #put)*) }
}

/// Returns the expression that says how a handle is rebuilt: by what its type offers if that is written, else by its
/// trait.
pub(crate) fn means(plan: &Plan, variable: &CarriedVariable, ty: Option<&Type>) -> TokenStream {
    let here = at(variable.ident.span());
    // The path is moved to this place, or an error would point at the whole attribute.
    let krate = moved_crate(&plan.krate, here);
    let by_trait = || quote_spanned! {here=> #krate::__private::by_trait() };
    ty.map_or_else(by_trait, |ty| quote_spanned! {here=> #krate::__private::means!(#ty) })
}

/// Returns the code that carries the variables before the loop's head takes an item; empty if they are carried after
/// it.
pub(crate) fn carried_before_head(plan: &Plan, target: &Target, locals: &[Local]) -> TokenStream {
    if !carries_before_head(plan, target) {
        return TokenStream::new();
    }
    let tally = &local("tally");
    let run = quote_spanned! {Span::mixed_site()=> #tally.run() };
    carry(plan, &run, Some(target), locals)
}

/// Returns the code that carries the variables for a save while an item is in flight; empty if they were carried before
/// the head.
pub(crate) fn carried_after_head(
    plan: &Plan,
    run: &TokenStream,
    target: &Target,
    locals: &[Local],
) -> TokenStream {
    if carries_before_head(plan, target) {
        return TokenStream::new();
    }
    carry(plan, run, Some(target), locals)
}
