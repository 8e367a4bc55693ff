//! Generates a loop that walks a carried variable by mutable reference. The variable is lent as long as the iterator
//! lives:
//!
//! ```text
//! for row in rows.iter_mut() { row.send()? }    // becomes, where `rows` is carried
//! restore `rows` if items are complete
//! loop {
//!     let (paused, left, ended) = match match input(lent(rows.iter_mut())) {
//!         input => items(known_items!(input, unchecked), run, (0, 0), ..)
//!     } { (mut items, mut tally, ..) => {
//!         let (mut begun, mut paused) = (false, false);
//!         loop {
//!             if tally.complete() && begun && tally.run().is_stored() { paused = true; break }
//!             begun = true;
//!             match items.next(&mut tally) { the next item, see `lower_loop` }
//!         }
//!         let ended = items.has_ended();
//!         (paused, !paused && tally.leave(), ended)
//!     } };
//!     if paused { carry `rows` and save, or return the error; continue }
//!     if left { carry, and save unless that has to wait, or return the error }
//!     break;
//! }
//! ```
//!
//! For a save, the variable is given back, and lent again after it. So its items are known by their index, which needs
//! an iterator that tells its exact length.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::Lifetime;

use crate::analyse::plan::Plan;
use crate::analyse::survey::locals::Local;
use crate::analyse::targets::Target;
use crate::emit::lowered::Lowered;
use crate::emit::proof::Proof;
use crate::emit::{carry, kept_values, policy, save_points};
use crate::syntax::hygiene::{RESERVED, at, local, locals};

/// Returns the loop that lends what it walks, in place of one that holds it.
pub(crate) fn lending_walk(
    plan: &Plan,
    lowered: &Lowered,
    (target, locals): (&Target, &[Local]),
    proof: &Proof,
) -> TokenStream {
    locals!(items, tally);
    let Lowered { label, keyword, entered, has_ended, item_type, next, .. } = lowered;
    let (here, site) = (at(*keyword), Span::mixed_site());
    let run = save_points::run_at(target.depth);
    let (carry, save) =
        (carry::carry(plan, &run, Some(target), locals), save_points::save(plan, &run));
    let (restored, ends) =
        (kept_values::restored_in(plan, target), kept_values::keep_ends(plan, &run, target));
    let policy = policy::policy(plan, target);
    let [begun, paused, left, ended] = ["begun", "paused", "left", "ended"].map(local);
    let given_back = given_back(plan, &run, (&carry, &save));
    let watches = plan.options.settings.are_watched();
    let lending = Lifetime::new(&format!("'{RESERVED}_lending"), site);
    let check = &proof.check;
    quote_spanned! {here=> {
        #restored
        #lending: loop {
            let (#paused, #left, #ended) = match #entered {
                (mut #items, mut #tally #item_type) => {
                    #check
                    #policy
                    let (mut #begun, mut #paused) = (false, false);
                    #label loop {
                        if (#tally.complete() || #watches) && #begun && #tally.run().is_stored() {
                            #paused = true;
                            break;
                        }
                        #begun = true;
                        #next
                    }
                    let #ended = #has_ended;
                    (#paused, !#paused && #tally.leave(), #ended)
                }
            };
            if #paused {
                #given_back
                continue #lending;
            }
            if #left {
                #carry
                #ends
                if #run.saves_now() { #save }
            }
            break #lending;
        }
    } }
}

/// Returns the code that runs while the variable is given back: it saves the variable, and does what is asked of the
/// run.
fn given_back(
    plan: &Plan,
    run: &TokenStream,
    (carry, save): (&TokenStream, &TokenStream),
) -> TokenStream {
    locals!(error, ended);
    let krate = &plan.krate;
    let site = Span::mixed_site();
    let boundary = save_points::boundary(plan, run, carry, save, &quote_spanned! {site=> #ended });
    let fail = save_points::fail(plan, site);
    let heed = if plan.is_async {
        quote_spanned! {site=> apply_request_async().await }
    } else {
        quote_spanned! {site=> apply_request() }
    };
    quote_spanned! {site=>
        #carry
        #save
        if !#ended {
            if let #krate::__private::Err(#error) = #run.#heed { #fail }
        }
        #boundary
    }
}
