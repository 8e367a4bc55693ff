//! Turns the ways out of an item's body into values. Where items may fail, the body runs in a closure: its `break`,
//! `continue` and `return` become values that the closure returns, and are done outside.
//!
//! ```text
//! for order in orders { if order.is_last() { break } .. return Ok(7) }    // the body becomes
//! { if order.is_last() { return Ok(Flow::Exit(0)) } .. return leave(Ok(7)) }
//! ```

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::visit_mut::{self, VisitMut};
use syn::{
    Block, Error, Expr, ExprBreak, ExprContinue, ExprReturn, Item, Label, Lifetime, Path, Result,
    Type,
};

use crate::syntax::hygiene::{at, local};

/// The terms on which the ways out of a body become values.
#[derive(Clone, Copy)]
pub(crate) struct Ways<'a> {
    /// The function's return type.
    pub(crate) returned: &'a Type,
    pub(crate) from: From<'a>,
}

/// The place where the body runs.
#[derive(Clone, Copy)]
pub(crate) enum From<'a> {
    /// In a closure within the loop.
    Within,
    /// In a closure outside of the loop. Holds the loop's label, and the local that turns an error into the function's
    /// return value.
    Outside(Option<&'a Label>, &'a Ident),
}

impl<'a> From<'a> {
    fn on_error(self) -> Option<&'a Ident> {
        match self {
            From::Within => None,
            From::Outside(_, on_error) => Some(on_error),
        }
    }
}

/// Makes all ways out of `body` values, and returns the code that each of them runs outside, by its number.
pub(crate) fn as_values(
    body: &mut Block,
    ways: Ways<'_>,
    krate: &Path,
) -> Result<Vec<TokenStream>> {
    let mut exits =
        Exits { ways, krate, loops: 0, labels: Vec::new(), found: Vec::new(), error: None };
    exits.visit_block_mut(body);
    exits.error.map_or(Ok(exits.found), Err)
}

struct Exits<'a> {
    ways: Ways<'a>,
    krate: &'a Path,
    /// The number of loops around the current place within the body; `labels` has the labels there.
    loops: usize,
    labels: Vec<Lifetime>,
    found: Vec<TokenStream>,
    error: Option<Error>,
}

impl Exits<'_> {
    /// Returns whether a `break` or `continue` to `label` stays within the body.
    fn stays(&self, label: Option<&Lifetime>) -> bool {
        label.map_or(self.loops > 0, |label| self.labels.contains(label))
    }

    /// Returns whether a `break` or `continue` to `label` goes to the loop outside of which the body runs.
    fn is_of_loop(&self, label: Option<&Lifetime>) -> bool {
        match self.ways.from {
            From::Outside(own, _) => {
                label.is_none_or(|label| own.is_some_and(|own| own.name == *label))
            }
            From::Within => false,
        }
    }

    fn within(&mut self, label: Option<&Label>, loops: usize, visit: impl FnOnce(&mut Self)) {
        let outside = self.labels.len();
        self.labels.extend(label.map(|label| label.name.clone()));
        self.loops += loops;
        visit(self);
        self.loops -= loops;
        self.labels.truncate(outside);
    }

    fn break_out(&mut self, it: &ExprBreak) -> Expr {
        if let Some(value) = &it.expr {
            let text = "a `break` with a value can't leave an item that may be tried again; \
                        put the value into a variable before";
            self.error.get_or_insert_with(|| Error::new(value.span(), text));
        }
        // The loop has ended by then, so nothing is left to break.
        let outside = if self.is_of_loop(it.label.as_ref()) {
            TokenStream::new()
        } else {
            quote_spanned! {at(it.break_token.span)=> #it }
        };
        self.exit(outside, it.break_token.span)
    }

    fn continue_out(&mut self, it: &ExprContinue) -> Expr {
        let here = at(it.continue_token.span);
        // A `continue` with a label is emitted outside, so that the label counts as used.
        if it.label.is_none() || self.is_of_loop(it.label.as_ref()) {
            let krate = self.krate;
            return Expr::Verbatim(quote_spanned! {here=>
                return #krate::__private::Ok(#krate::__private::Flow::Next)
            });
        }
        self.exit(quote_spanned! {here=> #it }, it.continue_token.span)
    }

    fn exit(&mut self, outside: TokenStream, place: proc_macro2::Span) -> Expr {
        let (krate, number) = (self.krate, self.found.len());
        self.found.push(outside);
        Expr::Verbatim(quote_spanned! {at(place)=>
            return #krate::__private::Ok(#krate::__private::Flow::Exit(#number))
        })
    }

    fn leave(&mut self, it: &mut ExprReturn) -> Option<Expr> {
        visit_mut::visit_expr_return_mut(self, it);
        let (krate, returned, item) = (self.krate, self.ways.returned, local("item"));
        let here = at(it.return_token.span);
        let (left, value) = if let Some(on_error) = self.ways.from.on_error() {
            let left = quote_spanned! {here=>
                #krate::__private::attempts!(#on_error).leave(#item)
            };
            let nothing = || quote_spanned! {here=> () };
            (left, it.expr.as_ref().map_or_else(nothing, |value| quote! { #value }))
        } else {
            let value = it.expr.as_ref()?;
            (quote_spanned! {here=> #krate::__private::leave(#item) }, quote! { #value })
        };
        Some(Expr::Verbatim(quote_spanned! {here=> {
            let #item: #returned = #value;
            return #left
        } }))
    }
}

impl VisitMut for Exits<'_> {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        let replaced = match expr {
            Expr::Closure(_) | Expr::Async(_) | Expr::Const(_) => None,
            Expr::Break(it) if !self.stays(it.label.as_ref()) => Some(self.break_out(it)),
            Expr::Continue(it) if !self.stays(it.label.as_ref()) => Some(self.continue_out(it)),
            Expr::Return(it) => self.leave(it),
            Expr::ForLoop(it) => {
                self.visit_expr_mut(&mut it.expr);
                let label = it.label.clone();
                self.within(label.as_ref(), 1, |within| within.visit_block_mut(&mut it.body));
                None
            }
            Expr::While(it) => {
                let label = it.label.clone();
                self.within(label.as_ref(), 1, |within| {
                    visit_mut::visit_expr_while_mut(within, it);
                });
                None
            }
            Expr::Loop(it) => {
                let label = it.label.clone();
                self.within(label.as_ref(), 1, |within| within.visit_block_mut(&mut it.body));
                None
            }
            Expr::Block(it) if it.label.is_some() => {
                let label = it.label.clone();
                self.within(label.as_ref(), 0, |within| within.visit_block_mut(&mut it.block));
                None
            }
            _ => {
                visit_mut::visit_expr_mut(self, expr);
                None
            }
        };
        if let Some(replaced) = replaced {
            *expr = replaced;
        }
    }

    fn visit_item_mut(&mut self, _: &mut Item) {}
}
