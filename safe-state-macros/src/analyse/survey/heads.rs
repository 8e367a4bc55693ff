//! Reads what the head of a `for` loop, and attributes, show.

use quote::ToTokens;
use syn::ext::IdentExt;
use syn::{Attribute, Expr};

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
pub(super) fn has_cfg(attrs: &[Attribute]) -> bool {
    attrs.iter().any(|attr| attr.path().is_ident("cfg") || attr.path().is_ident("cfg_attr"))
}
