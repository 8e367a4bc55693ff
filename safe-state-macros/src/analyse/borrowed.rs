//! Refuses carried variables that borrow: a resumed run has nothing for them to borrow from.

use proc_macro2::Ident;
use syn::visit::Visit;
use syn::{Error, Expr, Lit, Result, Type, TypeReference};

/// Refuses to restore a variable whose type is written and holds a reference.
pub(crate) fn check_type(ident: &Ident, ty: Option<&Type>) -> Result<()> {
    let mut references = References(false);
    if let Some(ty) = ty {
        references.visit_type(ty);
    }
    if references.0 { Err(borrows(ident)) } else { Ok(()) }
}

/// Refuses to restore a variable whose initialiser is a reference, a text literal or a byte string literal.
pub(crate) fn check_initialiser(ident: &Ident, init: &Expr) -> Result<()> {
    match init {
        Expr::Reference(_) => Err(borrows(ident)),
        Expr::Lit(it) if matches!(it.lit, Lit::Str(_) | Lit::ByteStr(_)) => Err(borrows(ident)),
        Expr::Paren(it) => check_initialiser(ident, &it.expr),
        Expr::Group(it) => check_initialiser(ident, &it.expr),
        _ => Ok(()),
    }
}

fn borrows(ident: &Ident) -> Error {
    let text = format!(
        "`{ident}` borrows, and a resumed run has nothing to borrow from; carry what owns its value, \
         as a `String` in place of a `&str` does, and a `Vec` in place of a slice"
    );
    Error::new(ident.span(), text)
}

struct References(bool);

impl Visit<'_> for References {
    fn visit_type_reference(&mut self, _: &TypeReference) {
        self.0 = true;
    }
}
