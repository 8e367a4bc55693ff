//! Implements `#[time_guard]` and `#[mem_guard]`: functions that are watched.
//!
//! Input:
//!
//! ```text
//! #[time_guard(timeout = "90s", send_kill)]
//! fn import(rows: &[Row]) -> Result<u64> { .. }
//! ```
//!
//! Output, in which the user's block is whole:
//!
//! ```text
//! fn import(rows: &[Row]) -> Result<u64> {
//!     let _limit = match TimeLimit::new(90 s).send_kill(true).start() {
//!         Ok(limit) => limit,
//!         Err(error) => return on_error!(Result<u64>)(error),
//!     };
//!     match () { () => { .. } }
//! }
//! ```
//!
//! In an async function, and in one that returns a future, the limit is around the future:
//!
//! ```text
//! return match TimeLimit::new(90 s).send_kill(true).run_async(future_of::<Result<u64>>(async move { .. })).await {
//!     Ok(returned) => returned,
//!     Err(error) => on_error!(Result<u64>)(error),
//! };
//! ```

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::visit_mut::VisitMut;
use syn::{Block, Error, ItemFn, Result};

use crate::parse::function::Returned;
use crate::parse::future;
use crate::syntax::groups::KeptWhole;
use crate::syntax::hygiene::{at, local};
use options::Options;

mod options;

pub(crate) use options::Kind;

/// Returns the function under a limit.
pub(crate) fn guarded(kind: Kind, options: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let mut function = parse(kind, item)?;
    let options = Options::parse(kind, options)?;
    let is_future = function.sig.asyncness.is_some() || future::output(&function).is_some();
    let returned = returned(&function);
    // An error in an option points at the option. The limit itself is placed at the function's name.
    let here = at(function.sig.ident.span());
    future::with_block(&mut function, |block| {
        let tokens = if is_future {
            around_future(&options, &returned, block, here)
        } else {
            in_front(&options, &returned, block, here)
        };
        // Lints skip an item whose last brace is not the user's, as they take it for generated.
        *block = Block { brace_token: block.brace_token, ..syn::parse2(tokens)? };
        Ok::<_, Error>(())
    })?;
    Ok(function.into_token_stream())
}

fn parse(kind: Kind, item: TokenStream) -> Result<ItemFn> {
    let name = kind.name();
    let mut function: ItemFn = syn::parse2(item).map_err(|error| {
        Error::new(error.span(), format!("`#[{name}]` goes on a function with a body: {error}"))
    })?;
    if let Some(token) = &function.sig.constness {
        let text = "a `const fn` takes no time that could be watched; remove the `const`";
        return Err(Error::new(token.span, text));
    }
    KeptWhole.visit_item_fn_mut(&mut function);
    Ok(function)
}

fn returned(function: &ItemFn) -> Returned {
    match future::output(function).filter(|_| function.sig.asyncness.is_none()) {
        Some(output) => Returned::of_type(&output),
        None => Returned::of(&function.sig.output),
    }
}

/// Returns the block, with a limit in front of it that lives as long as the block.
fn in_front(options: &Options, returned: &Returned, block: &Block, here: Span) -> TokenStream {
    let krate = &options.krate;
    let (limit, error) = (local("limit"), local("error"));
    let site = Span::mixed_site();
    let built = options.limit();
    let started = quote_spanned! {here=> #built.start() };
    let on_error = on_error(options, returned);
    let failed = match returned {
        // A `return` of what never returns would be reported as unreachable.
        Returned::Never => quote_spanned! {site=> match #on_error(#error) {} },
        Returned::Type(_) | Returned::Opaque => quote_spanned! {site=> return #on_error(#error) },
    };
    // As the tail of a block, the user's block would be reported for its braces.
    quote_spanned! {site=> {
        let #limit = match #started {
            #krate::__private::Ok(#limit) => #limit,
            #krate::__private::Err(#error) => #failed,
        };
        match () { () => #block }
    } }
}

/// Returns the block as a future, with a limit around it.
fn around_future(options: &Options, returned: &Returned, block: &Block, here: Span) -> TokenStream {
    let krate = &options.krate;
    let (value, error) = (local("value"), local("error"));
    let site = Span::mixed_site();
    let built = options.limit();
    let ty = match returned {
        Returned::Type(ty) => ty.to_token_stream(),
        Returned::Opaque => quote_spanned! {site=> _ },
        Returned::Never => quote_spanned! {site=> #krate::__private::Infallible },
    };
    let future = quote_spanned! {site=>
        #krate::__private::future_of::<#ty>(async move { match () { () => #block } })
    };
    let run = quote_spanned! {here=> #built.run_async(#future).await };
    let on_error = on_error(options, returned);
    let matched = quote_spanned! {site=>
        match #run {
            #krate::__private::Ok(#value) => #value,
            #krate::__private::Err(#error) => #on_error(#error),
        }
    };
    match returned {
        Returned::Never => quote_spanned! {site=> { match #matched {} } },
        // As a tail, it would drop its temporaries at a time that depends on the edition.
        Returned::Type(_) | Returned::Opaque => quote_spanned! {site=> { return #matched; } },
    }
}

/// Returns the expression for what turns an error into the function's return value.
fn on_error(options: &Options, returned: &Returned) -> TokenStream {
    let krate = &options.krate;
    let site = Span::mixed_site();
    match returned {
        Returned::Type(ty) => quote_spanned! {site=> #krate::__private::on_error!(#ty) },
        Returned::Opaque | Returned::Never => {
            quote_spanned! {site=> #krate::__private::panic_with }
        }
    }
}
