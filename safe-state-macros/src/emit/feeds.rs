//! Generates the sources of items for loops whose items run side by side.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::spanned::Spanned;
use syn::{Block, Expr, Label, Pat};

use crate::analyse::plan::Plan;
use crate::analyse::survey::locals::Local;
use crate::analyse::targets::Target;
use crate::emit::items::{self, KnownBy};
use crate::emit::{carry, kept_values, save_points};
use crate::syntax::hygiene::{at, local, locals, moved_crate};

/// The loop as it was written.
pub(crate) struct Written<'a> {
    pub(crate) label: Option<&'a Label>,
    pub(crate) pat: &'a Pat,
    pub(crate) body: Block,
    pub(crate) keyword: Span,
}

/// The source of a loop's items, as generated code passes it on.
pub(crate) struct Feed {
    /// The end of the name of the runtime's function, behind `on_threads` or `as_futures`.
    pub(crate) suffix: &'static str,
    /// The code that makes the source from what the loop was entered with.
    pub(crate) made: TokenStream,
    pub(crate) given: TokenStream,
    /// The part of a pattern that takes the type of the items, if that is known before the first item.
    pub(crate) item_type: TokenStream,
}

impl Feed {
    pub(crate) fn items() -> Self {
        locals!(items, item_type);
        let site = Span::mixed_site();
        Feed {
            suffix: "",
            made: TokenStream::new(),
            given: quote_spanned! {site=> &mut #items },
            item_type: quote_spanned! {site=> , #item_type },
        }
    }
}

/// Returns the code that enters a `while let` loop, and the source that asks the loop's head for items.
pub(crate) fn received(
    plan: &Plan,
    target: &Target,
    head: &Expr,
    keyword: Span,
) -> (TokenStream, Feed) {
    locals!(items, item, offered);
    let krate = &plan.krate;
    let here = at(keyword);
    let (run, number, location) = (
        save_points::run_around(target),
        items::number(target),
        save_points::location(plan, keyword),
    );
    let known_by = items::known_by(plan, target, head);
    let KnownBy { way, of_item, .. } = &known_by;
    let asked = items::check_asked(plan, target, head);
    let entered = quote_spanned! {here=>
        #krate::__private::received(#run, #number, #location, #way, (false, #asked))
    };
    let there = at(head.span());
    let asked = &local("asked");
    let item_type = quote_spanned! {here=> , #asked };
    if !plan.is_async {
        let by = known_by.function("asking", here);
        let ask = quote_spanned! {there=> || #head };
        let made = quote_spanned! {here=>
            let mut #items = #krate::__private::#by(&mut #items, #ask, #of_item);
        };
        let given = quote_spanned! {here=> &mut #items };
        return (entered, Feed { suffix: "", made, given, item_type });
    }
    let by = known_by.function("offered", here);
    let head_of = &local("head");
    // One future asks for all items, as long as the loop runs: it alone borrows what the head borrows.
    let head = quote_spanned! {there=>
        async {
            loop {
                #offered.wanted().await;
                let #item = #head;
                if !#offered.give(#item) { break; }
            }
        }
    };
    let made = quote_spanned! {here=>
        let #offered = #krate::__private::Offered::new();
        let #head_of = #head;
        let mut #items = #krate::__private::#by(&mut #items, &#offered, #of_item);
    };
    let given = quote_spanned! {here=> (&mut #items, #head_of) };
    (entered, Feed { suffix: "_of_stream", made, given, item_type })
}

/// Returns the function that keeps an item for another attempt; `TriedOnce::new`, which keeps none, if there is no other.
pub(crate) fn keep(plan: &Plan, target: &Target, here: Span) -> TokenStream {
    let krate = moved_crate(&plan.krate, here);
    let policy = &target.items.policy;
    if policy.answers_errors() && !policy.tries_once() {
        quote_spanned! {here=> #krate::__private::Kept::new }
    } else {
        quote_spanned! {here=> #krate::__private::TriedOnce::new }
    }
}

/// Returns the code that leaves the function, or the loops around, as `came`, the outcome of the loop, says.
pub(crate) fn outcome(
    plan: &Plan,
    came: &TokenStream,
    exits: &[TokenStream],
    here: Span,
) -> TokenStream {
    locals!(flow, failed);
    let krate = moved_crate(&plan.krate, here);
    let (raise, numbers) = (save_points::raise(plan), 0..exits.len());
    quote_spanned! {here=>
        match #came {
            #krate::__private::Ok(#krate::__private::Flow::Next) => {}
            #krate::__private::Ok(#krate::__private::Flow::Return(#flow)) => return #flow,
            #(#krate::__private::Ok(#krate::__private::Flow::Exit(#numbers)) => { #exits })*
            #krate::__private::Ok(#krate::__private::Flow::Exit(_)) => {}
            #krate::__private::Err(#failed) => { #raise }
        }
    }
}

/// Returns the code that runs when the loop has been left: it carries the variables, keeps their values, and saves.
pub(crate) fn left(plan: &Plan, target: &Target, locals: &[Local]) -> TokenStream {
    let tally = &local("tally");
    let run = quote_spanned! {Span::mixed_site()=> #tally.run() };
    let (carry, save) =
        (carry::carry(plan, &run, Some(target), locals), save_points::save(plan, &run));
    let ends = kept_values::keep_ends(plan, &run, target);
    quote_spanned! {Span::mixed_site()=>
        if #tally.leave() {
            #carry
            #ends
            if #run.saves_now() { #save }
        }
    }
}
