//! Finds the changes to a variable that the source shows beyond doubt.

use quote::ToTokens;
use syn::punctuated::Punctuated;
use syn::visit::{self, Visit};
use syn::{
    BinOp, Block, Expr, ExprAssign, ExprBinary, ExprCall, ExprMethodCall, ExprReference,
    ExprReturn, Ident, Item, Macro, Stmt, Token,
};

use crate::parse::options::variable::Variable;
use crate::syntax::leaving::leaves;

/// A variable or field that is changed, and how.
pub(crate) struct Change {
    pub(crate) place: Variable,
    pub(crate) how: Changed,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Changed {
    /// The place gets another value.
    Value,
    /// The place is written to, as a file is.
    Written,
}

/// The methods by which collections are changed.
const CHANGING: [&str; 31] = [
    "append",
    "clear",
    "dedup",
    "drain",
    "entry",
    "extend",
    "extend_from_slice",
    "first_mut",
    "get_mut",
    "insert",
    "iter_mut",
    "last_mut",
    "pop",
    "pop_back",
    "pop_first",
    "pop_front",
    "pop_last",
    "push",
    "push_back",
    "push_front",
    "push_str",
    "remove",
    "resize",
    "retain",
    "reverse",
    "sort",
    "sort_unstable",
    "split_off",
    "swap",
    "swap_remove",
    "truncate",
];

/// Returns the changes that `body` makes to `variable`; `body` must not bind this name itself. Calls of the methods in
/// `CHANGING` count only if `is_collection` says that the variable is a collection.
pub(crate) fn changes(body: &Block, variable: &Ident, is_collection: bool) -> Vec<Change> {
    let mut search = Search { variable, is_collection, found: Vec::new() };
    search.visit_block(body);
    search.found
}

/// Returns the changes that `expr` makes to `variable`, by the rules of [`changes`].
pub(crate) fn changes_in(expr: &Expr, variable: &Ident, is_collection: bool) -> Vec<Change> {
    let mut search = Search { variable, is_collection, found: Vec::new() };
    search.visit_expr(expr);
    search.found
}

struct Search<'a> {
    variable: &'a Ident,
    is_collection: bool,
    found: Vec<Change>,
}

impl Search<'_> {
    /// Returns the variable, or the field of it, that `expr` is or is a part of; none if `expr` is about another
    /// variable.
    fn place(&self, expr: &Expr) -> Option<Variable> {
        match expr {
            Expr::Path(path) => {
                let ident = path.path.get_ident().filter(|ident| *ident == self.variable)?;
                Some(Variable { root: ident.clone(), fields: Vec::new() })
            }
            Expr::Field(it) => {
                let is_field = matches!(&*it.base, Expr::Path(_) | Expr::Field(_));
                let mut place = self.place(&it.base)?;
                place.fields.extend(Some(it.member.clone()).filter(|_| is_field));
                Some(place)
            }
            Expr::Index(it) => self.place(&it.expr),
            Expr::Paren(it) => self.place(&it.expr),
            Expr::Group(it) => self.place(&it.expr),
            Expr::Unary(it) => self.place(&it.expr),
            _ => None,
        }
    }

    /// Notes the places on the left of an assignment as changed.
    fn assigned(&mut self, left: &Expr) {
        match left {
            Expr::Tuple(it) => it.elems.iter().for_each(|elem| self.assigned(elem)),
            Expr::Array(it) => it.elems.iter().for_each(|elem| self.assigned(elem)),
            Expr::Struct(it) => it.fields.iter().for_each(|field| self.assigned(&field.expr)),
            place => self.change(place, Changed::Value),
        }
    }

    fn change(&mut self, place: &Expr, how: Changed) {
        let Some(place) = self.place(place) else { return };
        match self.found.iter_mut().find(|change| change.place == place) {
            Some(change) if how == Changed::Written => change.how = how,
            Some(_) => {}
            None => self.found.push(Change { place, how }),
        }
    }

    fn is_it(&self, expr: &Expr) -> bool {
        matches!(expr, Expr::Path(_)) && self.place(expr).is_some()
    }
}

impl<'ast> Visit<'ast> for Search<'_> {
    fn visit_expr_assign(&mut self, it: &'ast ExprAssign) {
        self.assigned(&it.left);
        visit::visit_expr_assign(self, it);
    }

    fn visit_expr_binary(&mut self, it: &'ast ExprBinary) {
        if is_assignment(&it.op) {
            self.change(&it.left, Changed::Value);
        }
        visit::visit_expr_binary(self, it);
    }

    fn visit_expr_reference(&mut self, it: &'ast ExprReference) {
        if it.mutability.is_some() {
            self.change(&it.expr, Changed::Value);
        }
        visit::visit_expr_reference(self, it);
    }

    fn visit_expr_method_call(&mut self, it: &'ast ExprMethodCall) {
        if self.is_it(&it.receiver) {
            if self.is_collection && CHANGING.iter().any(|name| it.method == name) {
                self.change(&it.receiver, Changed::Value);
            } else if it.method == "write_all" && !self.is_collection {
                self.change(&it.receiver, Changed::Written);
            }
        }
        visit::visit_expr_method_call(self, it);
    }

    /// Notes a call of the variable as a change: a closure in a `mut` variable changes what it has captured.
    fn visit_expr_call(&mut self, it: &'ast ExprCall) {
        if self.is_it(&it.func) {
            self.change(&it.func, Changed::Value);
        }
        visit::visit_expr_call(self, it);
    }

    /// Looks into the arguments of a macro that are expressions; of `name = value`, only the value is one.
    fn visit_macro(&mut self, it: &'ast Macro) {
        let arguments = it.parse_body_with(Punctuated::<Expr, Token![,]>::parse_terminated);
        let arguments = arguments.into_iter().flatten().collect::<Vec<Expr>>();
        let writes = ["write", "writeln"].iter().any(|name| it.path.is_ident(name));
        if let Some(first) = arguments.first().filter(|first| writes && self.is_it(first)) {
            let how = if self.is_collection { Changed::Value } else { Changed::Written };
            self.change(first, how);
        }
        for argument in &arguments {
            let mut inner = Search {
                variable: self.variable,
                is_collection: self.is_collection,
                found: Vec::new(),
            };
            match argument {
                Expr::Assign(named) => inner.visit_expr(&named.right),
                argument => inner.visit_expr(argument),
            }
            self.found.extend(
                inner
                    .found
                    .into_iter()
                    .filter(|it| !self.found.iter().any(|before| before.place == it.place))
                    .collect::<Vec<_>>(),
            );
        }
    }

    /// Skips a block that ends in a `return`, unless a `break` or `continue` may leave it before: its changes are lost
    /// with the function.
    fn visit_block(&mut self, block: &'ast Block) {
        let is_left = matches!(block.stmts.last(), Some(Stmt::Expr(Expr::Return(_), _)))
            && !leaves(|it| it.visit_block(block));
        if !is_left {
            visit::visit_block(self, block);
        }
    }

    fn visit_expr_return(&mut self, _: &'ast ExprReturn) {}

    fn visit_item(&mut self, _: &'ast Item) {}
}

fn is_assignment(op: &BinOp) -> bool {
    // The operators that end in `=` are the compound assignments and the comparisons.
    let text = op.to_token_stream().to_string();
    text.ends_with('=') && !["==", "!=", "<=", ">="].contains(&text.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proc_macro2::TokenStream;
    use quote::quote;

    fn changed(body: &TokenStream, is_collection: bool) -> Vec<String> {
        let block: Block = syn::parse2(quote! { { #body } }).unwrap();
        let variable = syn::parse_quote! { x };
        changes(&block, &variable, is_collection).iter().map(|it| it.place.name()).collect()
    }

    #[track_caller]
    fn check(changes: bool, body: &TokenStream) {
        assert_eq!(!changed(body, true).is_empty(), changes, "{body}");
    }

    #[test]
    fn what_is_beyond_doubt_is_seen() {
        check(true, &quote! { x = 1; });
        check(true, &quote! { *x += 1; });
        check(true, &quote! { x.field[2].deep <<= 1; });
        check(true, &quote! { (x, y) = pair; });
        check(true, &quote! { f(&mut x); });
        check(true, &quote! { x.push(1); });
        check(true, &quote! { items.iter().for_each(|y| x.push(y)); });
        check(true, &quote! { writeln!(x, "a")?; });
        check(true, &quote! { assert!(x.insert(y)); });
        check(true, &quote! { x(y); });
        check(true, &quote! { if last { x += 1; if none { continue } return Ok(x); } });
    }

    #[test]
    fn what_may_be_reading_is_left_to_the_proof() {
        check(false, &quote! { x.note(1); });
        check(false, &quote! { info!(x = x, "row"); });
        check(false, &quote! { format!("{y:>w$}", w = x); });
        check(false, &quote! { if last { x += 1; return Ok(x); } });
        check(false, &quote! { return Ok({ x += 1; x }); });
        assert!(changed(&quote! { x.push(1); }, false).is_empty());
    }
}
