//! Notes which variables are mentioned in front of a loop.

use std::collections::BTreeSet;

use quote::ToTokens;
use syn::ext::IdentExt;
use syn::{Expr, ExprPath, PathSegment};

use crate::analyse::collections::makes_collection;
use crate::analyse::survey::Scope;
use crate::syntax::free_idents::free_idents;

/// Notes in `scope` that a variable may hold something from here on.
pub(super) fn note(scope: &mut Scope, it: &ExprPath) {
    if let Some(ident) = it.path.get_ident() {
        note_all(scope, &BTreeSet::from([ident.unraw().to_string()]));
    }
}

/// Notes in `scope` that the variables in `tokens` may hold something from here on.
pub(super) fn note_in(scope: &mut Scope, tokens: &impl ToTokens) {
    note_all(scope, &free_idents(tokens.to_token_stream()));
}

fn note_all(scope: &mut Scope, names: &BTreeSet<String>) {
    for local in scope.locals.iter_mut().filter(|it| names.contains(&it.binding.name())) {
        local.init.is_empty = false;
    }
}

/// Returns whether an initialiser makes an `Option` or a collection with nothing in it, of a type that it does not tell.
pub(super) fn is_empty(init: &Expr) -> bool {
    match init {
        Expr::Path(it) => it.path.is_ident("None"),
        Expr::Macro(it) => it.mac.path.is_ident("vec") && it.mac.tokens.is_empty(),
        Expr::Call(it) if makes_collection(init) => match &*it.func {
            Expr::Path(path) => {
                let mut names = path.path.segments.iter().rev();
                let is_open = |of: &PathSegment| of.arguments.is_none();
                let is_new = |name: &PathSegment| match name.ident.to_string().as_str() {
                    "new" | "default" => it.args.is_empty(),
                    "with_capacity" => true,
                    _ => false,
                };
                names.next().is_some_and(is_new) && names.next().is_some_and(is_open)
            }
            _ => false,
        },
        _ => false,
    }
}
