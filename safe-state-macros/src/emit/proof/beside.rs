//! The variables from before a loop, and what is asked of them beside the proof, which does not see it.

use std::collections::BTreeSet;

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::spanned::Spanned;
use syn::{Block, Expr};

use crate::analyse::captured::changed_by_closures;
use crate::analyse::carried::{CarriedVariable, Source};
use crate::analyse::durable;
use crate::analyse::lending::{self, Walked};
use crate::analyse::outer::{self, Kind, Outer};
use crate::analyse::plan::Plan;
use crate::analyse::survey::patterns::OfArgument;
use crate::analyse::survey::{Loop, Scope};
use crate::analyse::targets::Target;
use crate::emit::proof::parts;
use crate::emit::proof::taken::{self, Taken};
use crate::emit::proof::written::Written;
use crate::parse::options::variable::Variable;
use crate::syntax::bindings::own_names;
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
    if lending::lends(plan, target) {
        let here = at(written.head.span());
        let (krate, item_type) = (moved_crate(&plan.krate, here), &local("item_type"));
        return quote_spanned! {here=> #krate::__private::in_place!(#item_type); };
    }
    let named: Vec<&Variable> = plan.options.lasting().collect();
    if !written.is_for || !walks_ours(written.head, outer) || is_named(written.head, &named, outer)
    {
        return TokenStream::new();
    }
    let (krate, item_type) = (&plan.krate, &local("item_type"));
    let here = at(written.head.span());
    let krate = moved_crate(krate, here);
    quote_spanned! {here=> #krate::__private::read_only!(#item_type); }
}

/// Returns whether the head mentions a variable other than arguments that the loop can't change. The caller lets what is
/// behind an argument's `&` be changed.
fn walks_ours(head: &Expr, outer: &[Outer<'_>]) -> bool {
    let mentioned = free_idents(head.to_token_stream());
    outer.iter().any(|it| free::holds(&mentioned, &it.ident) && !it.is_constant())
}

/// Returns whether `named` holds all that the head walks or takes from.
pub(crate) fn is_named(head: &Expr, named: &[&Variable], outer: &[Outer<'_>]) -> bool {
    let mentioned = free_idents(head.to_token_stream());
    let ours = |root: &Ident| outer.iter().any(|it| it.ident == *root && !it.is_constant());
    named.iter().any(|named| free::holds(&mentioned, &named.root))
        && Walked::of(head).is_named(head, named, ours)
}

/// Refuses variables that can be changed through a shared reference, by the loop or by a closure that it calls.
pub(crate) fn shared_or_captured(
    plan: &Plan,
    place: (&Target, &Scope, &Written<'_>),
    (outer, seen): (&[Outer<'_>], &[&Outer<'_>]),
    free: &BTreeSet<String>,
    taken: &mut Taken,
) -> TokenStream {
    let captured = changed_by_closures(outer, free, |it| outer::is_named(plan, it, place.0));
    let is_seen = |ident: &Ident| seen.iter().any(|it| it.ident == *ident);
    let within = outer.iter().filter(|it| free::holds(&captured, &it.ident) && !is_seen(&it.ident));
    let all: Vec<&Outer<'_>> = seen.iter().copied().chain(within).collect();
    let names = free.union(&captured).cloned().collect();
    shared_checks(plan, place, &all, &names, taken)
}

/// Refuses variables that can be changed through a shared reference.
fn shared_checks(
    plan: &Plan,
    (target, scope, written): (&Target, &Scope, &Written<'_>),
    seen: &[&Outer<'_>],
    free: &BTreeSet<String>,
    taken: &mut Taken,
) -> TokenStream {
    let own = own_names(written.body);
    let apart = parts::taken_apart(seen.iter().copied(), scope);
    let checks = seen.iter().filter_map(|it| {
        let of_argument = match it.kind {
            Kind::Argument(_) => return None,
            Kind::Local(local) if !local.has_value() => return None,
            // What is in a collection can't be changed while nothing is in it.
            Kind::Local(local) if local.init.is_empty && local.ty.is_none() => return None,
            // What a loop around binds is looked at as its items.
            Kind::Pattern(bound) if bound.is_item => return None,
            // A function has no type that is known without its arguments.
            Kind::OfMacro(_) if !parts::has_members(written.body.to_token_stream(), &it.ident) => {
                return None;
            }
            Kind::OfMacro(_) => None,
            Kind::Local(local) => {
                scope.is_of_argument(local, &plan.arguments).then_some(OfArgument::Reference)
            }
            Kind::Pattern(_) => scope.bound_of_argument(&it.ident, &plan.arguments),
        };
        let is_meant = of_argument != Some(OfArgument::Reference)
            && !it.is_elsewhere
            && free::holds(free, &it.ident)
            && !outer::named_in(plan, target).any(|named| named.root == it.ident)
            && !is_kept(plan, &it.ident);
        is_meant.then(|| {
            let here = at(it.ident.span());
            let krate = moved_crate(&plan.krate, here);
            let but_borrowed = of_argument.map(|_| quote_spanned! {here=> , but borrowed });
            let is_apart = apart.contains(&it.ident) && !free::holds(&own, &it.ident);
            let parts = is_apart.then(|| parts::used(written.body.to_token_stream(), &it.ident));
            let whole = || vec![Variable { root: it.ident.clone(), fields: Vec::new() }];
            let checks = parts.flatten().unwrap_or_else(whole).into_iter().map(|place| {
                let known = taken::take(plan, &place.place(), taken);
                quote_spanned! {here=> #krate::__private::unshared!(#known, unshared #but_borrowed); }
            });
            checks.collect::<TokenStream>()
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
    let kept = plan.carried.iter().filter(|it| it.places.are_kept() || !it.places.lent.is_empty());
    let kept = kept.filter(|it| it.is_first_before(target, &around.scope.locals));
    let checks = kept.map(|variable| {
        let here = at(variable.ident.span());
        let krate = moved_crate(&plan.krate, here);
        let known = taken::take(plan, &variable.assigned(), taken);
        quote_spanned! {here=> #krate::__private::set_back!(#known); }
    });
    checks.collect()
}

/// Refuses carried variables that the loop could change although it does not mention them. One that code before the loop has moved
/// away can get another value there, and one that it has lent can be read there, unless a local can change it.
pub(crate) fn held_checks(
    plan: &Plan,
    (target, written): (&Target, &Written<'_>),
    around: &Loop,
) -> TokenStream {
    let may_change = || may_change_by_another(plan, written, around);
    let checks = plan.carried.iter().map(|variable| {
        let here = at(variable.ident.span());
        let krate = moved_crate(&plan.krate, here);
        let place = variable.assigned();
        if variable.places.moved.contains(&target.at) && may_change() {
            quote_spanned! {here=>
                #place = #krate::__private::never();
                #krate::__private::touch(&mut #place);
            }
        } else if variable.places.lent.contains(&target.at) {
            let value = variable.value();
            quote_spanned! {here=> let _ = #value; }
        } else {
            TokenStream::new()
        }
    });
    checks.collect()
}

/// Returns whether the loop may use a local that is named and may be a reference, or hold one. The proof has it that the loop
/// changes nothing by other locals.
fn may_change_by_another(plan: &Plan, written: &Written<'_>, around: &Loop) -> bool {
    let is_argument = |name: &Ident| plan.arguments.iter().any(|it| it.ident == *name);
    let is_reference =
        |it: &CarriedVariable| matches!(it.source, Source::Local { is_reference: true, .. });
    let references = plan.carried.iter().filter(|it| is_reference(it)).map(|it| &it.ident);
    let lasting = plan.options.lasting().map(|named| &named.root).filter(|it| !is_argument(it));
    let mentioned = free_idents(written.body.to_token_stream());
    let mentioned_by_head = free_idents(written.head.to_token_stream());
    let is_used = |it: &Ident| free::holds(&mentioned, it) || free::holds(&mentioned_by_head, it);
    !around.scope.macros.is_empty() || references.chain(lasting).any(is_used)
}
