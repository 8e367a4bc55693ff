//! The variables that a `step!` may be given as a whole. Where their types hold no references to what can be changed, what
//! becomes of them there is seen by nobody else, so a step may move them.

use std::collections::BTreeSet;

use proc_macro2::TokenStream;
use quote::quote_spanned;
use syn::ext::IdentExt;
use syn::visit::{self, Visit};
use syn::{
    Block, Expr, ExprArray, ExprCall, ExprForLoop, ExprMethodCall, ExprStruct, ExprTuple,
    GenericArgument, LocalInit, PathArguments, Type,
};

use crate::analyse::collections::{is_constant, is_plain};
use crate::analyse::outer::{Kind, Outer};
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
    let (is_owned, has_value) = match outer.kind {
        Kind::Argument(it) => (it.ty.as_ref().is_some_and(is_owned), true),
        Kind::Local(it) => {
            (it.is_of_step() || it.ty.as_ref().is_some_and(is_owned), it.has_value())
        }
        Kind::Pattern(_) => (false, true),
        Kind::OfMacro(_) => (false, false),
    };
    let here = at(name.span());
    match (is_owned, has_value) {
        (true, _) => Some(quote_spanned! {here=> #krate::__private::fake(&#name) }),
        (false, true) => Some(quote_spanned! {here=> {
            use #krate::__private::{OfApart as _, OfCopied as _, OfReferring as _, OfStored as _};
            (&&&&#krate::__private::type_of(&#name)).given()
        } }),
        (false, false) => None,
    }
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

/// Returns whether a value of the written type holds no references: a collection or a primitive type, with types that are
/// named without a lifetime in it.
fn is_owned(ty: &Type) -> bool {
    match ty {
        Type::Path(it) if it.qself.is_none() => {
            (is_plain(ty) || is_constant(ty))
                && it.path.segments.iter().all(|it| are_named(&it.arguments))
        }
        _ => false,
    }
}

fn are_named(arguments: &PathArguments) -> bool {
    let is_named = |it: &GenericArgument| {
        match it {
        GenericArgument::Type(Type::Path(it)) => {
            it.path.segments.iter().all(|it| are_named(&it.arguments))
        }
        GenericArgument::Type(Type::Tuple(it)) => it.elems.iter().all(|it| {
            matches!(it, Type::Path(it) if it.path.segments.iter().all(|it| are_named(&it.arguments)))
        }),
        _ => false,
    }
    };
    match arguments {
        PathArguments::None => true,
        PathArguments::AngleBracketed(it) => it.args.iter().all(is_named),
        PathArguments::Parenthesized(_) => false,
    }
}
