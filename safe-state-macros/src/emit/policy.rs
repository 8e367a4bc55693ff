//! Generates what runs for an item, and what is done if it fails.
//!
//! ```text
//! ship(order)?    // becomes, where the loop has a policy
//! let mut kept = Kept::new(item);
//! let mut tried = 0;
//! match loop {
//!     let item = kept.take(policy.may_try_again(tried));
//!     mark the carried variables
//!     let failed = match attempt(on_error, policy.catches_panics(), || {
//!         let order = item;
//!         match () { () => { ship(order)? } }
//!         Ok(Flow::Next)
//!     }) {
//!         Ok(flow) => break flow,
//!         Err(failed) => failed,
//!     };
//!     put the carried variables back
//!     let verdict = tally.run().judge(&policy, 0, failing!(briefly &failed), thrown!(&failed));
//!     if verdict.is_next() { break Flow::Next }
//!     carry
//!     match tally.run().pause(verdict) {
//!         Ok(true) => {}
//!         Ok(false) => return raise(failed),
//!         Err(error) => return on_error(error),
//!     }
//!     tried += 1;
//! } {
//!     Flow::Next => {}
//!     Flow::Return(returned) => return returned,
//!     Flow::Exit(0) => the first `break` or `continue` of the body that leaves it
//! }
//! ```

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, quote_spanned};
use syn::{Block, Pat, Result, Type};

use crate::analyse::plan::Plan;
use crate::analyse::survey::locals::Local;
use crate::analyse::targets::Target;
use crate::analyse::{policies, worklists};
use crate::emit::{carry, control_flow, items, save_points, undo};
use crate::syntax::free_idents::free_idents;
use crate::syntax::hygiene::{at, in_braces_of, local, locals, moved_crate};

/// An item of a loop, as the loop is written.
pub(crate) struct Item<'a> {
    pub(crate) pat: &'a Pat,
    pub(crate) body: Block,
    /// The loop's keyword.
    pub(crate) keyword: Span,
}

/// Returns the code that makes the loop's policy; empty if it has none.
pub(crate) fn policy(plan: &Plan, target: &Target) -> TokenStream {
    let options = &target.items.policy;
    let Some(place) = options.place() else { return TokenStream::new() };
    let krate = &plan.krate;
    let policy = &local("policy");
    let here = at(place);
    let on_error = options.on_error.as_ref().map_or_else(
        || quote_spanned! {here=> #krate::__private::retry },
        ToTokens::to_token_stream,
    );
    let settings = [
        ("max_attempts", &options.max_attempts),
        ("backoff", &options.backoff),
        ("skip_limit", &options.skip_limit),
        ("catch_panics", &options.catch_panics),
        ("max_crashes", &options.max_crashes),
    ];
    let settings = settings.into_iter().filter_map(|(name, value)| {
        let name = proc_macro2::Ident::new(name, here);
        value.as_ref().map(|value| quote_spanned! {here=> .#name(#value) })
    });
    locals!(tally, cautious);
    // If items run side by side, the runtime itself looks out for those that kill the process.
    let is_alone = target.items.side_by_side.is_none();
    let caution = options.max_crashes.as_ref().filter(|_| is_alone).map(|_| {
        quote_spanned! {here=> let mut #cautious = #tally.run().is_cautious(); }
    });
    quote_spanned! {here=>
        let #policy = #krate::__private::Policy::new(#on_error)#(#settings)*;
        #caution
    }
}

/// Returns the code for the item that has been handed out.
pub(crate) fn item(
    plan: &Plan,
    item: Item<'_>,
    target: &Target,
    locals: &[Local],
) -> Result<TokenStream> {
    let policy = &target.items.policy;
    let keyword = item.keyword;
    let done = match policies::errors_type(plan).filter(|_| policy.answers_errors()) {
        Some(returned) => tried(plan, item, target, locals, returned)?,
        None => body(plan, &item, target),
    };
    match policy.max_crashes {
        Some(_) => Ok(watched(plan, &done, target, locals, keyword)),
        None => Ok(done),
    }
}

/// Returns `done` behind what is done after a run that died: save which item is about to begin, or give the item up if
/// it has killed too many runs.
fn watched(
    plan: &Plan,
    done: &TokenStream,
    target: &Target,
    locals: &[Local],
    keyword: Span,
) -> TokenStream {
    locals!(tally, policy, cautious);
    let here = at(keyword);
    let depth = target.depth;
    let run = quote_spanned! {here=> #tally.run() };
    let (carry, save) =
        (carry::carried_after_head(plan, &run, target, locals), save_points::save(plan, &run));
    let gives_up = if counts_beside(plan) {
        locals!(suspected);
        quote_spanned! {here=> {
            let #suspected = #run.suspected(&#policy, #depth);
            #run.gives_up_async(#suspected, #depth).await
        } }
    } else {
        quote_spanned! {here=> #run.gives_up(&#policy, #depth) }
    };
    quote_spanned! {here=>
        if !(#cautious && #gives_up) {
            if #cautious {
                #carry
                #save
                #cautious = #run.is_cautious();
            }
            #done
        }
    }
}

/// Returns whether given-up items are counted without blocking: the function is async, and in a shared job the count
/// may take long.
pub(crate) fn counts_beside(plan: &Plan) -> bool {
    plan.is_async && plan.options.settings.has("shared")
}

fn body(plan: &Plan, item: &Item<'_>, target: &Target) -> TokenStream {
    let Item { pat, body, keyword, .. } = item;
    locals!(handed);
    let name = &local("item");
    let krate = &plan.krate;
    let capture = items::capture(plan, target);
    let begin = begin(plan, target, *keyword);
    let item = bound(pat, *keyword, krate);
    quote_spanned! {at(*keyword)=>
        let #handed = #krate::__private::handed!(&#name);
        let #pat = #item;
        #capture
        #begin
        match () { () => #body }
    }
}

/// Returns the expression that the item's pattern is bound to.
pub(crate) fn bound(pat: &Pat, keyword: Span, krate: &impl ToTokens) -> TokenStream {
    let name = &local("item");
    match pat {
        // A `let` of a name that begins with `_` would be reported; in the head of a loop it is not.
        Pat::Ident(it) if it.ident.to_string().starts_with('_') => {
            quote_spanned! {at(keyword)=> #krate::__private::identity(#name) }
        }
        _ => name.to_token_stream(),
    }
}

/// Returns the code that puts what is complete, and which item is suspected, where a limit or a signal can reach it.
fn begin(plan: &Plan, target: &Target, keyword: Span) -> Option<TokenStream> {
    let options = &plan.options;
    locals!(tally, cautious);
    if options.settings.have_limits() {
        return Some(quote_spanned! {at(keyword)=> #tally.begin_item(); });
    }
    let is_reached = cfg!(feature = "limits") && options.settings.has("graceful");
    (is_reached && target.items.policy.max_crashes.is_some())
        .then(|| quote_spanned! {at(keyword)=> if #cautious { #tally.begin_item(); } })
}

fn tried(
    plan: &Plan,
    mut item: Item<'_>,
    target: &Target,
    locals: &[Local],
    returned: &Type,
) -> Result<TokenStream> {
    locals!(policy, tried, flow);
    let name = &local("item");
    let here = at(item.keyword);
    // The error for an item that can't be tried again points at the loop.
    let mut kept = local("kept");
    kept.set_span(here);
    // The path is moved to this place, or an error would point at the whole attribute.
    let krate = &moved_crate(&plan.krate, here);
    let ways = control_flow::Ways { returned, from: control_flow::From::Within };
    let exits = control_flow::as_values(&mut item.body, ways, &plan.krate)?;
    let over = over(plan, &item, target);
    let attempt = attempt(plan, &item, target);
    let (marks, undo) = (undo::marks(plan, target, locals), undo::undo(plan, target, locals));
    let judged = judged(plan, target, locals);
    let keeper = if target.items.policy.tries_once() {
        quote_spanned! {here=> TriedOnce }
    } else {
        quote_spanned! {here=> Kept }
    };
    let arms = arms(&exits, krate, here);
    Ok(quote_spanned! {here=>
        let mut #kept = #krate::__private::#keeper::new(#name);
        let mut #tried = 0;
        match loop {
            let #name = #kept.take(#policy.may_try_again(#tried));
            #marks
            #attempt
            #over
            #undo
            #judged
            #tried += 1;
        } {
            #krate::__private::Flow::Next => {}
            #krate::__private::Flow::Return(#flow) => return #flow,
            #arms
        }
    })
}

/// Returns the code that calls the body, and leaves the loop of attempts if the body has not failed.
fn attempt(plan: &Plan, item: &Item<'_>, target: &Target) -> TokenStream {
    locals!(policy, flow, failed, on_error, error);
    let here = at(item.keyword);
    let krate = moved_crate(&plan.krate, here);
    let body = body(plan, item, target);
    // A storage error in the body leaves the function. It is no failure of the item.
    let mentioned = free_idents(item.body.to_token_stream()).contains(&on_error.to_string());
    let leaving = mentioned.then(|| {
        quote_spanned! {here=>
            let #on_error = |#error| {
                #krate::__private::Ok(#krate::__private::Flow::Return(#on_error(#error)))
            };
        }
    });
    let body = quote_spanned! {here=>
        #leaving #body #krate::__private::Ok(#krate::__private::Flow::Next)
    };
    let body = in_braces_of(&item.body, body);
    let catches = quote_spanned! {here=> #policy.catches_panics() };
    let called = if plan.is_async {
        let future = cancellable(plan, &body, here);
        quote_spanned! {here=>
            #krate::__private::attempt_async(#on_error, #catches, #future).await
        }
    } else {
        quote_spanned! {here=> #krate::__private::attempt(#on_error, #catches, || #body) }
    };
    quote_spanned! {here=>
        let #failed = match #called {
            #krate::__private::Ok(#flow) => break #flow,
            #krate::__private::Err(#failed) => #failed,
        };
    }
}

/// Returns the code that ends the run if a failed item had been committed, as it is complete; empty if the body has no
/// `commit!`.
fn over(plan: &Plan, item: &Item<'_>, target: &Target) -> TokenStream {
    let (tally, depth) = (&local("tally"), target.depth);
    if !free_idents(item.body.to_token_stream()).contains(&tally.to_string()) {
        return TokenStream::new();
    }
    let raise = save_points::raise(plan);
    quote_spanned! {at(item.keyword)=>
        if !#tally.run().is_in_flight(#depth) { #raise }
    }
}

/// Returns the body of an attempt as a future. If a limit is passed, the future ends with the limit's error.
fn cancellable(plan: &Plan, body: &TokenTree, here: Span) -> TokenStream {
    if !plan.options.settings.have_limits() {
        return quote_spanned! {here=> async #body };
    }
    locals!(tally, on_error, error);
    let krate = moved_crate(&plan.krate, here);
    quote_spanned! {here=>
        #krate::__private::cancellable(
            #tally.run().cancellation(),
            |#error| #krate::__private::leave(#on_error(#error)),
            async #body,
        )
    }
}

/// Returns the code that asks what is to be done about a failure, and does it.
fn judged(plan: &Plan, target: &Target, locals: &[Local]) -> TokenStream {
    let krate = &plan.krate;
    locals!(tally, policy, failed, verdict, error);
    let site = Span::mixed_site();
    let depth = target.depth;
    let (raise, fail) = (save_points::raise(plan), save_points::fail(plan, site));
    let run = quote_spanned! {site=> #tally.run() };
    let carry = if worklists::carries_before_head(plan, target) {
        TokenStream::new()
    } else {
        carry::carry_or(plan, &run, Some(target), locals, &raise)
    };
    let paused = if plan.is_async {
        quote_spanned! {site=> #run.pause_async(#verdict).await }
    } else {
        quote_spanned! {site=> #run.pause(#verdict) }
    };
    let asked = quote_spanned! {site=> (
        &#policy,
        #depth,
        #krate::__private::failing!(briefly &#failed),
        #krate::__private::thrown!(&#failed),
    ) };
    let judged = if counts_beside(plan) {
        quote_spanned! {site=>
            let #verdict = #run.ask #asked;
            let #verdict = #run.judged_async(#verdict).await;
        }
    } else {
        quote_spanned! {site=> let #verdict = #run.judge #asked; }
    };
    quote_spanned! {site=>
        #judged
        if #verdict.is_next() { break #krate::__private::Flow::Next; }
        #carry
        match #paused {
            #krate::__private::Ok(true) => {}
            #krate::__private::Ok(false) => { #raise }
            #krate::__private::Err(#error) => { #fail }
        }
    }
}

/// Returns the arms of a `match` that do the ways out of the body, by their numbers.
fn arms(exits: &[TokenStream], krate: &TokenStream, here: Span) -> TokenStream {
    let Some((last, others)) = exits.split_last() else {
        return quote_spanned! {here=> #krate::__private::Flow::Exit(_) => {} };
    };
    let numbers = 0..others.len();
    quote_spanned! {here=>
        #(#krate::__private::Flow::Exit(#numbers) => #others,)*
        #krate::__private::Flow::Exit(_) => #last,
    }
}
