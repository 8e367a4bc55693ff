//! Makes each `?` of the body note what it fails with.
//!
//! ```text
//! send(order)?    // becomes
//! (Given::noted(send(order), &("src/main.rs", 3, 9, "send(order)"), handed))?
//! ```
//!
//! A `?` is itself a call that is given the value. So another call around the value changes neither what is inferred,
//! nor what is moved, nor how long temporaries live. A `?` in a closure or an `async` block leaves only that, and not
//! the function.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::spanned::Spanned;
use syn::token::Paren;
use syn::visit_mut::{self, VisitMut};
use syn::{Block, Expr, ExprCall, ExprParen, Item, Macro, Path};

use crate::analyse::plan::Plan;
use crate::syntax::hygiene::{at, local, moved_crate};
use crate::syntax::std_macros::each_expression;
use crate::syntax::text::text_of;

/// The longest text of an expression that goes into the program, in bytes.
const LIMIT: usize = 200;

/// Makes each `?` of the block note what it fails with, and in which item.
pub(crate) fn note_tries(plan: &Plan, block: &mut Block) {
    Questions { krate: &plan.krate, handed: &local("handed") }.visit_block_mut(block);
}

/// Returns the statement that says for the notes that outside of all loops there is no item. A function that is not
/// async and returns a type with a name does without it: it is given `handed` with its run.
pub(crate) fn noting(plan: &Plan) -> TokenStream {
    let (krate, handed) = (&plan.krate, &local("handed"));
    quote_spanned! {Span::mixed_site()=>
        let #handed = #krate::__private::NoItem;
    }
}

struct Questions<'a> {
    krate: &'a Path,
    handed: &'a proc_macro2::Ident,
}

impl Questions<'_> {
    /// Returns the value on its way to the `?`, in the call that notes it; none if its line or column is no `u32`.
    fn given(&self, value: Expr) -> Option<Expr> {
        let handed = self.handed;
        let place = value.span();
        let here = at(place);
        // The path is moved to this place, or an error would point at the whole attribute.
        let krate = moved_crate(self.krate, here);
        let start = place.start();
        let (line, column) = (u32::try_from(start.line).ok()?, u32::try_from(start.column).ok()?);
        let column = column + 1;
        let expression = text_of(&value.to_token_stream(), LIMIT);
        let func = quote_spanned! {here=> #krate::__private::TryOperand::noted };
        let site = quote_spanned! {here=>
            &(#krate::__private::file!(), #line, #column, #expression)
        };
        let handed = handed.to_token_stream();
        let noted = ExprCall {
            attrs: Vec::new(),
            func: Box::new(Expr::Verbatim(func)),
            paren_token: Paren(here),
            args: [bare(value), Expr::Verbatim(site), Expr::Verbatim(handed)].into_iter().collect(),
        };
        // Errors at a `?` point at the span from the expression before it to the `?`, so the parentheses have the
        // user's span.
        Some(Expr::Paren(ExprParen {
            attrs: Vec::new(),
            paren_token: Paren(place),
            expr: Box::new(Expr::Call(noted)),
        }))
    }
}

impl VisitMut for Questions<'_> {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        match expr {
            Expr::Closure(_) | Expr::Async(_) | Expr::Const(_) | Expr::TryBlock(_) => return,
            _ => visit_mut::visit_expr_mut(self, expr),
        }
        if let Expr::Try(it) = expr
            && let Some(given) = self.given((*it.expr).clone())
        {
            *it.expr = given;
        }
    }

    fn visit_macro_mut(&mut self, mac: &mut Macro) {
        each_expression(mac, |expr| self.visit_expr_mut(expr));
    }

    fn visit_item_mut(&mut self, _: &mut Item) {}
}

/// Returns the value without the parentheses that a `?` needs, and an argument does not.
fn bare(value: Expr) -> Expr {
    match value {
        Expr::Paren(ExprParen { attrs, expr, .. }) if attrs.is_empty() => bare(*expr),
        value => value,
    }
}
