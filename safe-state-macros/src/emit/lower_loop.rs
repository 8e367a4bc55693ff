//! Generates a resumable loop.
//!
//! ```text
//! for order in orders { ship(order)? }    // becomes
//! { match match input(orders) { input => items(known_items!(input), run, (0, 0), "src/main.rs:3:5") } {
//!     (mut items, mut tally, item_type) => {
//!         loop {
//!             if tally.complete() {
//!                 if run.poll_requests() { carry and save, or return the error }
//!                 if !items.has_ended() { if let Err(error) = run.apply_request() { return on_error(error) } }
//!             }
//!             match items.next(&mut tally) {
//!                 Step::Item(item) => {
//!                     let order = item;
//!                     match () { () => { ship(order)? } }
//!                 }
//!                 Step::Done => break,
//!                 Step::Failed(error) => return on_error(error),
//!             }
//!         }
//!         if tally.leave() { carry, and save unless that has to wait, or return the error }
//!     }
//! }; }
//! ```
//!
//! A loop that only counts, as most do, is shorter:
//!
//! ```text
//! while let Some(item) = items.advance(&mut tally) {
//!     let order = item;
//!     match () { () => { ship(order)? } }
//! }
//! if let Err(error) = tally.left() { return on_error(error) }
//! ```
//!
//! The `match` keeps the temporaries of the iterated expression alive through the loop, as `for` does, and the `;`
//! drops them after it: in a tail, editions before 2024 would keep them until after the locals. A `continue` also
//! reaches the loop's head, even from inside a macro call. The body is an arm of a `match`, so that it is not reported
//! for its braces.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Expr, ExprForLoop, ExprWhile, Pat, Result};

use crate::analyse::plan::Plan;
use crate::analyse::survey::Loop;
use crate::analyse::survey::locals::Local;
use crate::analyse::targets::Target;
use crate::analyse::{lending, sharing, worklists};
use crate::emit::items::{self, KnownBy};
use crate::emit::lowered::Lowered;
use crate::emit::policy::{self, Item};
use crate::emit::proof::{self, Proof};
use crate::emit::{carry, kept_values, returns, rows, save_points, side_by_side, slices, written};
use crate::syntax::hygiene::{at, local, locals};
use crate::syntax::loop_forms::{is_marker, while_let};
use crate::syntax::rewrite::body;

/// Returns the loop, made resumable. `around` is the loop in the survey, with what is in scope when it begins.
pub(crate) fn resumable_loop(
    plan: &Plan,
    it: Expr,
    target: &Target,
    (around, mut proof): (&Loop, Proof),
) -> Result<Expr> {
    let locals = around.scope.locals.as_slice();
    let written = body(&it).map(|body| written::checked(plan, target, (body, around)));
    let written = written.filter(|checks| !checks.is_empty());
    let it = match it {
        Expr::While(it) if sharing::is_shared(plan, target) => slices::taken_in(plan, it, target),
        other => other,
    };
    if target.items.side_by_side.is_some() {
        return side_by_side::resumable_loop(plan, it, (target, locals), proof);
    }
    let first = proof::tells_types(plan, target).then(|| std::mem::take(&mut proof.check));
    let lowered = match it {
        Expr::ForLoop(it) => for_loop(plan, it, (target, locals), first.as_ref())?,
        Expr::While(it) => {
            let Some((pat, expr)) = while_let(&it).map(|(pat, expr)| (pat.clone(), expr.clone()))
            else {
                return Ok(Expr::While(it));
            };
            while_loop(plan, it, (&pat, &expr), (target, locals), first.as_ref())?
        }
        other => return Ok(other),
    };
    let walk = if sharing::is_shared(plan, target) {
        slices::shared_walk(plan, &lowered, (target, locals), &proof)
    } else if lending::lends(plan, target) {
        crate::emit::lending::lending_walk(plan, &lowered, (target, locals), &proof)
    } else {
        holding_walk(plan, &lowered, (target, locals), &proof)
    };
    let Lowered { attrs, keyword, .. } = lowered;
    let attrs = attrs.into_iter().filter(|attr| !is_marker(attr));
    let walk = resuming(plan, walk, target);
    let walk = match target.hoisted.as_slice() {
        [] => walk,
        items => quote_spanned! {at(keyword)=> { #(#items)* #walk } },
    };
    let walk = match written {
        Some(written) => quote_spanned! {at(keyword)=> { #written #walk } },
        None => walk,
    };
    let walk = proof::around(&walk, proof.types, at(keyword));
    Ok(Expr::Verbatim(quote! { #(#attrs)* #walk }))
}

/// Returns a loop that holds what it walks until it is left.
fn holding_walk(
    plan: &Plan,
    lowered: &Lowered,
    (target, locals): (&Target, &[Local]),
    proof: &Proof,
) -> TokenStream {
    locals!(items, tally);
    let Lowered { label, keyword, entered, has_ended, item_type, next, .. } = lowered;
    let run = quote_spanned! {Span::mixed_site()=> #tally.run() };
    let (carry, save) =
        (carry::carry(plan, &run, Some(target), locals), save_points::save(plan, &run));
    let completed = carry::completed(plan, target, locals);
    let due = save_points::due(plan, &run, &carry, &save, Some(has_ended));
    let boundary = save_points::boundary_of(plan, tally, (&carry, &save), has_ended);
    let policy = policy::policy(plan, target);
    let (restored, ends) =
        (kept_values::restored_in(plan, target), kept_values::keep_ends(plan, &run, target));
    let rows = rows::checked(plan, &run, target);
    let check = &proof.check;
    if lowered.is_for && only_counts(plan, target, locals) {
        return plain_walk(plan, lowered, target, check);
    }
    quote_spanned! {at(*keyword)=>
        match #entered {
            (mut #items, mut #tally #item_type) => {
                #check
                #policy
                #restored
                #rows
                #label loop {
                    if #completed { #due }
                    #boundary
                    #next
                }
                if #tally.leave() {
                    #carry
                    #ends
                    if #run.saves_now() { #save }
                }
            }
        }
    }
}

/// Returns `walk`, followed by the call that resumes the time of the item around it, if there is one and items have
/// limits.
fn resuming(plan: &Plan, walk: TokenStream, target: &Target) -> TokenStream {
    if target.depth == 0 || !plan.options.settings.have_limits() {
        return walk;
    }
    let run = save_points::run_around(target);
    quote_spanned! {Span::mixed_site()=> { #walk #run.resume_item(); } }
}

/// Returns a loop that only counts between two items, for which one call is enough.
fn plain_walk(plan: &Plan, lowered: &Lowered, target: &Target, check: &TokenStream) -> TokenStream {
    let krate = &plan.krate;
    locals!(items, tally, item, error);
    let Lowered { label, keyword, entered, item_type, next, .. } = lowered;
    let (policy, fail) =
        (policy::policy(plan, target), save_points::fail(plan, Span::mixed_site()));
    quote_spanned! {at(*keyword)=>
        match #entered {
            (mut #items, mut #tally #item_type) => {
                #check
                #policy
                #label while let #krate::__private::Some(#item) = #items.advance(&mut #tally) { #next }
                if let #krate::__private::Err(#error) = #tally.left() { #fail }
            }
        }
    }
}

/// Returns whether the loop does nothing between two items but count.
fn only_counts(plan: &Plan, target: &Target, locals: &[Local]) -> bool {
    let nothing = TokenStream::new();
    !plan.is_async
        && !sharing::is_shared(plan, target)
        && !lending::lends(plan, target)
        && !plan.options.settings.are_watched()
        && carry::carry(plan, &nothing, Some(target), locals).is_empty()
}

/// Lowers a `for` loop. The check that is to come `first` tells the type of the items.
fn for_loop(
    plan: &Plan,
    it: ExprForLoop,
    (target, locals): (&Target, &[Local]),
    first: Option<&TokenStream>,
) -> Result<Lowered> {
    let krate = &plan.krate;
    locals!(items, tally, item, error);
    let ExprForLoop { attrs, label, for_token, pat, expr, mut body, .. } = it;
    returns::mark_returns(plan, &mut body);
    let keyword = for_token.span;
    let here = at(keyword);
    let (entered, fail) =
        (items::entered(plan, *expr, (target, first), keyword), save_points::fail(plan, here));
    let done = policy::item(plan, Item { pat: &pat, body, keyword }, target, locals)?;
    let at_item = kept_values::restored_at_item(plan, target);
    let over = sharing::is_shared(plan, target)
        .then(|| quote_spanned! {here=> #krate::__private::NoBreakInASharedLoop });
    let next = if only_counts(plan, target, locals) {
        quote_spanned! {here=> #at_item #done }
    } else {
        quote_spanned! {here=>
            match #items.next(&mut #tally) {
                #krate::__private::Step::Item(#item) => {
                    #at_item
                    #done
                }
                #krate::__private::Step::Done => break #over,
                #krate::__private::Step::Failed(#error) => #fail,
            }
        }
    };
    let has_ended = quote_spanned! {here=> #items.has_ended() };
    let item_type = &local("item_type");
    let item_type = if first.is_some() {
        quote_spanned! {here=> , _ }
    } else {
        quote_spanned! {here=> , #item_type }
    };
    let is_for = true;
    Ok(Lowered { attrs, label, keyword, is_for, entered, has_ended, item_type, next })
}

/// Lowers a `while let` loop. The check that is to come `first` tells the type of the items.
fn while_loop(
    plan: &Plan,
    it: ExprWhile,
    (pat, expr): (&Pat, &Expr),
    (target, locals): (&Target, &[Local]),
    first: Option<&TokenStream>,
) -> Result<Lowered> {
    let krate = &plan.krate;
    locals!(items, tally, item, error);
    let ExprWhile { attrs, label, while_token, mut body, .. } = it;
    returns::mark_returns(plan, &mut body);
    let keyword = while_token.span;
    let here = at(keyword);
    let (run, number) = (save_points::run_around(target), items::number(target));
    let location = save_points::location(plan, keyword);
    let fail = save_points::fail(plan, here);
    let known_by = items::known_by(plan, target, expr);
    let KnownBy { way, of_item, .. } = &known_by;
    let takes = worklists::takes(plan, target);
    let asked = items::check_asked(plan, target, expr);
    let entered = quote_spanned! {here=> {
        #first
        #krate::__private::received(#run, #number, #location, #way, (#takes, #asked))
    } };
    let receive = known_by.function("receive", here);
    let done = policy::item(plan, Item { pat, body, keyword }, target, locals)?;
    let at_item = kept_values::restored_at_item(plan, target);
    // The head changes the variable that it takes an item from, so the place is before it.
    let (before, at_item) = if takes {
        (quote! { #at_item }, TokenStream::new())
    } else {
        (TokenStream::new(), at_item)
    };
    let carried = carry::carried_before_head(plan, target, locals);
    // A refused loop takes no items.
    let asked_for = quote_spanned! {here=>
        if #items.is_refused() { #krate::__private::None } else { #expr }
    };
    let next = quote_spanned! {here=>
        if #items.is_closed() { break; }
        #before
        #carried
        match #items.#receive(#asked_for, &mut #tally, #of_item) {
            #krate::__private::Receipt::Item(#item) => {
                #at_item
                #done
            }
            #krate::__private::Receipt::Skipped => {}
            #krate::__private::Receipt::Done => break,
            #krate::__private::Receipt::Failed(#error) => #fail,
        }
    };
    let has_ended = quote_spanned! {here=> #items.is_closed() };
    let asked = &local("asked");
    let item_type = quote_spanned! {here=> , #asked };
    let is_for = false;
    Ok(Lowered { attrs, label, keyword, is_for, entered, has_ended, item_type, next })
}
