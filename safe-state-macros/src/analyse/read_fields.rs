//! Finds the fields of arguments that a function's body mentions: `config.rate`. Where an argument as a whole can't be
//! compared with that of another run, these can.
//!
//! The code that is generated from them stands outside of the body. So a field is left out where it may be another
//! variable's, may not exist in some configuration, or may be read only in `unsafe` code.

use std::collections::{BTreeMap, BTreeSet};

use quote::ToTokens;
use syn::ext::IdentExt;
use syn::visit::{self, Visit};
use syn::{
    Attribute, BinOp, Block, Expr, ExprField, ExprUnsafe, Item, Local, Macro, PatIdent, Stmt,
};

use crate::parse::options::variable::Variable;
use crate::syntax::std_macros::expressions;

/// The fields that a block mentions, by their text.
#[derive(Default)]
pub(crate) struct ReadFields {
    fields: BTreeMap<String, Variable>,
    /// The names that are bound anywhere in the block.
    bound: BTreeSet<String>,
    /// The fields, and variables, to which the block assigns something: a later call finds another value there.
    assigned: Vec<Variable>,
}

impl ReadFields {
    /// Returns the fields that the block mentions.
    pub(crate) fn of(block: &Block) -> Self {
        let mut found = ReadFields::default();
        found.visit_block(block);
        found
    }

    /// Returns the fields that an expression mentions.
    pub(crate) fn of_expr(expr: &Expr) -> Self {
        let mut found = ReadFields::default();
        found.visit_expr(expr);
        found
    }

    /// Returns the texts of all fields.
    pub(crate) fn into_names(self) -> impl Iterator<Item = String> {
        self.fields.into_keys()
    }

    /// Returns whether the block assigns something to the argument `name`, or to a part of it.
    pub(crate) fn is_changed(&self, name: &str) -> bool {
        self.assigned.iter().any(|it| it.root.unraw() == *name)
    }

    /// Returns whether the block assigns something to the field, or to a part of it or what it is a part of.
    pub(crate) fn is_field_changed(&self, field: &Variable) -> bool {
        self.assigned.iter().any(|it| it.holds(field) || field.holds(it))
    }

    /// Returns the fields of the argument `name`, with their texts.
    pub(crate) fn of_argument<'a>(
        &'a self,
        name: &'a str,
    ) -> impl Iterator<Item = (&'a String, &'a Variable)> {
        let fields = self.fields.iter().filter(|(_, field)| field.root.unraw() == *name);
        fields.filter(|_| !self.bound.contains(name))
    }
}

/// Returns the variable's field that the expression is.
fn field(expr: &Expr) -> Option<Variable> {
    match expr {
        Expr::Path(it) if it.attrs.is_empty() => {
            Some(Variable { root: it.path.get_ident()?.clone(), fields: Vec::new() })
        }
        Expr::Field(ExprField { attrs, base, member, .. }) if attrs.is_empty() => {
            let mut variable = field(base)?;
            variable.fields.push(member.clone());
            Some(variable)
        }
        _ => None,
    }
}

/// Returns the variable or field that is assigned to, also an element of it or what it refers to.
fn assigned(expr: &Expr) -> Option<Variable> {
    match expr {
        Expr::Index(it) => assigned(&it.expr),
        Expr::Unary(it) => assigned(&it.expr),
        Expr::Paren(it) => assigned(&it.expr),
        expr => field(expr),
    }
}

/// Returns whether the operator assigns to what is on its left.
pub(crate) fn is_assignment(op: &BinOp) -> bool {
    use BinOp::{
        AddAssign, BitAndAssign, BitOrAssign, BitXorAssign, DivAssign, MulAssign, RemAssign,
        ShlAssign, ShrAssign, SubAssign,
    };
    matches!(
        op,
        AddAssign(_)
            | SubAssign(_)
            | MulAssign(_)
            | DivAssign(_)
            | RemAssign(_)
            | BitXorAssign(_)
            | BitAndAssign(_)
            | BitOrAssign(_)
            | ShlAssign(_)
            | ShrAssign(_)
    )
}

/// Returns whether what has the attributes may not exist.
fn is_configured(attrs: &[Attribute]) -> bool {
    attrs.iter().any(|attr| attr.path().is_ident("cfg") || attr.path().is_ident("cfg_attr"))
}

impl<'ast> Visit<'ast> for ReadFields {
    fn visit_expr(&mut self, expr: &'ast Expr) {
        let assigned = match expr {
            Expr::Assign(it) => assigned(&it.left),
            Expr::Binary(it) if is_assignment(&it.op) => assigned(&it.left),
            Expr::Reference(it) if it.mutability.is_some() => assigned(&it.expr),
            _ => None,
        };
        self.assigned.extend(assigned);
        match field(expr) {
            Some(variable) if variable.is_whole() => {}
            Some(variable) => _ = self.fields.insert(variable.name(), variable),
            None if begins_configured(expr) => {}
            None => visit::visit_expr(self, expr),
        }
    }

    fn visit_expr_unsafe(&mut self, _: &'ast ExprUnsafe) {}

    fn visit_item(&mut self, _: &'ast Item) {}

    fn visit_local(&mut self, local: &'ast Local) {
        if is_configured(&local.attrs) {
            self.visit_pat(&local.pat);
        } else {
            visit::visit_local(self, local);
        }
    }

    fn visit_stmt(&mut self, stmt: &'ast Stmt) {
        match stmt {
            Stmt::Macro(it) if is_configured(&it.attrs) => {}
            _ => visit::visit_stmt(self, stmt),
        }
    }

    fn visit_arm(&mut self, arm: &'ast syn::Arm) {
        if is_configured(&arm.attrs) {
            self.visit_pat(&arm.pat);
        } else {
            visit::visit_arm(self, arm);
        }
    }

    fn visit_field_value(&mut self, value: &'ast syn::FieldValue) {
        if !is_configured(&value.attrs) {
            visit::visit_field_value(self, value);
        }
    }

    fn visit_pat_ident(&mut self, pat: &'ast PatIdent) {
        self.bound.insert(pat.ident.unraw().to_string());
        visit::visit_pat_ident(self, pat);
    }

    fn visit_macro(&mut self, it: &'ast Macro) {
        for expr in expressions(it) {
            let inside = ReadFields::of_expr(&expr);
            self.fields.extend(inside.fields);
            self.assigned.extend(inside.assigned);
            self.bound.extend(inside.bound);
        }
    }
}

/// Returns whether an attribute `cfg` stands before the expression.
fn begins_configured(expr: &Expr) -> bool {
    match expr {
        Expr::Block(it) => is_configured(&it.attrs),
        Expr::If(it) => is_configured(&it.attrs),
        Expr::Match(it) => is_configured(&it.attrs),
        Expr::ForLoop(it) => is_configured(&it.attrs),
        Expr::While(it) => is_configured(&it.attrs),
        Expr::Loop(it) => is_configured(&it.attrs),
        Expr::Call(it) => is_configured(&it.attrs),
        Expr::MethodCall(it) => is_configured(&it.attrs),
        Expr::Assign(it) => is_configured(&it.attrs),
        Expr::Binary(it) => is_configured(&it.attrs),
        Expr::Macro(it) => is_configured(&it.attrs),
        Expr::Try(it) => begins_configured(&it.expr),
        Expr::Await(it) => begins_configured(&it.base),
        _ => expr.to_token_stream().into_iter().next().is_some_and(|it| it.to_string() == "#"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(argument: &str, block: &str) -> String {
        let found = ReadFields::of(&syn::parse_str(block).unwrap());
        let names: Vec<_> = found.of_argument(argument).map(|(name, _)| name.clone()).collect();
        names.join(" ")
    }

    #[test]
    fn fields_of_arguments_are_found_where_they_are_read() {
        let of = |block| found("a", block);
        assert_eq!(of("{ f(a.b, &a.c.d, a.e.f(), a.f(), a.0.x); }"), "a.0.x a.b a.c.d a.e");
        assert_eq!(of("{ for i in a.b { let f = |x| x + a.c; a.d += 1; } }"), "a.b a.c a.d");
        assert_eq!(of(r#"{ println!("{} {c}", a.b, c = a.c); other!(a.d) }"#), "a.b a.c");
        assert_eq!(found("self", "{ self.b.c }"), "self.b.c");
    }

    #[test]
    fn fields_that_are_assigned_to_are_known() {
        let block = "{ a.b = a.c; a.d[1] += a.e; f(&mut a.f); a.g.h = 1; f(a.g); *b = 1; }";
        let read = ReadFields::of(&syn::parse_str(block).unwrap());
        let fields = read.of_argument("a").filter(|(_, field)| !read.is_field_changed(field));
        assert_eq!(fields.map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["a.c", "a.e"]);
        assert!(read.is_changed("a") && read.is_changed("b") && !read.is_changed("c"));
    }

    #[test]
    fn fields_that_may_be_of_something_else_are_left_out() {
        for block in [
            "{ let a = f(a); a.b }",
            "{ f(|a| a.b) }",
            "{ match x { Some(a) => a.b, None => 0 } }",
            "{ unsafe { a.b } }",
            "{ fn f(a: A) -> u8 { a.b } }",
            "{ #[cfg(x)] f(a.b); }",
            "{ #[cfg(x)] let b = a.b; }",
            "{ #[cfg(x)] { a.b; } }",
            "{ #[cfg(x)] println!(\"{}\", a.b); }",
            "{ X { #[cfg(x)] b: a.b } }",
            "{ match x { #[cfg(x)] 1 => a.b, _ => 0 } }",
        ] {
            assert_eq!(found("a", block), "", "{block}");
        }
    }
}
