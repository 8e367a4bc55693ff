//! Generates a loop whose items run side by side: its body becomes a closure, and the runtime hands out the items.
//!
//! ```text
//! for order in orders { ship(order)? }    // becomes, with `threads = 4`
//! { match match input(orders) { input => items(known_items!(input), run, (0, 0), "src/main.rs:3:5") } {
//!     (mut items, mut tally, item_type) => {
//!         match on_threads(&mut items, &mut tally, on_error, TriedOnce::new, Terms { most: 4, .. }, |item, captures| {
//!             attempts.attempt(on_error, || {
//!                 let order = item;
//!                 match () { () => { ship(order)? } }
//!                 Ok(Flow::Next)
//!             })
//!         }) {
//!             Ok(Flow::Next) => {}
//!             Ok(Flow::Return(returned)) => return returned,
//!             Ok(Flow::Exit(0)) => {} // the first `break` of the body
//!             Err(failed) => return raise(failed),
//!         }
//!         if tally.leave() { carry, and save unless that has to wait, or return the error }
//!     }
//! }; }
//! ```

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Block, Expr, ExprForLoop, ExprWhile, Pat, Result, Type};

use crate::analyse::carried::CarriedVariable;
use crate::analyse::plan::Plan;
use crate::analyse::survey::locals::Local;
use crate::analyse::targets::Target;
use crate::analyse::{ahead, sharing};
use crate::emit::ahead::ahead_walk;
use crate::emit::control_flow::{self, From, Ways};
use crate::emit::feeds::{Feed, Written, keep, left, outcome, received};
use crate::emit::items;
use crate::emit::proof::{self, Proof};
use crate::emit::{carry, kept_values, policy, save_points, slices};
use crate::parse::function::Returned;
use crate::syntax::free_idents::free_idents;
use crate::syntax::hygiene::{at, in_braces_of, local, locals, moved_crate};
use crate::syntax::loop_forms::{is_marker, while_let};

/// Returns the loop, made resumable.
pub(crate) fn resumable_loop(
    plan: &Plan,
    it: Expr,
    (target, locals): (&Target, &[Local]),
    proof: Proof,
) -> Result<Expr> {
    let (attrs, entered, feed, written) = match &it {
        Expr::ForLoop(ExprForLoop { attrs, label, pat, expr, body, for_token, .. }) => {
            let keyword = for_token.span;
            let entered = items::entered(plan, (**expr).clone(), (target, None), keyword);
            let body = body.clone();
            let written = Written { label: label.as_ref(), pat, body, keyword };
            (attrs, entered, Feed::items(), written)
        }
        Expr::While(it @ ExprWhile { attrs, label, body, while_token, .. }) => {
            let Some((pat, head)) = while_let(it) else { return Ok(Expr::While(it.clone())) };
            let keyword = while_token.span;
            let (entered, feed) = received(plan, target, head, keyword);
            let written = Written { label: label.as_ref(), pat, body: body.clone(), keyword };
            (attrs, entered, feed, written)
        }
        _ => return Ok(it),
    };
    let here = at(written.keyword);
    let (at_target, source) = ((target, locals), (&entered, &feed));
    let walk = match ahead::of(plan, &written.body)? {
        Some(part) => ahead_walk(plan, at_target, source, (written, part), &proof.check)?,
        None => walk(plan, at_target, source, written, &proof)?,
    };
    let attrs = attrs.iter().filter(|attr| !is_marker(attr));
    let walk = match target.hoisted.as_slice() {
        [] => walk,
        items => quote_spanned! {here=> { #(#items)* #walk } },
    };
    let walk = proof::around(&walk, proof.types, here);
    Ok(Expr::Verbatim(quote! { #(#attrs)* #walk }))
}

fn walk(
    plan: &Plan,
    (target, locals): (&Target, &[Local]),
    (entered, feed): (&TokenStream, &Feed),
    written: Written<'_>,
    Proof { check, behind, .. }: &Proof,
) -> Result<TokenStream> {
    locals!(items, tally);
    let krate = &plan.krate;
    let here = at(written.keyword);
    let policy = policy::policy(plan, target);
    let restored = kept_values::restored_in(plan, target);
    let shared = handles_of(plan, &written.body);
    let handles = noted(plan, (target, locals), &shared, here);
    let Written { label, pat, mut body, keyword } = written;
    let Returned::Type(returned) = &plan.returned else { return Ok(TokenStream::new()) };
    let on_error = &local("on_error");
    let ways = Ways { returned, from: From::Outside(label, on_error) };
    let exits = control_flow::as_values(&mut body, ways, krate)?;
    let terms = terms(plan, (target, locals), returned, &shared);
    let (typed, body) = closure(plan, target, (pat, &body, keyword));
    let (name, wait) = if plan.is_async {
        ("as_futures", quote_spanned! {here=> .await })
    } else {
        ("on_threads", TokenStream::new())
    };
    let name = Ident::new(&format!("{name}{}", feed.suffix), here);
    let keep = keep(plan, target, here);
    let Feed { made, given, item_type, .. } = feed;
    let came = quote_spanned! {here=>
        #krate::__private::#name(#given, &mut #tally, #on_error, #keep, #terms, #body)#wait
    };
    let (outcome, left) = (outcome(plan, &came, &exits, here), left(plan, target, locals));
    if sharing::is_shared(plan, target) {
        let of_slice = quote_spanned! {here=> #made #typed #outcome #behind };
        let entered = (keyword, entered, item_type);
        return Ok(slices::by_slices(plan, (target, locals), entered, check, &of_slice));
    }
    Ok(quote_spanned! {here=>
        match #entered {
            (mut #items, mut #tally #item_type) => {
                #check
                #policy
                #restored
                #handles
                #made
                #typed
                #outcome
                #behind
                #left
            }
        }
    })
}

/// Returns the code that notes where the handles of these names are before the first item.
fn noted(
    plan: &Plan,
    (target, locals): (&Target, &[Local]),
    handles: &[String],
    here: Span,
) -> TokenStream {
    let tally = local("tally");
    let run = quote_spanned! {Span::mixed_site()=> #tally.run() };
    let is_meant = |it: &CarriedVariable| handles.contains(&it.name());
    let fail = save_points::fail(plan, here);
    carry::carry_where(plan, &run, Some(target), locals, is_meant, &fail)
}

/// Returns the names of the handles that the body uses. A handle is the same after each item.
fn handles_of(plan: &Plan, body: &Block) -> Vec<String> {
    let mentioned = free_idents(body.to_token_stream());
    let handles = plan.carried.iter().filter(|it| it.is_handle());
    let used = handles.filter(|it| mentioned.contains(&it.ident.to_string()));
    used.map(CarriedVariable::name).collect()
}

/// Returns the terms of the loop for the runtime: how many items run at once, and what is done with carried values and
/// failures.
fn terms(
    plan: &Plan,
    (target, locals): (&Target, &[Local]),
    returned: &Type,
    shared: &[String],
) -> TokenStream {
    locals!(run, policy, failed, error, value);
    let krate = &plan.krate;
    let site = Span::mixed_site();
    let Some(beside) = &target.items.side_by_side else { return TokenStream::new() };
    let (most, depth) = (beside.most(krate), target.depth);
    let is_watched = plan.options.settings.are_watched();
    let leaves = quote_spanned! {site=> return #krate::__private::Err(#error) };
    let run_of = run.to_token_stream();
    let is_own = |it: &CarriedVariable| !shared.contains(&it.name());
    let carry = carry::carry_where(plan, &run_of, Some(target), locals, is_own, &leaves);
    let options = &target.items.policy;
    let failing = quote_spanned! {site=> #krate::__private::failing!(briefly #failed) };
    let (ask, again, catches) = if options.answers_errors() {
        (
            quote_spanned! {site=>
                #run.ask(&#policy, #depth, #failing, #krate::__private::thrown!(#failed))
            },
            quote_spanned! {site=> #policy.may_try_again(#value) },
            quote_spanned! {site=> #policy.catches_panics() },
        )
    } else {
        (
            quote_spanned! {site=> { let _ = (#run, #failed); #krate::__private::Judged::FAIL } },
            quote_spanned! {site=> { let _ = #value; false } },
            quote_spanned! {site=> false },
        )
    };
    let suspected = if options.max_crashes.is_some() {
        quote_spanned! {site=>
            #krate::__private::Some(|#run: &mut #krate::__private::Run| #run.suspected(&#policy, #depth))
        }
    } else {
        let suspected =
            quote_spanned! {site=> #krate::__private::Option<#krate::__private::Suspected> };
        quote_spanned! {site=> #krate::__private::None::<fn(&mut #krate::__private::Run) -> #suspected> }
    };
    quote_spanned! {site=>
        #krate::__private::Terms {
            most: #most,
            is_watched: #is_watched,
            catches_panics: #catches,
            carry: |#run: &mut #krate::__private::Run| {
                let _ = &#run;
                #carry
                #krate::__private::Ok(())
            },
            ask: |#run: &mut #krate::__private::Run, #failed: &#krate::__private::Outcome<#returned>| #ask,
            failing: |#failed: &#krate::__private::Outcome<#returned>| #failing,
            may_try_again: |#value: u32| #again,
            suspected: #suspected,
        }
    }
}

/// Returns the code that stands before the call of the runtime, and the body as a closure of an item.
fn closure(
    plan: &Plan,
    target: &Target,
    (pat, body, keyword): (&Pat, &Block, Span),
) -> (TokenStream, TokenStream) {
    locals!(handed, captures, on_error);
    let here = at(keyword);
    let krate = moved_crate(&plan.krate, here);
    let name = &local("item");
    let bound = policy::bound(pat, keyword, &krate);
    let capture = items::captured(plan, target);
    let capture = capture.map(|values| quote_spanned! {here=> #captures.capture(&[#values]); });
    // Without the condition, code behind a body that always leaves would be reported as unreachable.
    let inside = quote_spanned! {here=>
        let #handed = #krate::__private::handed!(&#name);
        let #pat = #bound;
        #capture
        if #krate::__private::always() {
            match () { () => #body }
        }
        #krate::__private::Ok(#krate::__private::Flow::Next)
    };
    let inside = in_braces_of(body, inside);
    let attempts = quote_spanned! {here=> #krate::__private::attempts!(#on_error) };
    if !plan.is_async {
        let body = quote_spanned! {here=>
            |#name, #captures: &#krate::__private::Captures| {
                let _ = #captures;
                #attempts.attempt(#on_error, || #inside)
            }
        };
        return (TokenStream::new(), body);
    }
    locals!(items, body);
    // The future that the closure gives has one type only if the closure is called by its own name.
    let typed = quote_spanned! {here=>
        let #body = #krate::__private::typed(&#items, #on_error, async |#name, #captures| {
            let _ = &#captures;
            #attempts.attempt_async(#on_error, async #inside).await
        });
    };
    (typed, quote_spanned! {here=> |#name, #captures| #body(#name, #captures) })
}
