//! Generates a loop in which a part of each item runs ahead.
//!
//! ```text
//! for url in urls { let page = ahead!(fetch(&url)?); total += page.len(); }    // becomes, with `threads = 4`
//! match () { () => match items(urls, run, ..) {
//!     (mut items, mut tally, item_type) => {
//!         let outer = on_error;
//!         let most = 4;
//!         let parts = ahead_on_threads(&items, &mut tally, most, on_error, |item, captures| {
//!             attempts.attempt_part(on_error, || { let url = item; let value = fetch(&url)?; Ok((value, (url,))) })
//!         });
//!         match scope(|scope| {
//!             let mut ahead = AheadOnThreads::new(scope, &parts, most, TriedOnce::new);
//!             let value = in_order(|| {
//!                 let on_error = |error| Ok(Flow::Return(outer(error)));
//!                 loop {
//!                     if tally.complete() { .. }
//!                     while ahead.waits(&mut items, &mut tally, ..) { look at requests .. }
//!                     match ahead.next(&mut tally) {
//!                         Step::Item(()) => {
//!                             while ahead.waits_for_value(&mut tally, ..) { look at requests .. }
//!                             match ahead.value(&mut tally, ..) {
//!                                 Ok((value, (url,))) => match attempts.attempt(outer, || {
//!                                     let page = value;
//!                                     total += page.len();
//!                                     Ok(Flow::Next)
//!                                 }) { .. }
//!                                 Err(failed) => return Err(failed),
//!                             }
//!                         }
//!                         Step::Done => return Ok(Flow::Next),
//!                         Step::Failed(error) => return on_error(error),
//!                     }
//!                 }
//!             });
//!             ahead.end(&mut tally, &value, |failed| failing!(failed));
//!             value
//!         }) {
//!             Ok(Flow::Next) => {}
//!             Ok(Flow::Return(returned)) => return returned,
//!             Err(failed) => return raise(failed),
//!         }
//!         if tally.leave() { .. }
//!     }
//! } }
//! ```
//!
//! An async function has an `async` block in place of the `scope` and of `in_order`, and the rest of the body is polled together with
//! what runs ahead.

mod rest;
mod waiting;

use std::collections::BTreeSet;

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::{Block, Local, LocalInit, Pat, PatType, Result, Stmt};

use crate::analyse::ahead::{self, Part};
use crate::analyse::plan::Plan;
use crate::analyse::sharing;
use crate::analyse::survey::locals::Local as Variable;
use crate::analyse::targets::Target;
use crate::emit::control_flow::{self, From, Ways};
use crate::emit::feeds::{Feed, Written, keep, left, outcome};
use crate::emit::{carry, items, kept_values, policy, save_points, slices};
use crate::parse::function::Returned;
use crate::syntax::bindings::{Binding, bindings};
use crate::syntax::free_idents::free_idents;
use crate::syntax::hygiene::{at, in_braces_of, local, locals, moved_crate};

/// The loop to generate code for, and what is in scope there.
struct Ahead<'a> {
    plan: &'a Plan,
    target: &'a Target,
    locals: &'a [Variable],
    here: Span,
}

pub(crate) fn ahead_walk(
    plan: &Plan,
    (target, variables): (&Target, &[Variable]),
    (entered, feed): (&TokenStream, &Feed),
    (written, part): (Written<'_>, Part),
    check: &TokenStream,
) -> Result<TokenStream> {
    locals!(items, tally, on_error, outer);
    let krate = &plan.krate;
    let Written { label, pat, mut body, keyword } = written;
    let it = Ahead { plan, target, locals: variables, here: at(keyword) };
    let here = it.here;
    let run = quote_spanned! {Span::mixed_site()=> #tally.run() };
    let Returned::Type(returned) = &plan.returned else { return Ok(TokenStream::new()) };
    let ways = Ways { returned, from: From::Outside(label, outer) };
    let names = names(plan, pat, &body);
    let (part, rest) = it.split((pat, &part), &mut body, &names);
    let mut rest = rest;
    let exits = control_flow::as_values(&mut rest, ways, krate)?;
    let (policy, carry) =
        (policy::policy(plan, target), carry::carry(plan, &run, Some(target), variables));
    let restored = kept_values::restored_in(plan, target);
    let (before, made) = it.made(&part);
    let walk = it.walk(&rest, &names, &carry, &made);
    let walk = if plan.is_async {
        quote_spanned! {here=> async { #walk }.await }
    } else {
        let scope = local("scope");
        quote_spanned! {here=> #krate::__private::scope(|#scope| { #walk }) }
    };
    let Feed { made: feed_made, item_type, .. } = feed;
    let (outcome, left) = (outcome(plan, &walk, &exits, here), left(plan, target, variables));
    if sharing::is_shared(plan, target) {
        let of_slice = quote_spanned! {here=> #feed_made let #outer = #on_error; #before #outcome };
        let entered = (keyword, entered, item_type);
        return Ok(slices::by_slices(plan, (target, variables), entered, check, &of_slice));
    }
    Ok(quote_spanned! {here=>
        match #entered {
            (mut #items, mut #tally #item_type) => {
                #check
                #policy
                #restored
                #feed_made
                let #outer = #on_error;
                #before
                #outcome
                #left
            }
        }
    })
}

/// Returns the names of the item's pattern that the rest of the body uses. They come back with the part's value.
fn names(plan: &Plan, pat: &Pat, body: &Block) -> Vec<Binding> {
    let rest: TokenStream = body.stmts.iter().skip(1).map(ToTokens::to_token_stream).collect();
    let mut mentioned = free_idents(rest);
    if let Some(Stmt::Local(first)) = body.stmts.first() {
        // Behind the first statement, a name that it binds is the new variable.
        for it in bindings(&first.pat) {
            mentioned.remove(&it.name());
        }
        mentioned.extend(first.init.as_ref().map(|it| beside_part(plan, it)).unwrap_or_default());
    }
    let bound = bindings(pat).into_iter();
    bound.filter(|it| mentioned.contains(&it.name())).collect()
}

/// Returns the names that an initialiser mentions outside of the part that runs ahead, as in the `else` of a `let .. else`.
fn beside_part(plan: &Plan, init: &LocalInit) -> BTreeSet<String> {
    let mut expr = (*init.expr).clone();
    ahead::replace(plan, &mut expr, &local("value"));
    let mut mentioned = free_idents(expr.to_token_stream());
    let otherwise = init.diverge.as_ref().map(|(_, expr)| free_idents(expr.to_token_stream()));
    mentioned.extend(otherwise.unwrap_or_default());
    mentioned
}

/// Returns the names as a pattern: a tuple.
fn named(names: &[Binding], here: Span) -> TokenStream {
    let names = names.iter().map(|Binding { ident, is_mut }| {
        let mutability = is_mut.then(|| quote_spanned! {here=> mut });
        quote_spanned! {here=> #mutability #ident }
    });
    quote_spanned! {here=> (#(#names,)*) }
}

impl Ahead<'_> {
    fn krate(&self) -> TokenStream {
        moved_crate(&self.plan.krate, self.here)
    }

    /// Returns the part as a block that is given an item, and the rest of the body, which is given the part's value.
    fn split(
        &self,
        (pat, ahead): (&Pat, &Part),
        body: &mut Block,
        names: &[Binding],
    ) -> (TokenStream, Block) {
        locals!(handed, item, value, captures);
        let (krate, here) = (self.krate(), self.here);
        let bound = policy::bound(pat, here, &krate);
        let names = names.iter().map(|it| &it.ident);
        let is_mut = bindings(pat).iter().any(|it| it.is_mut);
        let allowed = is_mut.then(|| quote_spanned! {here=> #[allow(unused_mut)] });
        let capture = items::captured(self.plan, self.target);
        let capture = capture.map(|values| quote_spanned! {here=> #captures.capture(&[#values]); });
        let (path, expr) = (&ahead.path, &ahead.expr);
        let mut of_type = TokenStream::new();
        if let Some(Stmt::Local(Local { pat, init: Some(LocalInit { expr, .. }), .. })) =
            body.stmts.first_mut()
        {
            // The written type is the part's type only if the initialiser is the macro alone.
            if let (Pat::Type(PatType { ty, .. }), syn::Expr::Macro(_)) = (&*pat, &**expr) {
                of_type = quote_spanned! {here=> : #ty };
            }
            ahead::replace(self.plan, expr, value);
        }
        let inside = quote_spanned! {here=>
            let #handed = #krate::__private::handed!(&#item);
            #allowed let #pat = #bound;
            let _ = &#handed;
            #capture
            let #value #of_type = #path! { @filled_in #expr };
            #krate::__private::Ok((#value, (#(#names,)*)))
        };
        (in_braces_of(body, inside).to_token_stream(), body.clone())
    }

    /// Returns the code that makes what runs ahead: what stands before the loop, and what stands at its beginning.
    fn made(&self, part: &TokenStream) -> (TokenStream, TokenStream) {
        locals!(items, item, tally, on_error, captures, body, head, offered, scope, ahead);
        let (parts, most_of) = (local("parts"), local("most"));
        let (krate, here) = (self.krate(), self.here);
        let keep = keep(self.plan, self.target, here);
        let Some(beside) = &self.target.items.side_by_side else {
            return (TokenStream::new(), TokenStream::new());
        };
        let most = beside.most(&self.plan.krate);
        let attempts = quote_spanned! {here=> #krate::__private::attempts!(#on_error) };
        if !self.plan.is_async {
            let before = quote_spanned! {here=>
                let #most_of = #most;
                let #parts = #krate::__private::ahead_on_threads(
                    &#items, &mut #tally, #most_of, #on_error,
                    |#item, #captures: &#krate::__private::Captures| {
                        let _ = #captures;
                        #attempts.attempt_part(#on_error, || #part)
                    },
                );
            };
            let made = quote_spanned! {here=>
                let mut #ahead =
                    #krate::__private::AheadOnThreads::new(#scope, &#parts, #most_of, #keep);
            };
            return (before, made);
        }
        // A shared loop has taken in all that its head gives.
        let is_for = sharing::is_shared(self.plan, self.target)
            || matches!(self.plan.originals.get(&self.target.at), Some(syn::Expr::ForLoop(_)));
        let source = if is_for {
            quote_spanned! {here=>
                (#krate::__private::pin!(#krate::__private::pending::<()>()), #krate::__private::None)
            }
        } else {
            quote_spanned! {here=> (#krate::__private::pin!(#head), #krate::__private::Some(&#offered)) }
        };
        let before = quote_spanned! {here=>
            let #body = #krate::__private::typed_ahead(&#items, #on_error, async |#item, #captures| {
                let _ = &#captures;
                #attempts.attempt_part_async(#on_error, async #part).await
            });
            let #parts = |#item, #captures| #body(#item, #captures);
            let #head = #source;
            let mut #ahead =
                #krate::__private::AheadAsFutures::new(&#parts, &mut #tally, #head, #most, #keep);
        };
        (before, TokenStream::new())
    }

    /// Returns the expression that tells whether items go one by one, to find one that kills the process, and the code
    /// that waits for the next item's part.
    fn waits_for_next(&self, run: &TokenStream, carry: &TokenStream) -> (TokenStream, TokenStream) {
        locals!(policy, cautious);
        let here = self.here;
        let options = &self.target.items.policy;
        let is_cautious = if options.max_crashes.is_some() {
            quote_spanned! {here=> #run.is_cautious() }
        } else {
            quote_spanned! {here=> false }
        };
        let again = if options.answers_errors() {
            quote_spanned! {here=> #policy.may_try_again(0) }
        } else {
            quote_spanned! {here=> false }
        };
        let terms = quote_spanned! {here=> (#cautious, #again) };
        (is_cautious, self.waits(&terms, carry))
    }

    /// Returns the loop over the items.
    fn walk(
        &self,
        rest: &Block,
        names: &[Binding],
        carry: &TokenStream,
        made: &TokenStream,
    ) -> TokenStream {
        locals!(items, tally, error, on_error, outer, ahead, cautious);
        let (plan, krate, here) = (self.plan, self.krate(), self.here);
        let run = quote_spanned! {Span::mixed_site()=> #tally.run() };
        let save = self.save(&run);
        let has_ended = quote_spanned! {here=> #ahead.has_ended(&#items) };
        let waits = (&run, Some(ahead).filter(|_| plan.is_async));
        let due = save_points::due_beside(plan, waits, carry, &save, Some(&has_ended));
        let boundary = save_points::boundary_beside(plan, waits, carry, &save, &has_ended);
        let (is_cautious, waits) = self.waits_for_next(&run, carry);
        let done = rest::done(self, rest, names, carry);
        let done = self.unless_given_up(&done, &run, (carry, &save));
        let walk = quote_spanned! {here=>
            let #on_error = |#error| #krate::__private::Ok(#krate::__private::Flow::Return(#outer(#error)));
            loop {
                if #tally.complete() { #due }
                #boundary
                let #cautious = #is_cautious;
                #waits
                match #ahead.next(&mut #tally) {
                    #krate::__private::Step::Item(()) => { #done }
                    #krate::__private::Step::Done => {
                        return #krate::__private::Ok(#krate::__private::Flow::Next);
                    }
                    #krate::__private::Step::Failed(#error) => return #on_error(#error),
                }
            }
        };
        if plan.is_async {
            return walk;
        }
        let (came, failed) = (local("value"), local("failed"));
        quote_spanned! {here=>
            #made
            let #came = #krate::__private::in_order(|| { #walk });
            #ahead.end(&mut #tally, &#came, |#failed| #krate::__private::failing!(#failed));
            #came
        }
    }

    /// Returns the code of an item, which is done unless it has killed the process too often and is given up.
    fn unless_given_up(
        &self,
        done: &TokenStream,
        run: &TokenStream,
        (carry, save): (&TokenStream, &TokenStream),
    ) -> TokenStream {
        locals!(ahead, policy, cautious);
        let here = self.here;
        if self.target.items.policy.max_crashes.is_none() {
            return done.clone();
        }
        let depth = self.target.depth;
        let gives_up = if policy::counts_beside(self.plan) {
            locals!(suspected);
            quote_spanned! {here=> {
                let #suspected = #run.suspected(&#policy, #depth);
                #ahead.beside(#run.gives_up_async(#suspected, #depth)).await
            } }
        } else {
            quote_spanned! {here=> #run.gives_up(&#policy, #depth) }
        };
        quote_spanned! {here=>
            if !(#cautious && #gives_up) {
                if #cautious { #carry #save }
                #done
            }
        }
    }

    /// Returns the code that saves. In an async function, what runs ahead is polled meanwhile.
    fn save(&self, run: &TokenStream) -> TokenStream {
        locals!(ahead, error);
        if !self.plan.is_async {
            return save_points::save(self.plan, run);
        }
        let (krate, here) = (self.krate(), self.here);
        let fail = save_points::fail(self.plan, Span::mixed_site());
        quote_spanned! {here=>
            if let #krate::__private::Err(#error) = #ahead.beside(#run.save_async()).await { #fail }
        }
    }
}
