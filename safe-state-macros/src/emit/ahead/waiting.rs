//! Generates the waits for what runs ahead. A wait that takes longer than a moment looks at what is asked of the run.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;

use super::Ahead;
use crate::emit::save_points;
use crate::syntax::hygiene::locals;

impl Ahead<'_> {
    /// Returns the code that waits for the next item's part.
    pub(super) fn waits(&self, terms: &TokenStream, carry: &TokenStream) -> TokenStream {
        locals!(items, tally, ahead, parts);
        let here = self.here;
        let waits = if self.plan.is_async {
            quote_spanned! {here=> #ahead.waits(&mut #items, &mut #tally, &#parts, #terms).await }
        } else {
            quote_spanned! {here=> #ahead.waits(&mut #items, &mut #tally, #terms) }
        };
        let heeded = self.heeded(carry);
        quote_spanned! {here=> while #waits { #heeded } }
    }

    /// Returns the code that waits for the value of the first item's part, and the expression that takes it.
    pub(super) fn waits_for_value(&self, carry: &TokenStream) -> (TokenStream, TokenStream) {
        locals!(tally, ahead, outer, policy, value, parts);
        let here = self.here;
        let again = if self.target.items.policy.answers_errors() {
            quote_spanned! {here=> |#value| #policy.may_try_again(#value) }
        } else {
            quote_spanned! {here=> |_| false }
        };
        let (waits, value) = if self.plan.is_async {
            (
                quote_spanned! {here=> #ahead.waits_for_value(&mut #tally, &#parts, #again).await },
                quote_spanned! {here=> #ahead.value(&mut #tally) },
            )
        } else {
            (
                quote_spanned! {here=> #ahead.waits_for_value(&mut #tally, #again) },
                quote_spanned! {here=> #ahead.value(&mut #tally, #outer) },
            )
        };
        let heeded = self.heeded(carry);
        (quote_spanned! {here=> while #waits { #heeded } }, value)
    }

    /// Returns the code that looks at what is asked of the run. If the run is to end, and the parts have gone on for the
    /// grace period, it saves, and lets the run end. A thread can't be stopped, so there the process ends.
    fn heeded(&self, carry: &TokenStream) -> TokenStream {
        locals!(tally, ahead, error);
        let (krate, here) = (self.krate(), self.here);
        let run = quote_spanned! {Span::mixed_site()=> #tally.run() };
        let save = self.save(&run);
        if !self.plan.is_async {
            return quote_spanned! {here=>
                let _ = #run.poll_requests();
                if #ahead.is_out_of_time(&mut #tally) {
                    #carry
                    #save
                    #ahead.end_process(&mut #tally);
                }
            };
        }
        let fail = save_points::fail(self.plan, Span::mixed_site());
        let (before, behind) = save_points::taken(self.plan, carry);
        quote_spanned! {here=>
            #before
            let _ = #ahead.beside(#run.poll_requests_async()).await;
            if #ahead.is_out_of_time(&mut #tally) {
                #behind
                #save
                if let #krate::__private::Err(#error) = #ahead.beside(#run.obey_async()).await { #fail }
            }
        }
    }
}
