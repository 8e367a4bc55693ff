//! Finds out whether code may change a variable that it does not declare itself.
//! Tokens don't tell whether a method takes `&mut self`. Some names of methods of the standard library are taken to
//! read; any other method may change its receiver.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{
    Arm, BinOp, Block, Expr, ExprAssign, ExprBinary, ExprCall, ExprClosure, ExprForLoop, ExprIf,
    ExprLet, ExprMatch, ExprMethodCall, ExprReference, ExprWhile, Ident, Item, Local, Macro, Pat,
    PatIdent, Stmt,
};

use crate::syntax::bindings::bindings;
use crate::syntax::free_idents::free_idents;

mod arguments;
#[cfg(test)]
mod tests;

use arguments::Arguments;

/// Methods that take `&self`, in the types that a loop most often reads.
const READERS: &[&str] = &[
    "len",
    "is_empty",
    "get",
    "contains",
    "contains_key",
    "iter",
    "keys",
    "values",
    "first",
    "last",
    "clone",
    "cloned",
    "copied",
    "as_str",
    "as_ref",
    "as_slice",
    "as_bytes",
    "as_path",
    "as_deref",
    "to_string",
    "to_owned",
    "to_vec",
    "is_some",
    "is_none",
    "is_ok",
    "is_err",
    "starts_with",
    "ends_with",
    "chars",
    "bytes",
    "lines",
    "split",
    "trim",
    "eq",
    "ne",
    "cmp",
    "partial_cmp",
    "lt",
    "le",
    "gt",
    "ge",
    "min",
    "max",
    "abs",
    "pow",
    "checked_add",
    "checked_sub",
    "saturating_add",
    "saturating_sub",
    "wrapping_add",
    "capacity",
    "range",
    "windows",
    "chunks",
    "binary_search",
    "binary_search_by",
    "binary_search_by_key",
    "join",
    "display",
    "exists",
    "borrow",
    "lock",
    "load",
    "elapsed",
    "hash",
    "fmt",
    "is_file",
    "is_dir",
    "map",
    "and_then",
    "unwrap_or",
    "unwrap_or_default",
    "ok_or",
    "parse",
];

/// Macros of the standard library, which only read their arguments; and `step!`, which gives in each run what it gave
/// in the first run.
const STD_MACROS: &[&str] = &[
    "print",
    "println",
    "eprint",
    "eprintln",
    "format",
    "format_args",
    "assert",
    "assert_eq",
    "assert_ne",
    "debug_assert",
    "debug_assert_eq",
    "debug_assert_ne",
    "panic",
    "unreachable",
    "todo",
    "unimplemented",
    "matches",
    "step",
    "vec",
    "dbg",
    "concat",
];

/// Macros of other crates that are taken to read their arguments, by their names.
const READING_MACROS: &[&str] = &[
    "trace", "debug", "info", "warn", "error", "event", "span", "bail", "ensure", "anyhow", "eyre",
    "log", "json",
];

/// Returns whether a statement may change `variable`.
pub(crate) fn stmt_may_change(stmt: &Stmt, variable: &Ident) -> bool {
    Search::of(variable, |search| search.visit_stmt(stmt))
}

/// The place where a statement is taken to read a variable because of a name alone.
#[derive(Clone, Copy)]
pub(crate) enum ByName {
    /// The name of a method. If the variable's type is not known, its method with this name may change it.
    Method(Span),
    /// The name of a macro that is not of the standard library. The macro may change its arguments.
    Macro(Span),
}

/// Returns the first place where a statement is taken to read `variable` because of a name alone. `is_known` says
/// whether the methods of the variable's type are known.
pub(crate) fn read_by_name(stmt: &Stmt, variable: &Ident, is_known: bool) -> Option<ByName> {
    let mut search = Search::for_variable(variable);
    search.trusts_methods = is_known;
    search.visit_stmt(stmt);
    search.by_name
}

/// Returns whether an expression may change `variable`.
pub(crate) fn expr_may_change(expr: &Expr, variable: &Ident) -> bool {
    Search::of(variable, |search| search.visit_expr(expr))
}

/// Returns whether a block may change `variable`.
pub(crate) fn block_may_change(block: &Block, variable: &Ident) -> bool {
    Search::of(variable, |search| search.visit_block(block))
}

struct Search {
    name: String,
    /// Whether a variable that the code declares hides the searched one at this point.
    hidden: bool,
    found: bool,
    /// Whether the methods of the variable's type are known.
    trusts_methods: bool,
    /// The first place where the variable is taken to be read because of a name alone.
    by_name: Option<ByName>,
}

impl Search {
    fn of(variable: &Ident, visit: impl FnOnce(&mut Self)) -> bool {
        let mut search = Search::for_variable(variable);
        visit(&mut search);
        search.found
    }

    fn for_variable(variable: &Ident) -> Self {
        let name = variable.unraw().to_string();
        Search { name, hidden: false, found: false, trusts_methods: true, by_name: None }
    }

    /// Returns whether `expr` is the variable, or a part of it.
    fn is_place(&self, expr: &Expr) -> bool {
        if self.hidden {
            return false;
        }
        match expr {
            Expr::Path(path) => {
                path.path.get_ident().is_some_and(|ident| ident.unraw() == self.name)
            }
            Expr::Field(it) => self.is_place(&it.base),
            Expr::Index(it) => self.is_place(&it.expr),
            Expr::Paren(it) => self.is_place(&it.expr),
            Expr::Group(it) => self.is_place(&it.expr),
            Expr::Unary(it) => self.is_place(&it.expr),
            // These stand on the left of a destructuring assignment.
            Expr::Tuple(it) => it.elems.iter().any(|elem| self.is_place(elem)),
            Expr::Array(it) => it.elems.iter().any(|elem| self.is_place(elem)),
            Expr::Struct(it) => it.fields.iter().any(|field| self.is_place(&field.expr)),
            _ => false,
        }
    }

    /// Returns whether the arguments of a macro may change the variable. If they can't be parsed, a macro of the
    /// standard library that mentions the variable may change it.
    fn changed_in(&mut self, it: &Macro, is_of_std: bool) -> bool {
        let outside = std::mem::take(&mut self.found);
        match Arguments::of(it) {
            Some(Arguments(exprs, guarded)) => {
                for argument in &exprs {
                    self.visit_expr(argument);
                }
                if let Some((pat, guard)) = guarded {
                    self.within([&pat], |search| search.visit_expr(&guard));
                }
            }
            None => self.changed_if(is_of_std && mentions(it.tokens.clone(), &self.name)),
        }
        std::mem::replace(&mut self.found, outside)
    }

    fn changed_if(&mut self, changed: bool) {
        self.found |= changed;
    }

    fn binds(&self, pat: &Pat) -> bool {
        bindings(pat).iter().any(|binding| binding.name() == self.name)
    }

    /// Calls `visit` with the bindings of `pats` in scope.
    fn within<'p>(
        &mut self,
        pats: impl IntoIterator<Item = &'p Pat>,
        visit: impl FnOnce(&mut Self),
    ) {
        let outside = self.hidden;
        self.hidden |= pats.into_iter().any(|pat| self.binds(pat));
        visit(self);
        self.hidden = outside;
    }

    /// Adds the patterns that a condition binds to `pats`: `if let P = ..`, also in a chain.
    fn condition<'e>(cond: &'e Expr, pats: &mut Vec<&'e Pat>) {
        match cond {
            Expr::Let(it) => pats.push(&it.pat),
            Expr::Binary(it) => {
                Self::condition(&it.left, pats);
                Self::condition(&it.right, pats);
            }
            _ => {}
        }
    }
}

impl<'ast> Visit<'ast> for Search {
    fn visit_expr_assign(&mut self, it: &'ast ExprAssign) {
        self.changed_if(self.is_place(&it.left));
        visit::visit_expr_assign(self, it);
    }

    fn visit_expr_binary(&mut self, it: &'ast ExprBinary) {
        self.changed_if(is_assignment(&it.op) && self.is_place(&it.left));
        visit::visit_expr_binary(self, it);
    }

    fn visit_expr_reference(&mut self, it: &'ast ExprReference) {
        self.changed_if(it.mutability.is_some() && self.is_place(&it.expr));
        visit::visit_expr_reference(self, it);
    }

    fn visit_expr_method_call(&mut self, it: &'ast ExprMethodCall) {
        let reads = READERS.iter().any(|reader| it.method == reader);
        let is_place = self.is_place(&it.receiver);
        self.changed_if(!reads && is_place);
        if reads && is_place && !self.trusts_methods {
            self.by_name.get_or_insert(ByName::Method(it.method.span()));
        }
        visit::visit_expr_method_call(self, it);
    }

    /// Counts a call of the variable as a change: a closure in a `mut` variable changes what it has captured.
    fn visit_expr_call(&mut self, it: &'ast ExprCall) {
        self.changed_if(self.is_place(&it.func));
        visit::visit_expr_call(self, it);
    }

    /// Counts a `ref mut` in an arm as a change of what is matched.
    fn visit_expr_match(&mut self, it: &'ast ExprMatch) {
        let lends = it.arms.iter().any(|arm| lends_mutably(&arm.pat));
        self.changed_if(lends && self.is_place(&it.expr));
        visit::visit_expr_match(self, it);
    }

    fn visit_expr_let(&mut self, it: &'ast ExprLet) {
        self.changed_if(lends_mutably(&it.pat) && self.is_place(&it.expr));
        visit::visit_expr_let(self, it);
    }

    fn visit_macro(&mut self, it: &'ast Macro) {
        let name =
            it.path.segments.last().map(|segment| segment.ident.to_string()).unwrap_or_default();
        let is_mentioned = !self.hidden && free_idents(it.tokens.clone()).contains(&self.name);
        let is_of_std = STD_MACROS.contains(&name.as_str());
        let is_known = is_of_std || READING_MACROS.contains(&name.as_str());
        let reads = is_known && !self.changed_in(it, is_of_std);
        self.changed_if(is_mentioned && !reads);
        // A format string only reads what it captures, so texts do not count here.
        if !is_of_std && is_mentioned && mentions(it.tokens.clone(), &self.name) {
            self.by_name.get_or_insert(ByName::Macro(it.path.span()));
        }
    }

    fn visit_block(&mut self, block: &'ast Block) {
        let outside = self.hidden;
        visit::visit_block(self, block);
        self.hidden = outside;
    }

    fn visit_local(&mut self, it: &'ast Local) {
        let lends = |init: &syn::LocalInit| lends_mutably(&it.pat) && self.is_place(&init.expr);
        let is_lent = it.init.as_ref().is_some_and(lends);
        self.changed_if(is_lent);
        visit::visit_local(self, it);
        self.hidden |= self.binds(&it.pat);
    }

    fn visit_expr_closure(&mut self, it: &'ast ExprClosure) {
        self.within(&it.inputs, |search| visit::visit_expr_closure(search, it));
    }

    fn visit_arm(&mut self, it: &'ast Arm) {
        self.within([&it.pat], |search| visit::visit_arm(search, it));
    }

    fn visit_expr_for_loop(&mut self, it: &'ast ExprForLoop) {
        self.visit_expr(&it.expr);
        self.within([&*it.pat], |search| search.visit_block(&it.body));
    }

    fn visit_expr_if(&mut self, it: &'ast ExprIf) {
        self.visit_expr(&it.cond);
        let mut pats = Vec::new();
        Self::condition(&it.cond, &mut pats);
        self.within(pats, |search| search.visit_block(&it.then_branch));
        if let Some((_, otherwise)) = &it.else_branch {
            self.visit_expr(otherwise);
        }
    }

    fn visit_expr_while(&mut self, it: &'ast ExprWhile) {
        self.visit_expr(&it.cond);
        let mut pats = Vec::new();
        Self::condition(&it.cond, &mut pats);
        self.within(pats, |search| search.visit_block(&it.body));
    }

    /// Of the items only a macro sees variables of the function, and may change them where it is called.
    fn visit_item(&mut self, it: &'ast Item) {
        if let Item::Macro(it) = it {
            self.changed_if(!self.hidden && mentions(it.mac.tokens.clone(), &self.name));
        }
    }
}

/// Returns whether `name` is among the identifiers in the tokens. Texts do not count.
fn mentions(tokens: TokenStream, name: &str) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(it) => it.unraw() == name,
        TokenTree::Group(it) => mentions(it.stream(), name),
        _ => false,
    })
}

fn lends_mutably(pat: &Pat) -> bool {
    struct Lends(bool);
    impl Visit<'_> for Lends {
        fn visit_pat_ident(&mut self, it: &PatIdent) {
            self.0 |= it.by_ref.is_some() && it.mutability.is_some();
            visit::visit_pat_ident(self, it);
        }
    }
    let mut lends = Lends(false);
    lends.visit_pat(pat);
    lends.0
}

fn is_assignment(op: &BinOp) -> bool {
    // The operators that end in `=` are the compound assignments and the comparisons.
    let text = op.to_token_stream().to_string();
    text.ends_with('=') && !["==", "!=", "<=", ">="].contains(&text.as_str())
}
