//! A loop that walks a carried variable by mutable reference, which is lent as long as the iterator is there:
//!
//! ```text
//! for row in rows.iter_mut() { row.send()? }    // becomes, where `rows` is carried
//! restore `rows` if items are complete
//! loop {
//!     let (paused, left, ended) = match lent_items(rows.iter_mut(), run, (0, 0), ..) { (mut items, mut tally, ..) => {
//!         let (mut begun, mut paused) = (false, false);
//!         loop {
//!             if tally.complete() && begun && tally.run().is_stored() { paused = true; break }
//!             begun = true;
//!             match items.next(&mut tally) { the next item, see `head` }
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
//! To be saved, the variable is given back, and lent again: so its items are known by their places, which takes an
//! iterator that tells its exact length.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;
use syn::{Expr, Lifetime};

use crate::carried::CarriedVariable;
use crate::expand::{Expansion, Names};
use crate::find::Target;
use crate::head::Lowered;
use crate::hygiene::{RESERVED, at, local};
use crate::loops::locals::Local;
use crate::proof::Proof;

impl Expansion {
    /// Whether that loop walks a carried variable by mutable reference.
    pub(crate) fn lends(&self, target: &Target) -> bool {
        let written = self.originals.get(&target.at);
        let Some(Expr::ForLoop(it)) = written else { return false };
        self.carried.iter().any(|variable| !variable.is_handle() && variable.is_lent_in(&it.expr))
    }

    /// The loop that lends, in place of the one that holds what it walks.
    pub(crate) fn lending_walk(
        &self,
        lowered: &Lowered,
        (target, locals): (&Target, &[Local]),
        proof: &Proof,
    ) -> TokenStream {
        let krate = &self.krate;
        let Names { items, tally, error, .. } = &self.names;
        let Lowered { label, keyword, entered, has_ended, item_type, next, .. } = lowered;
        let (here, site) = (at(*keyword), Span::mixed_site());
        let run = self.run_at(target.depth);
        let (carry, save) = (self.carry(&run, Some(target), locals), self.save(&run));
        let (restored, ends) = (self.restored_in(target), self.keep_ends(&run, target));
        let policy = self.policy(target);
        let [begun, paused, left, ended] = ["begun", "paused", "left", "ended"].map(local);
        let boundary = self.boundary(&run, &carry, &save, &quote_spanned! {site=> #ended });
        let fail = self.fail(site);
        let heed = if self.is_async {
            quote_spanned! {site=> apply_request_async().await }
        } else {
            quote_spanned! {site=> apply_request() }
        };
        let watches = self.options.watches();
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
                    #carry
                    #save
                    if !#ended {
                        if let #krate::__private::Err(#error) = #run.#heed { #fail }
                    }
                    #boundary
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
}

impl CarriedVariable {
    /// Whether an iterated expression borrows it mutably.
    pub(crate) fn is_lent_in(&self, head: &Expr) -> bool {
        lent(head).is_some_and(|ident| *ident == self.ident)
    }
}

/// The variable in `&mut x`, `x.iter_mut()`, and in what is made of these.
fn lent(head: &Expr) -> Option<&Ident> {
    match head {
        Expr::Reference(it) if it.mutability.is_some() => root(&it.expr),
        Expr::MethodCall(it) if it.method.to_string().ends_with("_mut") => root(&it.receiver),
        Expr::MethodCall(it) => lent(&it.receiver),
        Expr::Paren(it) => lent(&it.expr),
        Expr::Group(it) => lent(&it.expr),
        _ => None,
    }
}

/// The variable that an expression is, or is a part of, or is made of by methods.
pub(crate) fn root(expr: &Expr) -> Option<&Ident> {
    match expr {
        Expr::Path(it) => it.path.get_ident(),
        Expr::Field(it) => root(&it.base),
        Expr::Index(it) => root(&it.expr),
        Expr::Unary(it) => root(&it.expr),
        Expr::Reference(it) => root(&it.expr),
        Expr::MethodCall(it) => root(&it.receiver),
        Expr::Paren(it) => root(&it.expr),
        Expr::Group(it) => root(&it.expr),
        _ => None,
    }
}
