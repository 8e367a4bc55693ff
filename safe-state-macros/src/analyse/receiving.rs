//! Heads that receive from a channel, which gives each item once.

use proc_macro2::Span;
use syn::visit::{self, Visit};
use syn::{Expr, ExprClosure, ExprMethodCall, Item};

/// Methods of channels, which give each item once.
const RECEIVING: [&str; 8] = [
    "blocking_recv",
    "recv",
    "recv_async",
    "recv_blocking",
    "recv_deadline",
    "recv_ref",
    "recv_timeout",
    "try_recv",
];

/// Returns the place of the method by which a head receives, if it does. With `is_asked` the head is evaluated for each item;
/// otherwise only its closures are.
pub(crate) fn receiving(head: &Expr, is_asked: bool) -> Option<Span> {
    let mut receiving = Receiving { is_asked, found: None };
    receiving.visit_expr(head);
    receiving.found
}

/// Looks for the method by which a head receives.
struct Receiving {
    /// Whether the place that is looked at is asked for each item.
    is_asked: bool,
    found: Option<Span>,
}

impl<'ast> Visit<'ast> for Receiving {
    fn visit_expr_method_call(&mut self, it: &'ast ExprMethodCall) {
        if self.is_asked && RECEIVING.iter().any(|method| it.method == method) {
            self.found.get_or_insert(it.method.span());
        }
        visit::visit_expr_method_call(self, it);
    }

    fn visit_expr_closure(&mut self, it: &'ast ExprClosure) {
        let around = std::mem::replace(&mut self.is_asked, true);
        visit::visit_expr_closure(self, it);
        self.is_asked = around;
    }

    fn visit_item(&mut self, _: &'ast Item) {}
}
