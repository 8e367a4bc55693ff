//! The variables and fields that expressions are, or are parts of.

use proc_macro2::{Ident, TokenStream};
use quote::ToTokens;
use syn::Expr;
use syn::ext::IdentExt;

use crate::parse::options::variable::Variable;
use crate::syntax::free_idents::free_idents;

/// Returns the variable that an expression is, is a part of, or is made of by methods, with the fields that the source
/// writes behind it.
pub(crate) fn part(expr: &Expr) -> Option<Variable> {
    match expr {
        Expr::Path(it) => {
            let root = it.path.get_ident()?.clone();
            Some(Variable { root, fields: Vec::new() })
        }
        Expr::Field(it) => {
            let mut place = part(&it.base)?;
            place.fields.extend(is_place(&it.base).then(|| it.member.clone()));
            Some(place)
        }
        Expr::Index(it) => part(&it.expr),
        Expr::Unary(it) => part(&it.expr),
        Expr::Reference(it) => part(&it.expr),
        Expr::MethodCall(it) => part(&it.receiver),
        Expr::Try(it) => part(&it.expr),
        Expr::Await(it) => part(&it.base),
        Expr::Paren(it) => part(&it.expr),
        Expr::Group(it) => part(&it.expr),
        _ => None,
    }
}

/// Returns whether an expression is a path, or fields behind one, and nothing else.
pub(crate) fn is_place(expr: &Expr) -> bool {
    match expr {
        Expr::Path(_) => true,
        Expr::Field(it) => is_place(&it.base),
        Expr::Paren(it) => is_place(&it.expr),
        Expr::Group(it) => is_place(&it.expr),
        _ => false,
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

/// Returns whether the tokens mention the variable or field `place`.
pub(crate) fn mentions(tokens: impl ToTokens, place: &Variable) -> bool {
    let tokens = tokens.to_token_stream();
    if place.is_whole() {
        return free_idents(tokens).contains(&place.root.unraw().to_string());
    }
    let text = |tokens: TokenStream| tokens.to_string().replace(' ', "");
    let (all, place) = (text(tokens), text(place.place()));
    let is_of_name = |it: char| it.is_alphanumeric() || it == '_';
    all.match_indices(&place).any(|(at, _)| {
        let before = all[..at].chars().next_back();
        let behind = all[at + place.len()..].chars().next();
        !before.is_some_and(|it| is_of_name(it) || it == '.') && !behind.is_some_and(is_of_name)
    })
}
