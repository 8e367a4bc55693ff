//! The variables that a `step!` may be given as a whole. Where their types hold no references to what can be changed, what
//! becomes of them there is seen by nobody else, so a step may move them.

use std::collections::BTreeSet;

use proc_macro2::TokenStream;
use quote::quote_spanned;
use syn::ext::IdentExt;
use syn::visit::{self, Visit};
use syn::{
    Block, Expr, ExprArray, ExprCall, ExprForLoop, ExprMethodCall, ExprStruct, ExprTuple, LocalInit,
};

use crate::analyse::outer::{Kind, Outer};
use crate::parse::parameters::MadeOf;
use crate::syntax::free_variables as free;
use crate::syntax::hygiene::at;

/// Returns the variable's value in the copy of a step, if the step may move the variable: a value of its own.
pub(super) fn given_value(
    krate: &TokenStream,
    outer: &Outer<'_>,
    given: &BTreeSet<String>,
) -> Option<TokenStream> {
    let name = &outer.ident;
    if name == "self" || outer.is_constant() || !free::holds(given, name) {
        return None;
    }
    let here = at(name.span());
    let made_of = match outer.kind {
        Kind::Local(it) if it.is_of_step() => {
            return Some(quote_spanned! {here=> #krate::__private::fake(&#name) });
        }
        Kind::Local(it) if !it.has_value() => return None,
        Kind::OfMacro(_) => return None,
        Kind::Argument(it) => it.made_of,
        Kind::Local(_) | Kind::Pattern(_) => MadeOf::Others,
    };
    // Of a parameter the compiler knows only the bounds.
    let lasting = match made_of {
        MadeOf::Parameter => Some(quote_spanned! {here=> OfParameter as _, }),
        MadeOf::Parameters => Some(quote_spanned! {here=> OfParameters as _, }),
        MadeOf::Others => None,
    };
    Some(quote_spanned! {here=> {
        use #krate::__private::{
            OfApart as _, OfCopied as _, #lasting OfReferring as _, OfStored as _,
        };
        (&&&&&#krate::__private::type_of(&#name)).given()
    } })
}

/// Returns the names of variables that `block` may move.
pub(super) fn given(block: &Block) -> BTreeSet<String> {
    let mut given = Given::default();
    given.visit_block(block);
    given.0
}

#[derive(Default)]
struct Given(BTreeSet<String>);

impl Given {
    fn add(&mut self, expr: &Expr) {
        if let Expr::Path(it) = expr
            && let Some(ident) = it.path.get_ident()
        {
            self.0.insert(ident.unraw().to_string());
        }
    }
}

impl<'ast> Visit<'ast> for Given {
    fn visit_expr_call(&mut self, it: &'ast ExprCall) {
        it.args.iter().for_each(|argument| self.add(argument));
        visit::visit_expr_call(self, it);
    }

    fn visit_expr_method_call(&mut self, it: &'ast ExprMethodCall) {
        it.args.iter().for_each(|argument| self.add(argument));
        if it.method.to_string().starts_with("into") {
            self.add(&it.receiver);
        }
        visit::visit_expr_method_call(self, it);
    }

    fn visit_expr_for_loop(&mut self, it: &'ast ExprForLoop) {
        self.add(&it.expr);
        visit::visit_expr_for_loop(self, it);
    }

    fn visit_expr_struct(&mut self, it: &'ast ExprStruct) {
        it.fields.iter().for_each(|field| self.add(&field.expr));
        visit::visit_expr_struct(self, it);
    }

    fn visit_expr_tuple(&mut self, it: &'ast ExprTuple) {
        it.elems.iter().for_each(|element| self.add(element));
        visit::visit_expr_tuple(self, it);
    }

    fn visit_expr_array(&mut self, it: &'ast ExprArray) {
        it.elems.iter().for_each(|element| self.add(element));
        visit::visit_expr_array(self, it);
    }

    fn visit_local_init(&mut self, it: &'ast LocalInit) {
        self.add(&it.expr);
        visit::visit_local_init(self, it);
    }

    fn visit_stmt(&mut self, it: &'ast syn::Stmt) {
        if let syn::Stmt::Expr(value, None) = it {
            self.add(value);
        }
        visit::visit_stmt(self, it);
    }
}
