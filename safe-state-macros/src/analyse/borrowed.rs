//! Refuses to restore variables that borrow, as a resumed run has nothing for them to borrow from, and variables of types that no
//! run can make.

use proc_macro2::Ident;
use syn::visit::Visit;
use syn::{Error, Expr, Lit, Result, Type, TypeReference};

use crate::parse::options::variable::Variable;
use crate::syntax::std_macros::expressions;

/// Refuses to carry a variable of a type whose values no variable can have by itself.
pub(crate) fn check_sized(named: &Variable, ty: Option<&Type>) -> Result<()> {
    let name = named.name();
    let text = match ty {
        Some(Type::TraitObject(_)) => format!(
            "`{name}` may be of any type that has a trait, so its value can't be saved and restored; take the type that it is, or \
             carry a variable of your own with what is in it"
        ),
        Some(Type::Slice(_)) => format!(
            "`{name}` is a slice, and a resumed run has nothing that it is a part of; carry what owns it, as a `&mut Vec<T>` does"
        ),
        _ => return Ok(()),
    };
    Err(Error::new(named.span(), text))
}

/// Refuses to rebuild a handle of which the function knows only a trait.
pub(crate) fn check_handle(named: &Variable, ty: Option<&Type>) -> Result<()> {
    if !matches!(ty, Some(Type::TraitObject(_) | Type::ImplTrait(_))) {
        return Ok(());
    }
    let name = named.name();
    let text = format!(
        "`{name}` may be of any type that has a trait, so a resumed run can't tell how to open it again\n\n\
         help: take the type that it is, as in `{name}: &mut File`, or open it in this function\n\
         help: if every run may start with the one that it is given, add `fresh({name})` in place of `reconnect({name})`"
    );
    Err(Error::new(named.span(), text))
}

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
