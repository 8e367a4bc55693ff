//! From the annotated function to the one that takes its place.
//!
//! Input:
//!
//! ```text
//! #[resumable(name = "orders")]
//! fn total(orders: Vec<Order>, rate: Rate) -> Result<u64> {
//!     for order in orders { ship(order, &rate)? }
//!     Ok(1)
//! }
//! ```
//!
//! Output, the user's block whole but for the loop's head:
//!
//! ```text
//! fn total(orders: Vec<Order>, rate: Rate) -> Result<u64> {
//!     let job = Job::new("orders");
//!     let on_error = on_error!(Result<u64>);
//!     let mut run = match Run::open(&job) { Ok(run) => run, Err(error) => return on_error(error) };
//!     let outcome = {
//!         let run = &mut run;
//!         call_in(&run.spans(), move || -> Result<u64> {
//!             let _ = &rate;
//!             let _ = &orders;
//!             match () { () => {
//!                 the loop, see `head`
//!                 Ok(1)
//!             } }
//!         })
//!     };
//!     let failing = failing!(&outcome);
//!     return run.finish(outcome, failing, on_error);
//! }
//! struct total {} // the companion, with peek_checkpoint and the like
//! ```
//!
//! An async function has an `async move` block in the closure's place. In a function that returns
//! a future, all of it stands inside that future.

use proc_macro2::TokenStream;
use quote::quote;
use syn::Result;

use crate::analyse::analyse;
use crate::emit;
use crate::parse::function;

pub(crate) fn resumable(options: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let mut function = function::parse(item)?;
    let analysed = analyse(syn::parse2(options)?, &function)?;
    let companion = emit::companion::beside(&function, &analysed.plan);
    emit::function::rewrite(&mut function, &analysed)?;
    Ok(quote! { #function #companion })
}
