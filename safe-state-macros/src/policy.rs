//! What runs for an item, and what is done where it fails.
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
//!     let verdict = tally.run().judge(&policy, 0, failing!(&failed), thrown!(&failed));
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

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::{Block, Error, Pat, Result, Type};

use crate::exits;
use crate::expand::{Expansion, Names};
use crate::find::Target;
use crate::function::Returned;
use crate::hygiene::{at, moved};
use crate::loops::Survey;
use crate::loops::locals::Local;
use crate::mentions::mentions;

/// A loop's item, as its head has it.
pub(crate) struct Item<'a> {
    pub(crate) pat: &'a Pat,
    pub(crate) body: Block,
    /// The loop's keyword.
    pub(crate) keyword: Span,
}

impl Expansion {
    /// A policy needs errors to go by, and an item that is tried again as a whole.
    pub(crate) fn check_policies(&self, survey: &Survey, targets: &[Target]) -> Result<()> {
        for target in targets {
            let policy = &target.items.policy;
            let Some(place) = policy.place().filter(|_| policy.answers_errors()) else { continue };
            if self.errors_type().is_none() {
                let text =
                    "this goes by the errors of the items; let the function return a `Result`";
                return Err(Error::new(place, text));
            }
            let is_within =
                |inner: &&Target| survey.around(inner.at).any(|outer| outer == target.at);
            if targets.iter().any(|inner| is_within(&inner)) {
                let text = "an item is tried again as a whole, which the resumable loop in it is not; \
                            put this on that loop";
                return Err(Error::new(place, text));
            }
        }
        Ok(())
    }

    /// The return type, if it may be a `Result`.
    fn errors_type(&self) -> Option<&Type> {
        match &self.returned {
            Returned::Type(ty) if self.returned.option().is_some() || is_unit(ty) => None,
            Returned::Type(ty) => Some(ty),
            Returned::Opaque | Returned::Never => None,
        }
    }

    /// The loop's policy, if it has one.
    pub(crate) fn policy(&self, target: &Target) -> TokenStream {
        let options = &target.items.policy;
        let Some(place) = options.place() else { return TokenStream::new() };
        let krate = &self.krate;
        let policy = &self.names.policy;
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
        let Names { tally, cautious, .. } = &self.names;
        let caution = options.max_crashes.as_ref().map(|_| {
            quote_spanned! {here=> let mut #cautious = #tally.run().is_cautious(); }
        });
        quote_spanned! {here=>
            let #policy = #krate::__private::Policy::new(#on_error)#(#settings)*;
            #caution
        }
    }

    /// What is done with the item that has been handed out.
    pub(crate) fn item(
        &self,
        item: Item<'_>,
        target: &Target,
        locals: &[Local],
    ) -> Result<TokenStream> {
        let policy = &target.items.policy;
        let keyword = item.keyword;
        let done = match self.errors_type().filter(|_| policy.answers_errors()) {
            Some(returned) => self.tried(item, target, locals, returned)?,
            None => self.body(&item, target),
        };
        match policy.max_crashes {
            Some(_) => Ok(self.watched(&done, target, locals, keyword)),
            None => Ok(done),
        }
    }

    /// After a run that died: saves which item is about to begin, unless it has killed too many.
    fn watched(
        &self,
        done: &TokenStream,
        target: &Target,
        locals: &[Local],
        keyword: Span,
    ) -> TokenStream {
        let Names { tally, policy, cautious, .. } = &self.names;
        let here = at(keyword);
        let depth = target.depth;
        let run = quote_spanned! {here=> #tally.run() };
        let (carry, save) = (self.carried_after_head(&run, target, locals), self.save(&run));
        quote_spanned! {here=>
            if !(#cautious && #run.gives_up(&#policy, #depth)) {
                if #cautious {
                    #carry
                    #save
                    #cautious = #run.is_cautious();
                }
                #done
            }
        }
    }

    fn body(&self, item: &Item<'_>, target: &Target) -> TokenStream {
        let Item { pat, body, keyword, .. } = item;
        let Names { item: name, handed, .. } = &self.names;
        let krate = &self.krate;
        let capture = self.capture(target);
        let begin = self.begin(target, *keyword);
        // A binding that is never used would be reported, of a loop it is not.
        let item = match pat {
            Pat::Ident(it) if it.ident.to_string().starts_with('_') => {
                quote_spanned! {at(*keyword)=> #krate::__private::identity(#name) }
            }
            _ => name.to_token_stream(),
        };
        quote_spanned! {at(*keyword)=>
            let #handed = #krate::__private::handed!(&#name);
            let #pat = #item;
            #capture
            #begin
            match () { () => #body }
        }
    }

    /// Has what is complete, and which item is suspected, lie where a limit or a signal can reach it.
    fn begin(&self, target: &Target, keyword: Span) -> Option<TokenStream> {
        let options = &self.options;
        let run = self.run_at(target.depth + 1);
        let cautious = &self.names.cautious;
        if options.limits.are_set() {
            return Some(quote_spanned! {at(keyword)=> #run.begin_item(); });
        }
        let is_reached = cfg!(feature = "limits") && options.graceful.is_some();
        (is_reached && target.items.policy.max_crashes.is_some())
            .then(|| quote_spanned! {at(keyword)=> if #cautious { #run.begin_item(); } })
    }

    fn tried(
        &self,
        mut item: Item<'_>,
        target: &Target,
        locals: &[Local],
        returned: &Type,
    ) -> Result<TokenStream> {
        let Names { item: name, policy, tried, flow, .. } = &self.names;
        let here = at(item.keyword);
        // That an item can't be tried again is said at the loop.
        let mut kept = self.names.kept.clone();
        kept.set_span(here);
        // All of the path there, or an error would point at the whole attribute.
        let krate = &moved(&self.krate, here);
        let exits = exits::as_values(&mut item.body, returned, &self.krate)?;
        let over = self.over(&item, target);
        let attempt = self.attempt(&item, target);
        let (marks, undo) = (self.marks(target, locals), self.undo(target, locals));
        let judged = self.judged(target, locals);
        let keeper = if target.items.policy.tries_once() {
            quote_spanned! {here=> Once }
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

    /// Calls the body, and leaves the attempts if it has not failed.
    fn attempt(&self, item: &Item<'_>, target: &Target) -> TokenStream {
        let Names { policy, flow, failed, on_error, error, .. } = &self.names;
        let here = at(item.keyword);
        let krate = moved(&self.krate, here);
        let body = self.body(item, target);
        // What the body generates for storage errors leaves the function, and is not the item's.
        let mentioned = mentions(item.body.to_token_stream()).contains(&on_error.to_string());
        let leaving = mentioned.then(|| {
            quote_spanned! {here=>
                let #on_error = |#error| {
                    #krate::__private::Ok(#krate::__private::Flow::Return(#on_error(#error)))
                };
            }
        });
        let body = quote_spanned! {here=>
            { #leaving #body #krate::__private::Ok(#krate::__private::Flow::Next) }
        };
        let catches = quote_spanned! {here=> #policy.catches_panics() };
        let called = if self.is_async {
            let future = self.cancellable(&body, here);
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

    /// Ends the run where an item has failed that had been committed: it is complete.
    fn over(&self, item: &Item<'_>, target: &Target) -> TokenStream {
        let (tally, depth) = (&self.names.tally, target.depth);
        if !mentions(item.body.to_token_stream()).contains(&tally.to_string()) {
            return TokenStream::new();
        }
        let raise = self.raise();
        quote_spanned! {at(item.keyword)=>
            if !#tally.run().is_in_flight(#depth) { #raise }
        }
    }

    /// The body of an attempt as a future, which ends with the limit's error where a limit is passed.
    fn cancellable(&self, body: &TokenStream, here: Span) -> TokenStream {
        if !self.options.limits.are_set() {
            return quote_spanned! {here=> async #body };
        }
        let Names { tally, on_error, error, .. } = &self.names;
        let krate = moved(&self.krate, here);
        quote_spanned! {here=>
            #krate::__private::cancellable(
                #tally.run().cancellation(),
                |#error| #krate::__private::leave(#on_error(#error)),
                async #body,
            )
        }
    }

    /// Asks what is to be done about the failure, and does it.
    fn judged(&self, target: &Target, locals: &[Local]) -> TokenStream {
        let krate = &self.krate;
        let Names { tally, policy, failed, verdict, error, .. } = &self.names;
        let site = Span::mixed_site();
        let depth = target.depth;
        let (raise, fail) = (self.raise(), self.fail(site));
        let run = quote_spanned! {site=> #tally.run() };
        let carry = if self.carries_before_head(target) {
            TokenStream::new()
        } else {
            self.carry_or(&run, Some(target), locals, &raise)
        };
        let paused = if self.is_async {
            quote_spanned! {site=> #run.pause_async(#verdict).await }
        } else {
            quote_spanned! {site=> #run.pause(#verdict) }
        };
        quote_spanned! {site=>
            let #verdict = #run.judge(
                &#policy,
                #depth,
                #krate::__private::failing!(briefly &#failed),
                #krate::__private::thrown!(&#failed),
            );
            if #verdict.is_next() { break #krate::__private::Flow::Next; }
            #carry
            match #paused {
                #krate::__private::Ok(true) => {}
                #krate::__private::Ok(false) => { #raise }
                #krate::__private::Err(#error) => { #fail }
            }
        }
    }

    /// Leaves the function as the item's failure says.
    pub(crate) fn raise(&self) -> TokenStream {
        let krate = &self.krate;
        let failed = &self.names.failed;
        quote_spanned! {Span::mixed_site()=> return #krate::__private::raise(#failed); }
    }
}

fn is_unit(ty: &Type) -> bool {
    matches!(ty, Type::Tuple(tuple) if tuple.elems.is_empty())
}

/// The ways out of the body, done outside.
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
