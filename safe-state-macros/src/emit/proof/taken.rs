//! Types of variables, taken before a loop's head, which may borrow them.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};

use crate::analyse::plan::Plan;
use crate::syntax::hygiene::local;

/// Types that are taken before the head, and the locals that hold them.
#[derive(Default)]
pub(crate) struct Taken {
    pub(crate) types: TokenStream,
    pub(crate) names: TokenStream,
    count: usize,
}

/// Takes the type of `place`, and gives the expression that tells it.
pub(crate) fn take(plan: &Plan, place: &impl ToTokens, taken: &mut Taken) -> TokenStream {
    let krate = &plan.krate;
    let name = local(&format!("type_{}", taken.count));
    taken.count += 1;
    let site = Span::mixed_site();
    taken.types.extend(quote_spanned! {site=>
        if false {
            #krate::__private::Some(#krate::__private::type_of(&#place))
        } else {
            #krate::__private::None
        },
    });
    taken.names.extend(quote_spanned! {site=> #name, });
    quote_spanned! {site=> #krate::__private::known(&#name) }
}
