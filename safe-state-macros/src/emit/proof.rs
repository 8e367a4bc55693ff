//! The proof that a loop's body changes nothing from before the loop but what is named.
//!
//! ```text
//! for order in orders { total += ship(order)? }    // gets before it, where `total` is carried
//! if false {
//!     let check = || -> Result<u64> {
//!         let mut total = known(&types).0.fake();
//!         loop {
//!             if maybe() { break; }
//!             touch(&mut total);
//!             let order = item_type.fake();
//!             match () { () => { total += ship(order)? } }
//!         }
//!         touch(&mut total);
//!         never()
//!     };
//!     let _ = name_in_carry_reconnect_or_fresh_what_the_loop_changes(check);
//!     read_only!(item_type);
//! }
//! ```
//!
//! What changes, or moves, a variable from before the loop makes the closure one that is not `Fn`, whatever the
//! way. The types of variables are taken before the loop's head, which may borrow them.

use std::collections::BTreeSet;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::visit::Visit;
use syn::visit_mut::VisitMut;
use syn::{Block, Type};

use self::rename::rename;
use crate::analyse::ahead;
use crate::analyse::lending;
use crate::analyse::outer::{self, Outer};
use crate::analyse::plan::Plan;
use crate::analyse::sharing;
use crate::analyse::survey::Loop;
use crate::analyse::targets::Target;
use crate::analyse::telling;
use crate::analyse::worklists;
use crate::emit::cursors::cursor_type;
use crate::emit::proof::fakes::NextItem;
use crate::emit::proof::taken::Taken;
use crate::emit::proof::written::Written;
use crate::parse::function::Returned;
use crate::parse::options::items::Identity;
use crate::parse::options::variable::Variable;
use crate::syntax::bindings::{Binding, bindings, own_names};
use crate::syntax::free_variables as free;
use crate::syntax::hygiene::{at, local, moved_crate};
use crate::syntax::leaving::hides_labels;
use copy::Copy;

mod asked;
mod beside;
mod copy;
mod fakes;
mod given;
mod head;
mod macros;
mod parts;
mod rename;
mod returned;
mod shells;
pub(crate) mod step;
mod taken;
mod written;

/// The proof of one loop.
#[derive(Default)]
pub(crate) struct Proof {
    /// What takes the types of variables, before the loop's head.
    pub(crate) types: Before,
    /// What is compiled and never runs, behind the head.
    pub(crate) check: TokenStream,
    /// The same behind the loop, where its body has told the types that it leaves open before.
    pub(crate) behind: TokenStream,
}

/// The generated code that stands before a loop's head.
#[derive(Default)]
pub(crate) struct Before {
    /// The expression that takes the types of variables.
    types: Option<TokenStream>,
    /// Statements that never run. They prove something of the head, which has not moved anything there yet.
    check: Option<TokenStream>,
}

/// The `walk` of the loop where the types of its variables are taken. What the head holds is dropped behind it: in a tail,
/// editions before 2024 would keep it.
pub(crate) fn around(walk: &TokenStream, before: Before, here: Span) -> TokenStream {
    let holder = taken::holder();
    let Before { types, check } = before;
    let Some(types) = types else { return quote_spanned! {here=> { #check #walk; } } };
    let Some(check) = check else {
        return quote_spanned! {here=> match #types { #holder => #walk } };
    };
    quote_spanned! {here=> match #types { #holder => { #check #walk; } } }
}

/// Returns whether the copy has to prove that the body leaves the variable as it is, or that it is a connection.
fn has_to_stay(plan: &Plan, it: &Outer<'_>, target: &Target) -> bool {
    let is_connection = plan.connections.iter().any(|place| place.root == it.ident);
    let is_named = outer::is_named(plan, &it.ident, target) && !is_connection;
    !it.is_constant() && !it.is_elsewhere && !is_named
}

/// Returns whether the loop's body may be what tells the type of its items, so that its copy has to come before that type is
/// looked at.
pub(crate) fn tells_types(plan: &Plan, target: &Target) -> bool {
    let written = plan.originals.get(&target.at).and_then(Written::of);
    let by_type = match &target.items.identity {
        Identity::Index => true,
        Identity::Check(_) | Identity::Key(_) => written.as_ref().is_some_and(|it| it.is_for),
        Identity::Cursor(_) | Identity::Consumed(_) => false,
    };
    by_type
        && target.items.side_by_side.is_none()
        && !sharing::is_shared(plan, target)
        && !lending::lends(plan, target)
        && !worklists::takes(plan, target)
        && written.is_some_and(|it| !it.is_for || !telling::tells_items(it.head))
}

/// Whether no loop is left out for that there is nothing to prove: a test compares what is then refused.
fn proves_all() -> bool {
    std::env::var_os("SAFE_STATE_PROVE_ALL").is_some()
}

/// The proof of the loop of `target`, which stands where `around` says, in the resumable loop `within`. What
/// is from before that is that one's to prove, whose copy holds this body.
pub(crate) fn proof(
    plan: &Plan,
    (target, within): (&Target, Option<usize>),
    targets: &[Target],
    around: &Loop,
) -> Proof {
    let original = plan.originals.get(&target.at);
    let Some(written) = original.and_then(Written::of) else { return Proof::default() };
    let outer = outer::outer(plan, &around.scope, within);
    let mut free = free::of_block(written.body);
    for bound in bindings(written.pat) {
        free.remove(&bound.name());
    }
    if worklists::takes(plan, target) {
        // What the head takes from is named, and it may take from nothing else.
        free.extend(free::names(|free| free.visit_expr(written.head)));
    }
    let asked = asked::beside_source(plan, (target, &written), &outer);
    let hidden = !around.scope.macros.is_empty() || proves_all();
    let is_seen = |ident: &Ident| free::holds(&free, ident) || free::holds(&asked, ident);
    let seen: Vec<&Outer<'_>> = outer.iter().filter(|it| hidden || is_seen(&it.ident)).collect();
    let mut taken = Taken::default();
    // Where whole bodies run side by side, the one that runs is such a closure itself.
    let is_whole = target.items.side_by_side.is_some()
        && !matches!(ahead::of(plan, written.body), Ok(Some(_)));
    let has_to_stay = |it: &&Outer<'_>| has_to_stay(plan, it, target);
    let is_needed =
        !is_whole && (hidden || tells_types(plan, target) || seen.iter().any(has_to_stay));
    let mut closure = |kept: Option<&Variable>| {
        closure(plan, &written, (target, targets, around), (&outer, &seen, kept), &mut taken)
    };
    let sources = asked::fresh_sources(plan, (target, &written), &outer).into_iter();
    let sources = sources.filter(|it| !is_whole && (hidden || free::holds(&free, &it.root)));
    let of_source = sources.map(|source| closure(Some(source))).map(|it| quote! { { #it } });
    let of_source: TokenStream = of_source.collect();
    let closure = if is_needed { closure(None) } else { TokenStream::new() };
    let head = head_closure(plan, &written, (target, targets), &outer, &mut taken);
    let items = beside::items_check(plan, (target, &written), &outer);
    let place = (target, &around.scope, &written);
    let shared = beside::shared_or_captured(plan, place, (&outer, &seen), &free, &mut taken);
    let kept = beside::kept_checks(plan, target, around, &mut taken);
    let durable = beside::durable_checks(plan, written.body);
    let unchanged = beside::held_checks(plan, (target, &written), around);
    // Behind what may be what tells the types: the closure, or the body that runs.
    let untaken = |check: TokenStream| {
        let here = at(written.keyword);
        (!check.is_empty()).then(|| quote_spanned! {here=> if false { #check } })
    };
    let by_types = quote! { #shared #kept #durable #unchanged };
    let (check, behind) = if is_whole {
        (untaken(items), untaken(by_types))
    } else {
        let (closure, of_source) = (untaken(closure), untaken(of_source));
        let rest = untaken(quote! { #items #by_types });
        (Some(quote! { #closure #of_source #rest }), None)
    };
    let (check, behind) = (check.unwrap_or_default(), behind.unwrap_or_default());
    Proof { types: Before { types: taken.types(plan), check: untaken(head) }, check, behind }
}

/// The closure with the body's copy, and what it is passed to; where a variable is `kept`, to prove that the body does not
/// change that.
fn closure(
    plan: &Plan,
    written: &Written<'_>,
    (target, targets, around): (&Target, &[Target], &Loop),
    (outer, seen, kept): (&[Outer<'_>], &[&Outer<'_>], Option<&Variable>),
    taken: &mut Taken,
) -> TokenStream {
    let here = at(written.keyword);
    let runs_again = target.items.policy.answers_errors();
    let cursor = cursor_within(target, targets);
    // A block that ends in `return` may then go on with the next item all the same.
    let may_go_on = runs_again || hides_labels(written.body);
    let variables = (outer, seen, kept);
    let walk = copied(plan, written, (target, cursor, may_go_on, around), variables, taken);
    let (returned, unified) = returned_by(plan, written.body);
    let check = local("check");
    let asyncness = plan.is_async.then(|| quote_spanned! {here=> async });
    let bound = match kept {
        Some(_) => bound_of_source(plan.is_async),
        None if !runs_again && is_named_by_fields(plan, target, written.body) => {
            bound_of_whole(plan.is_async)
        }
        None => bound(plan.is_async, runs_again),
    };
    let bound = Ident::new(bound, here);
    let krate = moved_crate(&plan.krate, here);
    let passed = quote_spanned! {here=> #krate::__private::#bound(#check) };
    let passed = if unified {
        quote_spanned! {here=> return #passed; }
    } else {
        quote_spanned! {here=> let _ = #passed; }
    };
    // A program may allow such a name where it declares it, and nowhere else.
    let is_odd = seen.iter().any(|it| it.ident.to_string().contains(char::is_uppercase));
    let allowed = is_odd.then(|| quote_spanned! {here=> #[allow(non_snake_case)] });
    // A method with `&self` goes before one with `&mut self`.
    let peeks = kept.map(|_| quote_spanned! {here=> use #krate::__private::Peeks as _; });
    quote_spanned! {here=>
        #allowed
        let #check = #asyncness || -> #returned {
            #peeks
            #walk
            #krate::__private::never()
        };
        #passed
    }
}

/// Returns the closure with the copy of the head, or nothing if there is nothing to prove of it.
fn head_closure(
    plan: &Plan,
    written: &Written<'_>,
    (target, targets): (&Target, &[Target]),
    outer: &[Outer<'_>],
    taken: &mut Taken,
) -> TokenStream {
    let own = BTreeSet::new();
    let cursor = cursor_within(target, targets);
    let mut copy = Copy {
        plan,
        outer,
        apart: &[],
        own: &own,
        cursor,
        is_lost: false,
        may_go_on: true,
        inner: 0,
    };
    let nothing = Block { brace_token: written.body.brace_token, stmts: Vec::new() };
    let (returned, _) = returned_by(plan, &nothing);
    head::closure(plan, (target, written), outer, (&mut copy, &returned), taken).unwrap_or_default()
}

/// The copy of the loop, with locals for what is named.
fn copied(
    plan: &Plan,
    written: &Written<'_>,
    (target, cursor, may_go_on, around): (&Target, Option<Ident>, bool, &Loop),
    (outer, seen, kept): (&[Outer<'_>], &[&Outer<'_>], Option<&Variable>),
    taken: &mut Taken,
) -> TokenStream {
    let krate = &plan.krate;
    let here = at(written.keyword);
    let apart = &parts::taken_apart(outer, &around.scope);
    let (named, renamed) = fakes::fakes(plan, (target, written), (seen, apart, kept), taken);
    let mut own = own_names(written.body);
    own.extend(bindings(written.pat).iter().map(Binding::name));
    let own = &own;
    let mut copy = Copy { plan, outer, apart, own, cursor, is_lost: false, may_go_on, inner: 0 };
    let mut body = written.body.clone();
    copy.visit_block_mut(&mut body);
    let NextItem { bound: item, kind, check } =
        fakes::next_item(plan, (target, written), (outer, &renamed), &mut copy, taken);
    let touched: TokenStream = named.iter().map(|it| it.touched.clone()).collect();
    let named: TokenStream = named.iter().map(|it| it.declared.clone()).collect();
    let macros = macros::called(&around.scope.macros, written.body);
    let body = rename(quote_spanned! {here=> match () { () => #body } }, &renamed);
    let label = written.label.filter(|label| shells::mentions(&body, &label.name));
    let walk = quote_spanned! {here=>
        #kind
        #label loop {
            if #krate::__private::maybe() { break; }
            #touched
            #item
            #body
        }
        #touched
        #check
    };
    let walk = shells::around(&walk, &body, (&around.scope, here), krate);
    quote! { #named #(#macros)* #walk }
}

/// The closure's return type; whether it holds one that only what is returned can tell.
fn returned_by(plan: &Plan, body: &Block) -> (TokenStream, bool) {
    let krate = &plan.krate;
    let site = Span::mixed_site();
    let ty: Type = match &plan.returned {
        Returned::Type(ty) => returned::anonymous(ty),
        Returned::Opaque => syn::parse_quote_spanned! {site=> _ },
        Returned::Never => {
            return (quote_spanned! {site=> #krate::__private::Infallible }, false);
        }
    };
    let unified = returned::is_open(&ty) && returned::gives(body);
    let ty = if unified { ty } else { returned::closed(&ty) };
    (quote! { #ty }, unified)
}

/// The function of the runtime that asks for a closure that is `Fn`. Errors show its name.
fn bound(is_async: bool, runs_again: bool) -> &'static str {
    match (is_async, runs_again) {
        (false, false) => "name_in_carry_reconnect_or_fresh_what_the_loop_changes",
        (true, false) => "name_in_carry_reconnect_or_fresh_what_the_async_loop_changes",
        (false, true) => "name_in_carry_reconnect_or_fresh_what_an_item_that_may_run_again_changes",
        (true, true) => {
            "name_in_carry_reconnect_or_fresh_what_an_async_item_that_may_run_again_changes"
        }
    }
}

/// Returns whether the body uses as a whole, as by a method, a variable of which the options name only fields.
fn is_named_by_fields(plan: &Plan, target: &Target, body: &Block) -> bool {
    let mut named = outer::named_in(plan, target).filter(|named| !named.is_whole());
    let whole = |named: &Variable| outer::is_named(plan, &named.root, target);
    let body = || body.to_token_stream();
    named.any(|named| !whole(named) && parts::used(body(), &named.root).is_none())
}

/// Returns the name of the function that asks for a closure which does not change more of a variable than its named fields.
fn bound_of_whole(is_async: bool) -> &'static str {
    if is_async {
        "name_all_of_it_or_change_its_named_fields_in_the_async_loop_and_in_no_method"
    } else {
        "name_all_of_it_or_change_its_named_fields_in_the_loop_and_in_no_method"
    }
}

/// Returns the name of the function that asks for a closure which does not change what its loop's head takes from.
fn bound_of_source(is_async: bool) -> &'static str {
    if is_async {
        "take_in_the_head_what_belongs_to_an_item_and_not_in_the_async_body"
    } else {
        "take_in_the_head_what_belongs_to_an_item_and_not_in_the_body"
    }
}

/// The local that stands for the type of the cursors that are asked for within the loop's body.
fn cursor_within(target: &Target, targets: &[Target]) -> Option<Ident> {
    let by_cursor = |it: &&Target| matches!(it.items.identity, Identity::Cursor(_));
    let within = targets.iter().filter(|it| it.at >= target.at && by_cursor(it));
    within.map(cursor_type).next()
}
