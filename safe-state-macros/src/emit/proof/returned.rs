//! Makes the return type of the proof's closure.

use std::collections::BTreeSet;

use proc_macro2::Span;
use syn::visit::{self, Visit};
use syn::visit_mut::{self, VisitMut};
use syn::{Block, BoundLifetimes, Expr, GenericParam, Item, Lifetime, Macro, Type};

/// Returns the type with its lifetimes left to the compiler, but for `'static` and those that `for<'a>` binds in it:
/// what a copy borrows lives as long as the copy.
pub(crate) fn anonymous(ty: &Type) -> Type {
    let mut ty = ty.clone();
    let mut bound = Bound::default();
    bound.visit_type_mut(&mut ty);
    Anonymous { bound: bound.0 }.visit_type_mut(&mut ty);
    ty
}

/// The lifetimes that a `for<'a>` in a type binds.
#[derive(Default)]
struct Bound(BTreeSet<String>);

impl VisitMut for Bound {
    fn visit_bound_lifetimes_mut(&mut self, it: &mut BoundLifetimes) {
        let names = it.lifetimes.iter().filter_map(|param| match param {
            GenericParam::Lifetime(param) => Some(param.lifetime.ident.to_string()),
            _ => None,
        });
        self.0.extend(names);
    }
}

struct Anonymous {
    bound: BTreeSet<String>,
}

impl VisitMut for Anonymous {
    fn visit_lifetime_mut(&mut self, it: &mut Lifetime) {
        let name = it.ident.to_string();
        if name != "static" && !self.bound.contains(&name) {
            *it = Lifetime::new("'_", Span::mixed_site());
        }
        visit_mut::visit_lifetime_mut(self, it);
    }
}

/// Returns whether the type has a `_` in it, which stands for an `impl Trait`.
pub(crate) fn is_open(ty: &Type) -> bool {
    let mut open = Open { found: false, closes: false };
    open.visit_type_mut(&mut ty.clone());
    open.found
}

/// Returns the type with `()` for each `_`, for a body that returns no value of the type.
pub(crate) fn closed(ty: &Type) -> Type {
    let mut ty = ty.clone();
    Open { found: false, closes: true }.visit_type_mut(&mut ty);
    ty
}

struct Open {
    found: bool,
    closes: bool,
}

impl VisitMut for Open {
    fn visit_type_mut(&mut self, ty: &mut Type) {
        if let Type::Infer(_) = ty {
            self.found = true;
            if self.closes {
                *ty = syn::parse_quote_spanned! {Span::mixed_site()=> () };
            }
        }
        visit_mut::visit_type_mut(self, ty);
    }
}

/// Returns whether the body has a `return` of something else than an `Err` or a `None`. In a macro call, any `return`
/// counts.
pub(crate) fn gives(body: &Block) -> bool {
    struct Gives(bool);
    impl Visit<'_> for Gives {
        fn visit_expr(&mut self, expr: &Expr) {
            match expr {
                Expr::Closure(_) | Expr::Async(_) | Expr::Const(_) => {}
                Expr::Return(it) => self.0 |= !it.expr.as_deref().is_some_and(gives_nothing),
                _ => visit::visit_expr(self, expr),
            }
        }

        fn visit_macro(&mut self, it: &Macro) {
            let tokens = it.tokens.to_string();
            self.0 |= tokens.split(|c: char| !c.is_alphanumeric()).any(|word| word == "return");
        }

        fn visit_item(&mut self, _: &Item) {}
    }
    let mut gives = Gives(false);
    gives.visit_block(body);
    gives.0
}

fn gives_nothing(value: &Expr) -> bool {
    let path = match value {
        Expr::Call(it) => &*it.func,
        value => value,
    };
    let Expr::Path(it) = path else { return false };
    it.path.segments.last().is_some_and(|last| last.ident == "Err" || last.ident == "None")
}

#[cfg(test)]
mod tests {
    use super::*;
    use quote::ToTokens;

    #[test]
    fn lifetimes_are_left_out_but_for_those_of_the_type_itself() {
        let ty =
            syn::parse_quote! { Result<&'a str, Box<dyn for<'b> Fn(&'b u8) -> &'static str + 'a>> };
        let expected: Type =
            syn::parse_quote! { Result<&'_ str, Box<dyn for<'b> Fn(&'b u8) -> &'static str + '_>> };
        assert_eq!(
            anonymous(&ty).to_token_stream().to_string(),
            expected.to_token_stream().to_string()
        );
    }
}
