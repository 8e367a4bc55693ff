//! Implements `#[resumable]`: makes a plan of the tokens, and of the plan the function that takes the annotated one's
//! place.

use proc_macro2::TokenStream;
use quote::quote;
use syn::Result;

use crate::analyse::analyse;
use crate::emit;
use crate::parse::function;

pub(crate) fn resumable(options: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let mut function = function::parse(item)?;
    let analysed = analyse(syn::parse2(options)?, &function)?;
    let job = emit::job::job(&analysed.plan, &analysed.targets, &function);
    let companion = emit::companion::beside(&function, &analysed.plan, &job);
    emit::function::rewrite(&mut function, &analysed, job)?;
    Ok(quote! { #function #companion })
}
