//! The head of a resumable loop.
//!
//! ```text
//! for order in orders { ship(order)? }    // becomes
//! match () { () => match items(orders, run, (0, 0), "src/main.rs:3:5", Way::Index, |item| fingerprint!(item)) {
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
//! } }
//! ```
//!
//! The `match` keeps the temporaries of the iterated expression alive through the loop, as `for`
//! does, and the one around it drops them after it: in a tail, editions before 2024 would keep them
//! until after the locals. The loop's head is reached by `continue` as well, even from inside a
//! macro call. A body that is an arm is not reported for its braces.

mod returns;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Attribute, Expr, ExprForLoop, ExprWhile, Label, Pat, Result};

use crate::carried::CarriedVariable;
use crate::expand::{Expansion, Names};
use crate::find::Target;
use crate::hygiene::{at, moved};
use crate::items::KnownBy;
use crate::loops::locals::Local;
use crate::loops::{Loop, is_marker, while_let};
use crate::parens;
use crate::policy::Item;
use crate::proof::Proof;

/// A loop on its way through.
pub(crate) struct Lowered {
    attrs: Vec<Attribute>,
    pub(crate) label: Option<Label>,
    pub(crate) keyword: Span,
    is_for: bool,
    /// What makes the items.
    pub(crate) entered: TokenStream,
    /// Whether no items are left, as far as that is known.
    pub(crate) has_ended: TokenStream,
    /// What takes the type of the items, if that is known before the first.
    pub(crate) item_type: TokenStream,
    /// What asks for the next item, with the arms that take it and pass over it.
    pub(crate) next: TokenStream,
}

impl Expansion {
    /// The loop, made resumable. `around` is what stands when it begins.
    pub(crate) fn resumable_loop(
        &self,
        it: Expr,
        target: &Target,
        (around, proof): (&Loop, Proof),
    ) -> Result<Expr> {
        let locals = around.locals.as_slice();
        let lowered = match it {
            Expr::ForLoop(it) => self.for_loop(it, target, locals)?,
            Expr::While(it) => {
                let Some((pat, expr)) =
                    while_let(&it).map(|(pat, expr)| (pat.clone(), expr.clone()))
                else {
                    return Ok(Expr::While(it));
                };
                self.while_loop(it, &pat, &expr, (target, locals))?
            }
            other => return Ok(other),
        };
        let walk = if self.lends(target) {
            self.lending_walk(&lowered, (target, locals), &proof)
        } else {
            self.holding_walk(&lowered, (target, locals), &proof)
        };
        let Lowered { attrs, keyword, .. } = lowered;
        let attrs = attrs.into_iter().filter(|attr| !is_marker(attr));
        let Proof { types, names, .. } = proof;
        let walk = self.resuming(walk, target);
        let items = self.hoisted.get(&target.at).filter(|items| !items.is_empty());
        let walk = match items {
            Some(items) => quote_spanned! {at(keyword)=> { #(#items)* #walk } },
            None => walk,
        };
        Ok(Expr::Verbatim(quote_spanned! {at(keyword)=>
            #(#attrs)*
            match (#types) { (#names) => #walk }
        }))
    }

    /// The loop, which holds what it walks until it is left.
    fn holding_walk(
        &self,
        lowered: &Lowered,
        (target, locals): (&Target, &[Local]),
        proof: &Proof,
    ) -> TokenStream {
        let Names { items, tally, .. } = &self.names;
        let Lowered { label, keyword, entered, has_ended, item_type, next, .. } = lowered;
        let run = quote_spanned! {Span::mixed_site()=> #tally.run() };
        let (carry, save) = (self.carry(&run, Some(target), locals), self.save(&run));
        let due = self.due(&run, &carry, &save, Some(has_ended));
        let boundary = self.boundary(&run, &carry, &save, has_ended);
        let policy = self.policy(target);
        let (restored, ends) = (self.restored_in(target), self.keep_ends(&run, target));
        let check = &proof.check;
        if lowered.is_for && self.only_counts(target, locals) {
            return self.plain_walk(lowered, target, check);
        }
        quote_spanned! {at(*keyword)=>
            match #entered {
                (mut #items, mut #tally #item_type) => {
                    #check
                    #policy
                    #restored
                    #label loop {
                        if #tally.complete() { #due }
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

    /// Behind a loop in an item that has limits, that item goes on.
    fn resuming(&self, walk: TokenStream, target: &Target) -> TokenStream {
        if target.depth == 0 || !self.options.limits.are_set() {
            return walk;
        }
        let run = self.run_around(target);
        quote_spanned! {Span::mixed_site()=> { #walk #run.resume_item(); } }
    }

    /// The same of a loop that only counts: what is done between two items is one call.
    fn plain_walk(&self, lowered: &Lowered, target: &Target, check: &TokenStream) -> TokenStream {
        let krate = &self.krate;
        let Names { items, tally, error, .. } = &self.names;
        let Lowered { label, keyword, entered, item_type, next, .. } = lowered;
        let (policy, fail) = (self.policy(target), self.fail(Span::mixed_site()));
        quote_spanned! {at(*keyword)=>
            match #entered {
                (mut #items, mut #tally #item_type) => {
                    #check
                    #policy
                    #label loop {
                        #next
                    }
                    if let #krate::__private::Err(#error) = #tally.left() { #fail }
                }
            }
        }
    }

    /// Whether nothing but to count is done between two items of the loop.
    fn only_counts(&self, target: &Target, locals: &[Local]) -> bool {
        let nothing = TokenStream::new();
        !self.is_async
            && !self.lends(target)
            && !self.options.watches()
            && self.carry(&nothing, Some(target), locals).is_empty()
    }

    fn for_loop(&self, it: ExprForLoop, target: &Target, locals: &[Local]) -> Result<Lowered> {
        let krate = &self.krate;
        let Names { items, tally, item, error, .. } = &self.names;
        let ExprForLoop { attrs, label, for_token, pat, expr, mut body, .. } = it;
        self.mark_returns(&mut body);
        let keyword = for_token.span;
        let (here, input) = (at(keyword), at(expr.span()));
        let (run, number, location) =
            (self.run_around(target), number(target), self.location(keyword));
        let (expr, fail) = (parens::without_needless(*expr), self.fail(here));
        let known_by = self.known_by((target, false), &expr);
        let KnownBy { way, of_item, check_source, .. } = &known_by;
        let enter = known_by.function("items", input);
        let expr = if self.lends(target) {
            let krate = moved(krate, input);
            quote_spanned! {input=> #krate::__private::lent(#expr) }
        } else {
            expr.to_token_stream()
        };
        let entered = quote_spanned! {input=>
            #krate::__private::#enter(#expr, #run, #number, #location, #way, #of_item #check_source)
        };
        let done = self.item(Item { pat: &pat, body, keyword }, target, locals)?;
        let at_item = self.restored_at_item(target);
        let next = if self.only_counts(target, locals) { "advance" } else { "next" };
        let next = Ident::new(next, here);
        let next = quote_spanned! {here=>
            match #items.#next(&mut #tally) {
                #krate::__private::Step::Item(#item) => {
                    #at_item
                    #done
                }
                #krate::__private::Step::Done => break,
                #krate::__private::Step::Failed(#error) => #fail,
            }
        };
        let has_ended = quote_spanned! {here=> #items.has_ended() };
        let item_type = &self.names.item_type;
        let item_type = quote_spanned! {here=> , #item_type };
        let is_for = true;
        Ok(Lowered { attrs, label, keyword, is_for, entered, has_ended, item_type, next })
    }

    fn while_loop(
        &self,
        it: ExprWhile,
        pat: &Pat,
        expr: &Expr,
        (target, locals): (&Target, &[Local]),
    ) -> Result<Lowered> {
        let krate = &self.krate;
        let Names { items, tally, item, error, .. } = &self.names;
        let ExprWhile { attrs, label, while_token, mut body, .. } = it;
        self.mark_returns(&mut body);
        let keyword = while_token.span;
        let here = at(keyword);
        let (run, number, location) =
            (self.run_around(target), number(target), self.location(keyword));
        let fail = self.fail(here);
        let known_by = self.known_by((target, true), expr);
        let KnownBy { way, of_item, .. } = &known_by;
        let takes = self.takes(target);
        let entered = quote_spanned! {here=>
            #krate::__private::received(#run, #number, #location, #way, #takes)
        };
        let receive = known_by.function("receive", here);
        let done = self.item(Item { pat, body, keyword }, target, locals)?;
        let at_item = self.restored_at_item(target);
        // What an item takes is changed by the head already.
        let (before, at_item) = if takes {
            (quote! { #at_item }, TokenStream::new())
        } else {
            (TokenStream::new(), at_item)
        };
        let carried = self.carried_before_head(target, locals);
        let next = quote_spanned! {here=>
            if #items.is_closed() { break; }
            #before
            #carried
            match #items.#receive(#expr, &mut #tally, #of_item) {
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
        let item_type = TokenStream::new();
        let is_for = false;
        Ok(Lowered { attrs, label, keyword, is_for, entered, has_ended, item_type, next })
    }

    /// What is done where an item has completed, if something is: to save, and to heed what is asked of
    /// the run unless the input has ended: then there is nothing to stop.
    pub(crate) fn due(
        &self,
        run: &TokenStream,
        carry: &TokenStream,
        save: &TokenStream,
        has_ended: Option<&TokenStream>,
    ) -> TokenStream {
        let krate = &self.krate;
        let error = &self.names.error;
        let site = Span::mixed_site();
        let fail = self.fail(site);
        let (before, behind) = self.taken(carry);
        let (asks, heed) = if self.is_async {
            (
                quote_spanned! {site=> poll_requests_async().await },
                quote_spanned! {site=> apply_request_async().await },
            )
        } else {
            (quote_spanned! {site=> poll_requests() }, quote_spanned! {site=> apply_request() })
        };
        let asked = quote_spanned! {site=> #before if #run.#asks { #behind #save } };
        let heeded = quote_spanned! {site=>
            if let #krate::__private::Err(#error) = #run.#heed { #fail }
        };
        let heeded = match has_ended {
            Some(has_ended) => quote_spanned! {site=> if !#has_ended { #heeded } },
            None => heeded,
        };
        quote_spanned! {site=> #asked #heeded }
    }

    /// What is looked at between two items, if there is something.
    pub(crate) fn boundary(
        &self,
        run: &TokenStream,
        carry: &TokenStream,
        save: &TokenStream,
        has_ended: &TokenStream,
    ) -> TokenStream {
        if !self.options.watches() {
            return TokenStream::new();
        }
        let krate = &self.krate;
        let Names { error, value: look, .. } = &self.names;
        let site = Span::mixed_site();
        let fail = self.fail(site);
        let (before, behind) = self.taken(carry);
        let (wait, obey) = if self.is_async {
            (
                quote_spanned! {site=> wait_async(#look).await },
                quote_spanned! {site=> obey_async().await },
            )
        } else {
            (quote_spanned! {site=> wait(#look) }, quote_spanned! {site=> obey() })
        };
        quote_spanned! {site=>
            while let #krate::__private::Some(#look) = #run.look(#has_ended) {
                #before
                if #run.#wait {
                    #behind
                    #save
                    if let #krate::__private::Err(#error) = #run.#obey { #fail }
                }
            }
        }
    }

    /// What takes the carried variables before the run waits, and what does behind that. A future may be
    /// dropped where it waits, and has to have them by then. Handles are synced by it, which would cost too
    /// much.
    fn taken(&self, carry: &TokenStream) -> (TokenStream, TokenStream) {
        if self.is_async && !self.carried.iter().any(CarriedVariable::is_handle) {
            (carry.clone(), TokenStream::new())
        } else {
            (TokenStream::new(), carry.clone())
        }
    }

    /// What saves, through `run`.
    pub(crate) fn save(&self, run: &TokenStream) -> TokenStream {
        let krate = &self.krate;
        let error = &self.names.error;
        let site = Span::mixed_site();
        let fail = self.fail(site);
        let saved = if self.is_async {
            quote_spanned! {site=> #run.save_async().await }
        } else {
            quote_spanned! {site=> #run.save() }
        };
        quote_spanned! {site=>
            if let #krate::__private::Err(#error) = #saved { #fail }
        }
    }

    /// The run, from outside the loop: inside another resumable loop, that one has it.
    fn run_around(&self, target: &Target) -> TokenStream {
        self.run_at(target.depth)
    }

    /// The run, inside that many resumable loops.
    pub(crate) fn run_at(&self, depth: usize) -> TokenStream {
        let Names { run, tally, .. } = &self.names;
        let site = Span::mixed_site();
        if depth > 0 {
            quote_spanned! {site=> #tally.run() }
        } else {
            quote_spanned! {site=> #run }
        }
    }

    /// The place of `keyword` in the source, as text.
    pub(crate) fn location(&self, keyword: Span) -> TokenStream {
        let krate = &self.krate;
        let place = keyword.start();
        let place = format!(":{}:{}", place.line, place.column + 1);
        quote_spanned! {at(keyword)=> #krate::__private::concat!(#krate::__private::file!(), #place) }
    }
}

fn number(target: &Target) -> TokenStream {
    let Target { depth, id, .. } = target;
    quote_spanned! {Span::mixed_site()=> (#depth, #id) }
}
