//! Marks each `return` in a loop of a function that may return an `Option`.

use quote::quote_spanned;
use syn::visit_mut::{self, VisitMut};
use syn::{Block, Expr, ExprReturn, Type};

use crate::analyse::plan::Plan;
use crate::syntax::hygiene::{at, locals};

/// Makes each `return` in the loop tell the run of itself, in a function that returns an `Option`, by whatever name.
/// The run could not tell a `return None` from a `None` that `?` returns otherwise.
pub(crate) fn mark_returns(plan: &Plan, body: &mut Block) {
    if let Some(ty) = plan.returned.maybe_option() {
        MarkReturns { ty }.visit_block_mut(body);
    }
}

struct MarkReturns<'a> {
    ty: &'a Type,
}

impl VisitMut for MarkReturns<'_> {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        match expr {
            Expr::Closure(_) | Expr::Async(_) | Expr::Const(_) => {}
            _ => visit_mut::visit_expr_mut(self, expr),
        }
    }

    fn visit_expr_return_mut(&mut self, it: &mut ExprReturn) {
        visit_mut::visit_expr_return_mut(self, it);
        if let Some(value) = &mut it.expr {
            locals!(tally, item);
            let ty = self.ty;
            // The value is evaluated first: a `?` in it may still leave the loop.
            let marked = quote_spanned! {at(it.return_token.span)=> {
                let #item: #ty = #value;
                #tally.run().returning();
                #item
            } };
            **value = Expr::Verbatim(marked);
        }
    }

    fn visit_item_mut(&mut self, _: &mut syn::Item) {}
}
