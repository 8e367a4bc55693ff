//! Refuses carried variables that borrow: a resumed run has nothing for them to borrow from.

use proc_macro2::Ident;
use syn::visit::Visit;
use syn::{Error, Expr, Lit, Result, Type, TypeReference};

use crate::syntax::std_macros::expressions;

/// Refuses to restore a variable whose type is written and holds a reference.
pub(crate) fn check_type(ident: &Ident, ty: Option<&Type>) -> Result<()> {
    let mut references = References(false);
    if let Some(ty) = ty {
        references.visit_type(ty);
    }
    if references.0 { Err(borrows(ident)) } else { Ok(()) }
}

/// Refuses to restore a variable whose initialiser is a reference, a text literal or a byte string literal, or holds one.
pub(crate) fn check_initialiser(ident: &Ident, init: &Expr) -> Result<()> {
    if borrows_at_once(init) { Err(borrows(ident)) } else { Ok(()) }
}

/// Returns whether an expression is something that borrows, or holds it, as far as its text shows.
fn borrows_at_once(init: &Expr) -> bool {
    match init {
        Expr::Reference(_) => true,
        Expr::Lit(it) => matches!(it.lit, Lit::Str(_) | Lit::ByteStr(_) | Lit::CStr(_)),
        Expr::Paren(it) => borrows_at_once(&it.expr),
        Expr::Group(it) => borrows_at_once(&it.expr),
        Expr::Tuple(it) => it.elems.iter().any(borrows_at_once),
        Expr::Array(it) => it.elems.iter().any(borrows_at_once),
        Expr::Repeat(it) => borrows_at_once(&it.expr),
        Expr::Macro(it) if it.mac.path.is_ident("vec") => {
            expressions(&it.mac).iter().any(borrows_at_once)
        }
        Expr::Call(it) => {
            let is_variant = matches!(&*it.func, Expr::Path(path) if VARIANTS.iter().any(|name| path.path.is_ident(name)));
            is_variant && it.args.iter().any(borrows_at_once)
        }
        _ => false,
    }
}

/// The functions that hold what they are given.
const VARIANTS: [&str; 3] = ["Some", "Ok", "Err"];

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
