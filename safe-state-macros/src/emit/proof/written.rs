//! Holds a loop as it was written.

use proc_macro2::Span;
use syn::{Block, Expr, Label, Pat};

use crate::syntax::loop_forms::while_let;

/// A loop as it was written.
pub(crate) struct Written<'a> {
    pub(crate) pat: &'a Pat,
    /// The expression that is walked, or asked for the next item.
    pub(crate) head: &'a Expr,
    pub(crate) is_for: bool,
    pub(crate) body: &'a Block,
    pub(crate) label: Option<&'a Label>,
    pub(crate) keyword: Span,
}

impl<'a> Written<'a> {
    pub(crate) fn of(expr: &'a Expr) -> Option<Self> {
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
