//! The variables from before a loop, and what is asked of them beside the proof, which does not see it.

use std::collections::BTreeSet;

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::Block;
use syn::spanned::Spanned;

use crate::analyse::durable;
use crate::analyse::lending;
use crate::analyse::outer::{self, Kind, Outer};
use crate::analyse::plan::Plan;
use crate::analyse::survey::Loop;
use crate::analyse::targets::Target;
use crate::emit::proof::taken::{self, Taken};
use crate::emit::proof::written::Written;
use crate::syntax::free_idents::free_idents;
use crate::syntax::free_variables as free;
use crate::syntax::hygiene::{at, local, moved_crate};

/// Refuses items by which the loop changes what it walks, unless that is named; and items of a variable that is lent,
/// if they may have been taken out of it.
pub(crate) fn items_check(
    plan: &Plan,
    (target, written): (&Target, &Written<'_>),
    outer: &[Outer<'_>],
) -> TokenStream {
    let walked = free_idents(written.head.to_token_stream());
    let is_walked = |ident: &Ident| free::holds(&walked, ident);
    if lending::lends(plan, target) {
        let here = at(written.head.span());
        let (krate, item_type) = (moved_crate(&plan.krate, here), &local("item_type"));
        return quote_spanned! {here=> #krate::__private::in_place!(#item_type); };
    }
    let is_named = plan.options.lasting().any(|named| is_walked(&named.root));
    // Behind a `&` of the caller's is what the caller lets be changed.
    let is_ours = outer.iter().any(|it| is_walked(&it.ident) && !it.is_constant());
    if !written.is_for || is_named || !is_ours {
        return TokenStream::new();
    }
    let (krate, item_type) = (&plan.krate, &local("item_type"));
    let here = at(written.head.span());
    let krate = moved_crate(krate, here);
    quote_spanned! {here=> #krate::__private::read_only!(#item_type); }
}

/// Refuses locals that can be changed through a shared reference.
pub(crate) fn shared_checks(
    plan: &Plan,
    target: &Target,
    seen: &[&Outer<'_>],
    free: &BTreeSet<String>,
    taken: &mut Taken,
) -> TokenStream {
    let checks = seen.iter().filter_map(|it| {
        let Kind::Local(local) = it.kind else { return None };
        let is_meant = local.has_value()
            && !it.is_elsewhere
            && !local.is_of_argument(&plan.arguments)
            && free::holds(free, &it.ident)
            && !outer::named_in(plan, target).any(|named| named.root == it.ident)
            && !is_kept(plan, &it.ident);
        is_meant.then(|| {
            let here = at(it.ident.span());
            let krate = moved_crate(&plan.krate, here);
            let known = taken::take(plan, &it.ident, taken);
            quote_spanned! {here=> #krate::__private::unshared!(#known); }
        })
    });
    checks.collect()
}

/// Refuses arguments, and fields of one, that are made anew and hold back what the body writes, by their types.
pub(crate) fn durable_checks(plan: &Plan, body: &Block) -> TokenStream {
    let checks = plan.options.restored.fresh.iter().filter_map(|named| {
        let argument = plan.arguments.iter().find(|it| it.ident == named.root)?;
        if !durable::uses(body, named) || durable::flushes(body, named) {
            return None;
        }
        let here = at(named.span());
        let krate = moved_crate(&plan.krate, here);
        // The name in the option may be another's, where a macro has written one of the two.
        let mut root = argument.ident.clone();
        root.set_span(root.span().located_at(named.span()));
        let fields = &named.fields;
        Some(quote_spanned! {here=>
            #krate::__private::durable!(#krate::__private::type_of(&#root #(.#fields)*));
        })
    });
    checks.collect()
}

/// Whether it is a carried variable that is set back, and held to that by [`kept_checks`].
fn is_kept(plan: &Plan, variable: &Ident) -> bool {
    plan.carried.iter().any(|it| it.named.is(variable) && it.places.are_kept())
}

/// Refuses carried variables that are set back in a resumed run, and can be changed through another reference.
pub(crate) fn kept_checks(
    plan: &Plan,
    target: &Target,
    around: &Loop,
    taken: &mut Taken,
) -> TokenStream {
    let kept = plan.carried.iter().filter(|it| it.places.are_kept());
    let kept = kept.filter(|it| it.is_first_before(target, &around.scope.locals));
    let checks = kept.map(|variable| {
        let here = at(variable.ident.span());
        let krate = moved_crate(&plan.krate, here);
        let known = taken::take(plan, &variable.assigned(), taken);
        quote_spanned! {here=> #krate::__private::set_back!(#known); }
    });
    checks.collect()
}
