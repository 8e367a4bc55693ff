//! Notes the arguments that a report of a failure shows. They are taken when the function is called, as its body may
//! use them up.

use std::collections::BTreeSet;

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;

use crate::analyse::plan::Plan;
use crate::parse::function::Argument;
use crate::syntax::hygiene::local;

/// Returns the code that notes each argument in `mentioned`. Another one is left alone: the compiler is to say that it
/// is unused, and a future would hold it.
pub(crate) fn noted_arguments(plan: &Plan, mentioned: &BTreeSet<String>) -> TokenStream {
    let (krate, run) = (&plan.krate, &local("run"));
    let how = if plan.options.settings.has("capture_args") { "whole" } else { "brief" };
    let how = Ident::new(how, Span::mixed_site());
    let told =
        plan.arguments.iter().filter(|it| it.name() != "self" && mentioned.contains(&it.name()));
    let noted = told.map(|argument| {
        let Argument { ident, cfgs, .. } = argument;
        let name = argument.name();
        let noted = quote_spanned! {Span::mixed_site()=>
            #krate::__private::argument! { #run, #name, &#ident, #how }
        };
        match cfgs.as_slice() {
            [] => noted,
            cfgs => quote_spanned! {Span::mixed_site()=> #(#cfgs)* { #noted } },
        }
    });
    noted.collect()
}
