//! Each `?` of the body takes note of what it fails with.
//!
//! ```text
//! send(order)?    // becomes
//! (Passing(send(order)).at(&Site { file: "src/main.rs", line: 3, column: 9, expression: "send(order)" }, handed))?
//! ```
//!
//! `?` is itself a call that is given the value, so another around the value changes neither what is
//! inferred, nor what is moved, nor how long temporaries live. It is a method, as that need not be
//! there for every type: what can't have a `?` is reported at the `?` alone. A `?` in a closure or an
//! `async` block leaves that, and not the function.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::spanned::Spanned;
use syn::token::Paren;
use syn::visit_mut::{self, VisitMut};
use syn::{Block, Expr, ExprMethodCall, ExprParen, Item, Path};

use crate::expand::Expansion;
use crate::hygiene::at;
use crate::text::text_of;

/// Longest text of an expression that goes into the program.
const LIMIT: usize = 200;

impl Expansion {
    /// Lets each `?` of the block note what it fails with, and of which item.
    pub(crate) fn note_questions(&self, block: &mut Block) {
        Questions { krate: &self.krate, handed: &self.names.handed }.visit_block_mut(block);
    }

    /// What the notes need: outside of all loops there is no item.
    pub(crate) fn noting(&self) -> TokenStream {
        let (krate, handed) = (&self.krate, &self.names.handed);
        quote_spanned! {Span::mixed_site()=>
            #[allow(unused_imports)]
            use #krate::__private::PassingAnything as _;
            let #handed = #krate::__private::NoItem;
        }
    }
}

struct Questions<'a> {
    krate: &'a Path,
    handed: &'a proc_macro2::Ident,
}

impl Questions<'_> {
    /// The value on its way to the `?`.
    fn passing(&self, value: Expr) -> Option<Expr> {
        let (krate, handed) = (self.krate, self.handed);
        let place = value.span();
        let here = at(place);
        let start = place.start();
        let (line, column) = (u32::try_from(start.line).ok()?, u32::try_from(start.column).ok()?);
        let column = column + 1;
        let expression = text_of(&value.to_token_stream(), LIMIT);
        let receiver = syn::parse2::<Expr>(quote_spanned! {here=> #krate::__private::Passing(()) });
        let Ok(Expr::Call(mut passing)) = receiver else { return None };
        passing.args = std::iter::once(bare(value)).collect();
        let call = syn::parse2::<ExprMethodCall>(quote_spanned! {here=>
            ().at(
                &#krate::__private::Site {
                    file: #krate::__private::file!(),
                    line: #line,
                    column: #column,
                    expression: #expression,
                },
                #handed,
            )
        });
        let mut call = call.ok()?;
        *call.receiver = Expr::Call(passing);
        // Errors at the `?` point at what it and the expression before it span together, which has to be
        // the user's.
        Some(Expr::Paren(ExprParen {
            attrs: Vec::new(),
            paren_token: Paren(place),
            expr: Box::new(Expr::MethodCall(call)),
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
            && let Some(passing) = self.passing((*it.expr).clone())
        {
            *it.expr = passing;
        }
    }

    fn visit_item_mut(&mut self, _: &mut Item) {}
}

/// The value without the parentheses that a `?` needs, and an argument does not.
fn bare(value: Expr) -> Expr {
    match value {
        Expr::Paren(ExprParen { attrs, expr, .. }) if attrs.is_empty() => bare(*expr),
        value => value,
    }
}
