//! Takes the types of variables before a loop's head, which may borrow the variables.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::Index;

use crate::analyse::plan::Plan;
use crate::syntax::hygiene::local;

/// The types that are taken before the head. One local holds them all, as several would take the compiler longer.
#[derive(Default)]
pub(crate) struct Taken {
    types: TokenStream,
    count: usize,
}

impl Taken {
    /// Returns the expression that takes the types, if there are any.
    pub(crate) fn types(&self, plan: &Plan) -> Option<TokenStream> {
        let (krate, types) = (&plan.krate, &self.types);
        let site = Span::mixed_site();
        (self.count > 0).then(|| {
            quote_spanned! {site=>
                if false { #krate::__private::Some((#types)) } else { #krate::__private::None }
            }
        })
    }
}

/// Returns the local that holds the types.
pub(crate) fn holder() -> Ident {
    local("types")
}

/// Takes the type of `place`, and returns the expression that tells it.
pub(crate) fn take(plan: &Plan, place: &impl ToTokens, taken: &mut Taken) -> TokenStream {
    let (krate, types, number) = (&plan.krate, holder(), Index::from(taken.count));
    taken.count += 1;
    let site = Span::mixed_site();
    taken.types.extend(quote_spanned! {site=> #krate::__private::type_of(&#place), });
    quote_spanned! {site=> #krate::__private::known(&#types).#number }
}
