//! Generates the code between two items: it saves, waits, and does what is asked of the run.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote_spanned};

use crate::analyse::carried::CarriedVariable;
use crate::analyse::plan::Plan;
use crate::analyse::targets::Target;
use crate::parse::function::Returned;
use crate::syntax::hygiene::{at, local, locals};

/// Returns the code that leaves the function with a storage error.
pub(crate) fn fail(plan: &Plan, span: Span) -> TokenStream {
    locals!(error, on_error);
    match plan.returned {
        // A `return` of what never returns would be reported as unreachable.
        Returned::Never => quote_spanned! {span=> match #on_error(#error) {} },
        Returned::Type(_) | Returned::Opaque => {
            quote_spanned! {span=> return #on_error(#error) }
        }
    }
}

/// Returns the code for a completed item or a checkpoint: it saves if a save is due, and does what is asked of the run,
/// unless the input has ended and nothing is left to stop.
pub(crate) fn due(
    plan: &Plan,
    run: &TokenStream,
    carry: &TokenStream,
    save: &TokenStream,
    has_ended: Option<&TokenStream>,
) -> TokenStream {
    due_beside(plan, (run, None), carry, save, has_ended)
}

/// Returns the code of [`due`] that polls what runs ahead, by the variable `ahead`, while the run waits.
pub(crate) fn due_beside(
    plan: &Plan,
    (run, ahead): (&TokenStream, Option<&Ident>),
    carry: &TokenStream,
    save: &TokenStream,
    has_ended: Option<&TokenStream>,
) -> TokenStream {
    let krate = &plan.krate;
    let error = &local("error");
    let site = Span::mixed_site();
    let fail = fail(plan, site);
    let (before, behind) = taken(plan, carry);
    let (asks, heed) = if plan.is_async {
        (
            awaited(&quote_spanned! {site=> #run.poll_requests_async() }, ahead),
            awaited(&quote_spanned! {site=> #run.apply_request_async() }, ahead),
        )
    } else {
        (
            quote_spanned! {site=> #run.poll_requests() },
            quote_spanned! {site=> #run.apply_request() },
        )
    };
    let asked = quote_spanned! {site=> #before if #asks { #behind #save } };
    let heeded = quote_spanned! {site=>
        if let #krate::__private::Err(#error) = #heed { #fail }
    };
    let heeded = match has_ended {
        Some(has_ended) => quote_spanned! {site=> if !#has_ended { #heeded } },
        None => heeded,
    };
    quote_spanned! {site=> #asked #heeded }
}

/// Returns the code that looks between two items at what the options want watched, and waits or stops; empty if they
/// want nothing watched.
pub(crate) fn boundary(
    plan: &Plan,
    run: &TokenStream,
    carry: &TokenStream,
    save: &TokenStream,
    has_ended: &TokenStream,
) -> TokenStream {
    boundary_beside(plan, (run, None), carry, save, has_ended)
}

/// Returns the code of [`boundary`] for a loop that counts in `tally`, which knows when a look is of any use.
pub(crate) fn boundary_of(
    plan: &Plan,
    tally: &Ident,
    (carry, save): (&TokenStream, &TokenStream),
    has_ended: &TokenStream,
) -> TokenStream {
    let run = quote_spanned! {Span::mixed_site()=> #tally.run() };
    looking(plan, (&tally.to_token_stream(), &run, None), carry, save, has_ended)
}

/// Returns the code of [`boundary`] that polls what runs ahead, by the variable `ahead`, while the run waits.
pub(crate) fn boundary_beside(
    plan: &Plan,
    (run, ahead): (&TokenStream, Option<&Ident>),
    carry: &TokenStream,
    save: &TokenStream,
    has_ended: &TokenStream,
) -> TokenStream {
    looking(plan, (run, run, ahead), carry, save, has_ended)
}

/// Returns the code of [`boundary`] that asks `looks` what is to be done.
fn looking(
    plan: &Plan,
    (looks, run, ahead): (&TokenStream, &TokenStream, Option<&Ident>),
    carry: &TokenStream,
    save: &TokenStream,
    has_ended: &TokenStream,
) -> TokenStream {
    if !plan.options.settings.are_watched() {
        return TokenStream::new();
    }
    let krate = &plan.krate;
    locals!(error);
    let look = &local("value");
    let site = Span::mixed_site();
    let fail = fail(plan, site);
    let (before, behind) = taken(plan, carry);
    let (wait, obey) = if plan.is_async {
        (
            awaited(&quote_spanned! {site=> #run.wait_async(#look) }, ahead),
            awaited(&quote_spanned! {site=> #run.obey_async() }, ahead),
        )
    } else {
        (quote_spanned! {site=> #run.wait(#look) }, quote_spanned! {site=> #run.obey() })
    };
    quote_spanned! {site=>
        while let #krate::__private::Some(#look) = #looks.look(#has_ended) {
            #before
            if #wait {
                #behind
                #save
                if let #krate::__private::Err(#error) = #obey { #fail }
            }
        }
    }
}

/// Returns the code that awaits `waits`, and polls what runs ahead meanwhile if there is such a part.
fn awaited(waits: &TokenStream, ahead: Option<&Ident>) -> TokenStream {
    let site = Span::mixed_site();
    if let Some(ahead) = ahead {
        quote_spanned! {site=> #ahead.beside(#waits).await }
    } else {
        quote_spanned! {site=> #waits.await }
    }
}

/// Returns the code that takes the carried variables before the run waits, and the code that does so after it. A future
/// may be dropped while it waits, so an async function takes them before; but with a handle among them, it takes them
/// after, as taking a handle syncs it, which would cost too much each time.
pub(crate) fn taken(plan: &Plan, carry: &TokenStream) -> (TokenStream, TokenStream) {
    if plan.is_async && !plan.carried.iter().any(CarriedVariable::is_handle) {
        (carry.clone(), TokenStream::new())
    } else {
        (TokenStream::new(), carry.clone())
    }
}

/// Returns the code that saves, through `run`.
pub(crate) fn save(plan: &Plan, run: &TokenStream) -> TokenStream {
    let krate = &plan.krate;
    let error = &local("error");
    let site = Span::mixed_site();
    let fail = fail(plan, site);
    let saved = if plan.is_async {
        quote_spanned! {site=> #run.save_async().await }
    } else {
        quote_spanned! {site=> #run.save() }
    };
    quote_spanned! {site=>
        if let #krate::__private::Err(#error) = #saved { #fail }
    }
}

/// Returns the run, as code around the loop names it: inside another resumable loop, that loop has it.
pub(crate) fn run_around(target: &Target) -> TokenStream {
    run_at(target.depth)
}

/// Returns the run, as code inside `depth` resumable loops names it.
pub(crate) fn run_at(depth: usize) -> TokenStream {
    locals!(run, tally);
    let site = Span::mixed_site();
    if depth > 0 {
        quote_spanned! {site=> #tally.run() }
    } else {
        quote_spanned! {site=> #run }
    }
}

/// Returns the place of `keyword` in the source, as text: the file, the line and the column, both from 1.
pub(crate) fn location(plan: &Plan, keyword: Span) -> TokenStream {
    let krate = &plan.krate;
    let place = keyword.start();
    let place = format!(":{}:{}", place.line, place.column + 1);
    quote_spanned! {at(keyword)=> #krate::__private::concat!(#krate::__private::file!(), #place) }
}

/// Returns the code that leaves the function with the item's failure.
pub(crate) fn raise(plan: &Plan) -> TokenStream {
    let krate = &plan.krate;
    let failed = &local("failed");
    quote_spanned! {Span::mixed_site()=> return #krate::__private::raise(#failed); }
}
