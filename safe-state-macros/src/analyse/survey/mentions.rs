//! Notes which variables are mentioned in front of a loop.

use std::collections::BTreeSet;

use quote::ToTokens;
use syn::ext::IdentExt;
use syn::{Expr, ExprPath, PathSegment};

use crate::analyse::collections::makes_collection;
use crate::analyse::survey::Surveyor;
use crate::syntax::free_idents::free_idents;

impl Surveyor {
    pub(super) fn mention(&mut self, it: &ExprPath) {
        if let Some(ident) = it.path.get_ident() {
            self.mention_all(&BTreeSet::from([ident.unraw().to_string()]));
        }
    }

    pub(super) fn mention_in(&mut self, tokens: &impl ToTokens) {
        self.mention_all(&free_idents(tokens.to_token_stream()));
    }

    /// Notes that the variables with these names may hold something from here on.
    fn mention_all(&mut self, names: &BTreeSet<String>) {
        for local in self.scope.locals.iter_mut().filter(|it| names.contains(&it.binding.name())) {
            local.init.is_empty = false;
        }
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
