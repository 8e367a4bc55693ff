//! Reads what the head of a `for` loop, and attributes, show.

use quote::ToTokens;
use syn::ext::IdentExt;
use syn::{Attribute, Expr, ExprForLoop};

use crate::analyse::survey::{ForHead, Surveyor, beside};
use crate::syntax::free_idents::free_idents;

/// Returns the `#[cfg]` attributes as text.
pub(super) fn cfgs(attrs: &[Attribute]) -> Vec<String> {
    let cfgs = attrs.iter().filter(|attr| attr.path().is_ident("cfg"));
    cfgs.map(|attr| attr.to_token_stream().to_string()).collect()
}

/// Returns the variable that a chain of calls, references and `?` begins with. A field counts as no part of the chain.
pub(super) fn root(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Path(path) => path.path.get_ident().map(|ident| ident.unraw().to_string()),
        Expr::MethodCall(it) => root(&it.receiver),
        Expr::Reference(it) => root(&it.expr),
        Expr::Unary(it) => root(&it.expr),
        Expr::Paren(it) => root(&it.expr),
        Expr::Group(it) => root(&it.expr),
        Expr::Try(it) => root(&it.expr),
        _ => None,
    }
}

/// Returns whether `#[cfg]` may leave out what has these attributes.
pub(crate) fn has_cfg(attrs: &[Attribute]) -> bool {
    attrs.iter().any(|attr| attr.path().is_ident("cfg") || attr.path().is_ident("cfg_attr"))
}

impl Surveyor {
    pub(super) fn head(&self, for_loop: &ExprForLoop) -> ForHead {
        let expr = &for_loop.expr;
        let all = free_idents(expr.to_token_stream());
        let (shadowed, seen): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|name| self.shadows.contains_key(name));
        ForHead {
            mentions: seen,
            root_type: root(expr).and_then(|name| self.types.get(&name).cloned()),
            root: root(expr),
            shadowed_by: shadowed.into_iter().find_map(|name| {
                let span = self.shadows.get(&name).copied()?;
                Some((name, span))
            }),
            parallel: beside::beside(expr),
            cfgs: cfgs(&for_loop.attrs),
        }
    }
}
