//! Generates the code that restores carried and reconnected variables: locals in their initialisers, arguments before
//! the body.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote_spanned};
use syn::{Block, Result};

use crate::analyse::borrowed;
use crate::analyse::carried::{CarriedVariable, Restoration, Source};
use crate::analyse::plan::Plan;
use crate::emit::{carry, kept_values, migrations, save_points};
use crate::syntax::hygiene::{at, local, locals, moved};
use crate::syntax::rewrite::replace_initialiser;

/// Makes the initialisers of carried locals restore them, and returns the statements that restore carried arguments.
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
                    // The code is parsed, so that loops in the initialiser are counted as before.
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

/// Returns the initialiser with the code that keeps its value, or that checks a handle; alone if neither is needed.
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
            // A `let` would shift the numbers of those behind it.
            quote_spanned! {here=> match (#init,) { (#value,) => { #keep #value } } }
        }
        Restoration::Reconnect(_) => {
            let check = check(plan, variable, &quote_spanned! {here=> &mut #value });
            quote_spanned! {here=> match (#init,) { (mut #value,) => { #check #value } } }
        }
    }
}

/// Returns the code that fails, before an item runs, if a new handle can't be rebuilt; empty for a variable that is no
/// handle.
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

/// Returns the expression that gives `found` if a value was saved, and `fresh` if none was.
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
    // The call is moved to this place, or an error would point at the whole attribute.
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
