//! The proof that a loop's body changes nothing from before the loop but what is named.
//!
//! ```text
//! for order in orders { total += ship(order)? }    // gets before it, where `total` is carried
//! if false {
//!     let check = || -> Result<u64> {
//!         let mut total = known(&type_0).fake();
//!         loop {
//!             if maybe() { break; }
//!             touch(&mut total);
//!             let order = item_type.fake();
//!             match () { () => { total += ship(order)? } }
//!         }
//!         touch(&mut total);
//!         never()
//!     };
//!     let _ = name_in_carry_reconnect_or_fresh_what_the_loop_changes(check);
//!     read_only!(item_type);
//! }
//! ```
//!
//! What changes, or moves, a variable from before the loop makes the closure one that is not `Fn`, whatever the
//! way. The types of variables are taken before the loop's head, which may borrow them.

mod copy;
mod fakes;
mod macros;
pub(crate) mod outer;
mod rename;
mod returned;
mod shells;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::visit::Visit;
use syn::visit_mut::VisitMut;
use syn::{Block, Expr, Label, Pat, Type};

use crate::analyse::survey::{Loop, while_let};
use crate::analyse::targets::Target;
use crate::emit::cursors::cursor_type;
use crate::parse::function::{Binding, Returned, bindings};
use crate::parse::options::items::Identity;
use crate::resumable::Expansion;
use crate::syntax::free_variables as free;
use crate::syntax::hygiene::{at, local, moved};
use copy::Copy;
use outer::{Outer, own_names};
use rename::rename;

/// The proof of one loop.
#[derive(Default)]
pub(crate) struct Proof {
    /// The types of variables, taken before the loop's head, and the locals that hold them.
    pub(crate) types: TokenStream,
    pub(crate) names: TokenStream,
    /// What is compiled and never runs, behind the head.
    pub(crate) check: TokenStream,
}

/// A loop as it was written.
pub(crate) struct Written<'a> {
    pub(crate) pat: &'a Pat,
    /// What is walked, or asked for the next item.
    pub(crate) head: &'a Expr,
    pub(crate) is_for: bool,
    pub(crate) body: &'a Block,
    pub(crate) label: Option<&'a Label>,
    pub(crate) keyword: Span,
}

impl<'a> Written<'a> {
    fn of(expr: &'a Expr) -> Option<Self> {
        match expr {
            Expr::ForLoop(it) => Some(Written {
                pat: &it.pat,
                head: &it.expr,
                is_for: true,
                body: &it.body,
                label: it.label.as_ref(),
                keyword: it.for_token.span,
            }),
            Expr::While(it) => while_let(it).map(|(pat, head)| Written {
                pat,
                head,
                is_for: false,
                body: &it.body,
                label: it.label.as_ref(),
                keyword: it.while_token.span,
            }),
            _ => None,
        }
    }
}

/// Whether no loop is left out for that there is nothing to prove: a test compares what is then refused.
fn proves_all() -> bool {
    std::env::var_os("SAFE_STATE_PROVE_ALL").is_some()
}

/// Types that are taken before the head, and the locals that hold them.
#[derive(Default)]
pub(crate) struct Taken {
    types: TokenStream,
    names: TokenStream,
    count: usize,
}

impl Expansion {
    /// The proof of the loop of `target`, which stands where `around` says, in the resumable loop `within`. What
    /// is from before that is that one's to prove, whose copy holds this body.
    pub(crate) fn proof(
        &self,
        (target, within): (&Target, Option<usize>),
        targets: &[Target],
        around: &Loop,
    ) -> Proof {
        let original = self.originals.get(&target.at);
        let Some(written) = original.and_then(Written::of) else { return Proof::default() };
        let outer = self.outer(around, within);
        let mut free = free::of_block(written.body);
        for bound in bindings(written.pat) {
            free.remove(&bound.name());
        }
        if self.takes(target) {
            // What the head takes from is named, and it may take from nothing else.
            free.extend(free::names(|free| free.visit_expr(written.head)));
        }
        let hidden = !around.macros.is_empty() || proves_all();
        let seen: Vec<&Outer<'_>> =
            outer.iter().filter(|it| hidden || free::holds(&free, &it.ident)).collect();
        let mut taken = Taken::default();
        let is_needed = hidden
            || seen.iter().any(|it| {
                !it.is_constant() && !it.is_elsewhere && !self.is_named(&it.ident, target)
            });
        let closure = if is_needed {
            self.closure(&written, (target, targets, around), (&outer, &seen), &mut taken)
        } else {
            TokenStream::new()
        };
        let items = self.items_check((target, &written), &outer);
        let shared = self.shared_checks(&seen, &free, &mut taken);
        let kept = self.kept_checks(target, around, &mut taken);
        let Taken { types, names, .. } = taken;
        // Behind the closure, which may be what tells the types.
        let checks = [closure, quote! { #items #shared #kept }];
        let checks = checks.iter().filter(|check| !check.is_empty());
        let checks =
            checks.map(|check| quote_spanned! {at(written.keyword)=> if false { #check } });
        let check = checks.collect();
        Proof { types, names, check }
    }

    /// Takes the type of `place`, and gives the expression that tells it.
    pub(crate) fn take(&self, place: &impl ToTokens, taken: &mut Taken) -> TokenStream {
        let krate = &self.krate;
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

    /// The closure with the body's copy, and what it is passed to.
    fn closure(
        &self,
        written: &Written<'_>,
        (target, targets, around): (&Target, &[Target], &Loop),
        (outer, seen): (&[Outer<'_>], &[&Outer<'_>]),
        taken: &mut Taken,
    ) -> TokenStream {
        let here = at(written.keyword);
        let runs_again = target.items.policy.answers_errors();
        let cursor = cursor_within(target, targets);
        let walk = self.copied(written, (target, cursor, runs_again, around), (outer, seen), taken);
        let (returned, unified) = self.returned_by(written.body);
        let check = local("check");
        let asyncness = self.is_async.then(|| quote_spanned! {here=> async });
        let bound = Ident::new(bound(self.is_async, runs_again), here);
        let krate = moved(&self.krate, here);
        let passed = quote_spanned! {here=> #krate::__private::#bound(#check) };
        let passed = if unified {
            quote_spanned! {here=> return #passed; }
        } else {
            quote_spanned! {here=> let _ = #passed; }
        };
        quote_spanned! {here=>
            let #check = #asyncness || -> #returned {
                #walk
                #krate::__private::never()
            };
            #passed
        }
    }

    /// The copy of the loop, with locals for what is named.
    fn copied(
        &self,
        written: &Written<'_>,
        (target, cursor, runs_again, around): (&Target, Option<Ident>, bool, &Loop),
        (outer, seen): (&[Outer<'_>], &[&Outer<'_>]),
        taken: &mut Taken,
    ) -> TokenStream {
        let krate = &self.krate;
        let here = at(written.keyword);
        let (named, renamed) = self.fakes((target, written), seen, taken);
        let mut own = own_names(written.body);
        own.extend(bindings(written.pat).iter().map(Binding::name));
        let outer_names: Vec<Ident> = outer.iter().map(|it| it.ident.clone()).collect();
        let (outer_names, own) = (outer_names.as_slice(), &own);
        let mut copy =
            Copy { expansion: self, outer: outer_names, own, cursor, is_lost: false, runs_again };
        let mut body = written.body.clone();
        copy.visit_block_mut(&mut body);
        let item = self.next_item((target, written), (outer, &renamed), &mut copy, taken);
        let touched: TokenStream = named.iter().map(|it| it.touched.clone()).collect();
        let named: TokenStream = named.iter().map(|it| it.declared.clone()).collect();
        let macros = macros::called(&around.macros, written.body);
        let body = rename(quote_spanned! {here=> match () { () => #body } }, &renamed);
        let label = written.label.filter(|label| shells::mentions(&body, &label.name));
        let walk = quote_spanned! {here=>
            #label loop {
                if #krate::__private::maybe() { break; }
                #touched
                #item
                #body
            }
            #touched
        };
        let walk = shells::around(&walk, &body, around, krate);
        quote! { #named #(#macros)* #walk }
    }

    /// The closure's return type; whether it holds one that only what is returned can tell.
    fn returned_by(&self, body: &Block) -> (TokenStream, bool) {
        let krate = &self.krate;
        let site = Span::mixed_site();
        let ty: Type = match &self.returned {
            Returned::Type(ty) => returned::anonymous(ty),
            Returned::Opaque => syn::parse_quote_spanned! {site=> _ },
            Returned::Never => {
                return (quote_spanned! {site=> #krate::__private::Infallible }, false);
            }
        };
        let unified = returned::is_open(&ty) && returned::gives(body);
        let ty = if unified { ty } else { returned::closed(&ty) };
        (quote! { #ty }, unified)
    }
}

/// The function of the runtime that asks for a closure that is `Fn`. Errors show its name.
fn bound(is_async: bool, runs_again: bool) -> &'static str {
    match (is_async, runs_again) {
        (false, false) => "name_in_carry_reconnect_or_fresh_what_the_loop_changes",
        (true, false) => "name_in_carry_reconnect_or_fresh_what_the_async_loop_changes",
        (false, true) => "name_in_carry_reconnect_or_fresh_what_an_item_that_may_run_again_changes",
        (true, true) => {
            "name_in_carry_reconnect_or_fresh_what_an_async_item_that_may_run_again_changes"
        }
    }
}

/// The local that stands for the type of the cursors that are asked for within the loop's body.
fn cursor_within(target: &Target, targets: &[Target]) -> Option<Ident> {
    let by_cursor = |it: &&Target| matches!(it.items.identity, Identity::Cursor(_));
    let within = targets.iter().filter(|it| it.at >= target.at && by_cursor(it));
    within.map(cursor_type).next()
}
