//! The variables that a body names and does not bind itself.

use std::collections::BTreeSet;

use proc_macro2::Ident;
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::visit::{self, Visit};
use syn::{
    Arm, Block, Expr, ExprClosure, ExprForLoop, ExprIf, ExprPath, ExprWhile, Item, Local, Macro,
    Pat,
};

use crate::syntax::bindings::{Binding, bindings};
use crate::syntax::free_idents::free_idents;
use crate::syntax::loop_forms::conditions;

/// The names that stand for variables, or for constants and functions, from outside of what `visit` visits.
pub(crate) fn names(visit: impl FnOnce(&mut Free)) -> BTreeSet<String> {
    let mut free = Free::default();
    visit(&mut free);
    free.found
}

/// Those that `block` names.
pub(crate) fn of_block(block: &Block) -> BTreeSet<String> {
    names(|free| free.visit_block(block))
}

#[derive(Default)]
pub(crate) struct Free {
    bound: Vec<String>,
    found: BTreeSet<String>,
}

impl Free {
    pub(crate) fn bind(&mut self, pat: &Pat) {
        self.bound.extend(bindings(pat).iter().map(Binding::name));
    }

    fn within<'p>(
        &mut self,
        pats: impl IntoIterator<Item = &'p Pat>,
        visit: impl FnOnce(&mut Self),
    ) {
        let outside = self.bound.len();
        pats.into_iter().for_each(|pat| self.bind(pat));
        visit(self);
        self.bound.truncate(outside);
    }

    fn found(&mut self, name: String) {
        if !self.bound.contains(&name) {
            self.found.insert(name);
        }
    }
}

impl<'ast> Visit<'ast> for Free {
    fn visit_expr_path(&mut self, it: &'ast ExprPath) {
        if let Some(ident) = it.path.get_ident() {
            self.found(ident.unraw().to_string());
        }
        visit::visit_expr_path(self, it);
    }

    fn visit_macro(&mut self, it: &'ast Macro) {
        for name in free_idents(it.tokens.to_token_stream()) {
            self.found(name);
        }
    }

    fn visit_block(&mut self, block: &'ast Block) {
        self.within([], |free| visit::visit_block(free, block));
    }

    fn visit_local(&mut self, it: &'ast Local) {
        visit::visit_local(self, it);
        self.bind(&it.pat);
    }

    fn visit_expr_closure(&mut self, it: &'ast ExprClosure) {
        self.within(&it.inputs, |free| visit::visit_expr_closure(free, it));
    }

    fn visit_arm(&mut self, it: &'ast Arm) {
        self.within([&it.pat], |free| visit::visit_arm(free, it));
    }

    fn visit_expr_for_loop(&mut self, it: &'ast ExprForLoop) {
        self.visit_expr(&it.expr);
        self.within([&*it.pat], |free| free.visit_block(&it.body));
    }

    fn visit_expr_if(&mut self, it: &'ast ExprIf) {
        self.within([], |free| {
            free.condition(&it.cond);
            free.visit_block(&it.then_branch);
        });
        if let Some((_, otherwise)) = &it.else_branch {
            self.visit_expr(otherwise);
        }
    }

    fn visit_expr_while(&mut self, it: &'ast ExprWhile) {
        self.within([], |free| {
            free.condition(&it.cond);
            free.visit_block(&it.body);
        });
    }

    /// Visits macros. Of the items only they see variables, where they are called.
    fn visit_item(&mut self, it: &'ast Item) {
        if let Item::Macro(it) = it {
            self.visit_macro(&it.mac);
        }
    }
}

impl Free {
    /// Visits a condition, whose patterns bind in what follows.
    fn condition(&mut self, cond: &Expr) {
        let mut head = Free { bound: self.bound.clone(), found: BTreeSet::new() };
        head.visit_expr(cond);
        self.found.extend(head.found);
        for pat in conditions(cond) {
            self.bind(pat);
        }
    }
}

/// Whether `ident` is among the names.
pub(crate) fn holds(names: &BTreeSet<String>, ident: &Ident) -> bool {
    names.contains(&ident.unraw().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use quote::quote;

    #[track_caller]
    fn check(body: &proc_macro2::TokenStream, expected: &[&str]) {
        let block: Block = syn::parse2(quote! { { #body } }).unwrap();
        let names: Vec<String> = of_block(&block).into_iter().collect();
        assert_eq!(names, expected, "{body}");
    }

    #[test]
    fn what_a_body_binds_is_its_own() {
        check(&quote! { let x = a; f(x); }, &["a", "f"]);
        check(&quote! { { let x = 1; } x.push(1); }, &["x"]);
        check(
            &quote! { if let Some(x) = y && let Some(z) = x { z(x) } else { x(1) } },
            &["x", "y"],
        );
        check(&quote! { for x in x { x(1) } }, &["x"]);
        check(&quote! { while let Some(x) = y.next() { x(y) } }, &["y"]);
        check(&quote! { match a { Some(b) => b, None => c } }, &["a", "c"]);
        check(&quote! { list.iter().map(|x| x + k) }, &["k", "list"]);
        check(&quote! { log!("{x}", y = z); self.total += 1; }, &["self", "x", "y", "z"]);
        check(&quote! { fn g(x: u8) { x + y; } S { x, y: 1 } }, &["x"]);
        check(&quote! { let x = 1; macro_rules! g { () => { y += x } } g!(); }, &["y"]);
    }
}
