//! Fills in `commit!(tx)`, by which a transaction of the user's saves the item's progress too.
//!
//! ```text
//! commit!(tx)    // becomes, where a variable is carried
//! match tx {
//!     value => {
//!         use {Awaited as _, Blocking as _};
//!         let committing = &mut tally;
//!         let carried = 'carry: {
//!             if let Err(error) = committing.run().carry("sum", 0, &sum) { break 'carry Err(error) }
//!             Ok(())
//!         };
//!         Committing(value).commit(committing, carried)
//!     }
//! }
//! ```

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::spanned::Spanned;
use syn::{Block, Error, Expr, Lifetime, Macro, Result};

use crate::analyse::plan::Plan;
use crate::analyse::survey::Survey;
use crate::analyse::survey::locals::Local;
use crate::analyse::targets::Target;
use crate::emit::carry;
use crate::syntax::hygiene::{RESERVED, at, local, locals, moved_crate};
use crate::syntax::rewrite::each_macro;

/// Fills in each `commit!(..)` in the bodies of the resumable loops of `block`.
pub(crate) fn commits(
    plan: &Plan,
    block: &mut Block,
    survey: &Survey,
    targets: &[Target],
) -> Result<()> {
    if targets.is_empty() {
        return Ok(());
    }
    each_macro(block, |mac, next, around| {
        if plan.our_macro(&mac.path).is_none_or(|name| name != "commit") {
            return Ok(());
        }
        let refused = |text: &str| Err(Error::new(mac.path.span(), text));
        let Some(innermost) = around.last() else {
            return refused(
                "this is outside of the resumable loop; put it into the loop's body, where an item ends",
            );
        };
        if next == *innermost {
            return refused("this is the head of a loop; put it into the body, where an item ends");
        }
        let target = targets.iter().find(|target| target.at == *innermost);
        if target.is_none() {
            return refused(
                "an item is committed once, and this loop in it is not resumable; mark it with `#[resume]`, \
                 or put this behind it",
            );
        }
        let locals =
            survey.loops.get(*innermost).map(|it| it.scope.locals.as_slice()).unwrap_or_default();
        let tally = &local("tally");
        let tally = quote_spanned! {Span::mixed_site()=> &mut #tally };
        mac.tokens = commit(plan, mac, &tally, (target, locals))?;
        Ok(())
    })
}

/// Returns the tokens to fill a `commit!(..)` with, in which `tally` is the expression for the loop's tally.
pub(crate) fn commit(
    plan: &Plan,
    mac: &Macro,
    tally: &TokenStream,
    (target, locals): (Option<&Target>, &[Local]),
) -> Result<TokenStream> {
    locals!(value, error);
    let (committing, carried) = (local("committing"), local("carried"));
    let transaction: Expr = mac.parse_body()?;
    let here = at(mac.path.span());
    // The path is moved to this place, or an error would point at the whole attribute.
    let krate = &moved_crate(&plan.krate, here);
    let label = Lifetime::new(&format!("'{RESERVED}_carry"), Span::mixed_site());
    let leave = quote_spanned! {here=> break #label #krate::__private::Err(#error); };
    let carry =
        carry::carry_or(plan, &quote_spanned! {here=> #committing.run() }, target, locals, &leave);
    let carry = if carry.is_empty() {
        quote_spanned! {here=> #krate::__private::Ok(()) }
    } else {
        quote_spanned! {here=> #label: { #carry #krate::__private::Ok(()) } }
    };
    Ok(quote_spanned! {here=>
        @filled_in match #transaction {
            #value => {
                #[allow(unused_imports)]
                use #krate::__private::{Awaited as _, Blocking as _};
                #[allow(unused_mut)]
                let mut #committing = #tally;
                let #carried = #carry;
                #krate::__private::Committing(#value).commit(#committing, #carried)
            }
        }
    })
}
