//! x

use proc_macro2::TokenStream;
use quote::{ToTokens, quote_spanned};
use syn::{Block, Result};

use crate::analyse::borrowed;
use crate::analyse::carried::{CarriedVariable, Restoration, Source};
use crate::analyse::plan::Plan;
use crate::emit::{carry, kept_values, migrations, save_points};
use crate::syntax::hygiene::{at, local, locals, moved};
use crate::syntax::rewrite::replace_initialiser;

/// Makes the initialisers of carried locals restore them, and gives the statements that restore
/// carried arguments.
pub(crate) fn restore(plan: &Plan, block: &mut Block) -> Result<TokenStream> {
    let mut statements = TokenStream::new();
    for variable in &plan.carried {
        let ident = &variable.ident;
        let value = &local("value");
        let here = at(ident.span());
        match variable.source {
            Source::Local { at: place, is_reference: true, .. } => {
                replace_initialiser(block, place, |init| {
                    let reference = local("reference");
                    let found = quote_spanned! {here=> { *#reference = #value; #reference } };
                    let keep = kept_values::keep_start(
                        plan,
                        variable,
                        &quote_spanned! {here=> &*#reference },
                    );
                    let fresh = quote_spanned! {here=> { #keep #reference } };
                    let restored = restored(plan, variable, &found, &fresh);
                    syn::parse2(quote_spanned! {here=> match #init { #reference => #restored } })
                })?;
            }
            Source::Local { at: place, .. } => {
                let found = quote_spanned! {here=> #value };
                replace_initialiser(block, place, |init| {
                    if let Restoration::Carry = variable.restoration {
                        borrowed::check_initialiser(ident, init)?;
                    }
                    let fresh = initialised(plan, variable, &init.to_token_stream());
                    // Parsed, so that loops in the initialiser keep their places.
                    syn::parse2(restored(plan, variable, &found, &fresh))
                })?;
            }
            Source::Argument { .. } => {
                let assigned = variable.assigned();
                let found = quote_spanned! {here=> #assigned = #value };
                let check = check(plan, variable, &variable.value());
                let keep = kept_values::keep_start(plan, variable, &variable.value());
                let fresh = quote_spanned! {here=> { #check #keep } };
                statements.extend(restored(plan, variable, &found, &fresh));
            }
        }
    }
    Ok(statements)
}

/// The value of the initialiser, which is to be one that can be saved.
pub(crate) fn initialised(
    plan: &Plan,
    variable: &CarriedVariable,
    init: &TokenStream,
) -> TokenStream {
    let here = at(variable.ident.span());
    let value = &local("value");
    match variable.restoration {
        Restoration::Carry if !variable.places.start => init.clone(),
        Restoration::Carry => {
            let keep = kept_values::keep_start(plan, variable, &quote_spanned! {here=> &#value });
            // No `let`, which would shift the numbers of those behind it.
            quote_spanned! {here=> match (#init,) { (#value,) => { #keep #value } } }
        }
        Restoration::Reconnect(_) => {
            let check = check(plan, variable, &quote_spanned! {here=> &mut #value });
            quote_spanned! {here=> match (#init,) { (mut #value,) => { #check #value } } }
        }
    }
}

/// Fails where a new handle is one that can't be rebuilt, before an item runs.
pub(crate) fn check(plan: &Plan, variable: &CarriedVariable, handle: &TokenStream) -> TokenStream {
    let Restoration::Reconnect(ty) = &variable.restoration else { return TokenStream::new() };
    let krate = &plan.krate;
    locals!(error);
    let here = at(variable.ident.span());
    let fail = save_points::fail(plan, here);
    let name = variable.name();
    let depth = variable.depth();
    let run = save_points::run_at(depth);
    let means = carry::means(plan, variable, ty.as_deref());
    quote_spanned! {here=>
        if let #krate::__private::Err(#error) = #run.check(#name, #depth, #handle, &#means) {
            #fail
        }
    }
}

/// `found` with the value that was saved, `fresh` where none was.
pub(crate) fn restored(
    plan: &Plan,
    variable: &CarriedVariable,
    found: &TokenStream,
    fresh: &TokenStream,
) -> TokenStream {
    let krate = &plan.krate;
    locals!(value, error);
    let fail = save_points::fail(plan, at(variable.ident.span()));
    let name = variable.name();
    let (depth, first_loop) = (variable.depth(), variable.first_loop);
    let here = at(variable.ident.span());
    // All of the call there, or an error would point at the whole attribute.
    let run = moved(&save_points::run_at(depth), here);
    let restored = match &variable.restoration {
        Restoration::Carry if variable.places.start => {
            quote_spanned! {here=> #run.restore_start(#name, (#depth, #first_loop)) }
        }
        Restoration::Carry => quote_spanned! {here=> #run.restore(#name, (#depth, #first_loop)) },
        Restoration::Reconnect(ty) => {
            let means = carry::means(plan, variable, ty.as_deref());
            quote_spanned! {here=> #run.reconnect(#name, (#depth, #first_loop), &#means) }
        }
    };
    let restored = migrations::checked(plan, variable, restored);
    quote_spanned! {here=>
        match #restored {
            #krate::__private::Ok(#krate::__private::Some(#value)) => #found,
            #krate::__private::Ok(#krate::__private::None) => #fresh,
            #krate::__private::Err(#error) => #fail,
        }
    }
}
