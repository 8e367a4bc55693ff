//! Generates the attempts at the rest of a body, a part of which runs ahead, in the order of the items.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote_spanned};
use syn::Block;

use super::{Ahead, named};
use crate::emit::policy::counts_beside;
use crate::emit::{save_points, undo};
use crate::syntax::bindings::Binding;
use crate::syntax::free_idents::free_idents;
use crate::syntax::hygiene::{in_braces_of, local, locals};

/// Returns the code for the first of the items under way: its attempts, and what follows from their outcome.
pub(super) fn done(
    it: &Ahead<'_>,
    rest: &Block,
    names: &[Binding],
    carry: &TokenStream,
) -> TokenStream {
    locals!(flow, failed, value, given);
    let (krate, here) = (it.krate(), it.here);
    let answers = it.target.items.policy.answers_errors();
    let ((waits, came), called) = (it.waits_for_value(carry), called(it, rest, names));
    let over = over(it, rest);
    let leaves = quote_spanned! {here=> return #krate::__private::Err(#failed); };
    let (marks, undo) = if answers {
        (
            undo::marks(it.plan, it.target, it.locals),
            undo::undo_or(it.plan, it.target, it.locals, &leaves),
        )
    } else {
        (TokenStream::new(), TokenStream::new())
    };
    let judged = if answers { judged(it, carry) } else { leaves };
    quote_spanned! {here=>
        match loop {
            #marks
            #waits
            let #failed = match #came {
                #krate::__private::Ok((#value, #given)) => match #called {
                    #krate::__private::Ok(#flow) => break #flow,
                    #krate::__private::Err(#failed) => #failed,
                },
                #krate::__private::Err(#failed) => #failed,
            };
            #over
            #undo
            #judged
        } {
            #krate::__private::Flow::Next => {}
            #flow => return #krate::__private::Ok(#flow),
        }
    }
}

/// Returns the expression that calls the rest of the body with the part's value.
fn called(it: &Ahead<'_>, rest: &Block, names: &[Binding]) -> TokenStream {
    locals!(ahead, outer, on_error, error, given);
    let (krate, here) = (it.krate(), it.here);
    // A storage error in the body leaves the function. It is no failure of the item.
    let mentioned = free_idents(rest.to_token_stream()).contains(&on_error.to_string());
    let leaving = mentioned.then(|| {
        quote_spanned! {here=>
            let #on_error = |#error| {
                #krate::__private::Ok(#krate::__private::Flow::Return(#outer(#error)))
            };
        }
    });
    let (stmts, names) = (&rest.stmts, named(names, here));
    // Without the condition, code behind a body that always leaves would be reported as unreachable.
    let body = quote_spanned! {here=>
        #leaving
        let #names = #given;
        if #krate::__private::always() {
            #(#stmts)*
        }
        #krate::__private::Ok(#krate::__private::Flow::Next)
    };
    let body = in_braces_of(rest, body);
    let attempts = quote_spanned! {here=> #krate::__private::attempts!(#outer) };
    if it.plan.is_async {
        quote_spanned! {here=> #ahead.beside(#attempts.attempt_async(#outer, async #body)).await }
    } else {
        quote_spanned! {here=> #attempts.attempt(#outer, || #body) }
    }
}

/// Returns the code that ends the run if a failed item had been committed, as it is complete; none if the body has no
/// `commit!`.
fn over(it: &Ahead<'_>, rest: &Block) -> Option<TokenStream> {
    locals!(tally, failed);
    let (krate, here, depth) = (it.krate(), it.here, it.target.depth);
    free_idents(rest.to_token_stream()).contains(&tally.to_string()).then(|| {
        quote_spanned! {here=>
            if !#tally.run().is_in_flight(#depth) { return #krate::__private::Err(#failed); }
        }
    })
}

/// Returns the code that asks what is to be done about a failure, and does it.
fn judged(it: &Ahead<'_>, carry: &TokenStream) -> TokenStream {
    locals!(tally, policy, failed, verdict, error);
    let ahead = local("ahead");
    let (krate, here, depth) = (it.krate(), it.here, it.target.depth);
    let run = quote_spanned! {here=> #tally.run() };
    let fail = save_points::fail(it.plan, here);
    let paused = if it.plan.is_async {
        quote_spanned! {here=> #ahead.beside(#run.pause_async(#verdict)).await }
    } else {
        quote_spanned! {here=> #run.pause(#verdict) }
    };
    let asked = quote_spanned! {here=> (
        &#policy,
        #depth,
        #krate::__private::failing!(briefly &#failed),
        #krate::__private::thrown!(&#failed),
    ) };
    let verdict_of = if counts_beside(it.plan) {
        quote_spanned! {here=>
            let #verdict = #run.ask #asked;
            let #verdict = #ahead.beside(#run.judged_async(#verdict)).await;
        }
    } else {
        quote_spanned! {here=> let #verdict = #run.judge #asked; }
    };
    quote_spanned! {here=>
        if #failed.is_err() && !#policy.catches_panics() {
            return #krate::__private::Err(#failed);
        }
        #verdict_of
        if #verdict.is_next() { break #krate::__private::Flow::Next; }
        #carry
        match #paused {
            #krate::__private::Ok(true) => {}
            #krate::__private::Ok(false) => return #krate::__private::Err(#failed),
            #krate::__private::Err(#error) => { #fail }
        }
    }
}
