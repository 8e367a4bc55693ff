//! Finds and checks the argument of `ahead!(..)`: the part of a body that runs ahead of the loop.

use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::visit_mut::{self, VisitMut};
use syn::{Block, Error, Expr, ExprMacro, Ident, Item, Local, Macro, Path, Result, Stmt};

use crate::analyse::plan::Plan;

/// The part of a body that runs ahead of the loop.
pub(crate) struct Part {
    /// The path of the macro, as the user wrote it.
    pub(crate) path: Path,
    /// The expression that runs ahead, for as many items at once as the loop's option says.
    pub(crate) expr: Expr,
}

/// Returns the part of `body` that runs ahead: the argument of an `ahead!` in the initialiser of its first statement.
pub(crate) fn of(plan: &Plan, body: &Block) -> Result<Option<Part>> {
    let Some(Stmt::Local(Local { init: Some(init), .. })) = body.stmts.first() else {
        return Ok(None);
    };
    let mut find = Find { plan, found: None };
    find.visit_expr(&init.expr);
    let Some(mac) = find.found else { return Ok(None) };
    let expr = mac.parse_body().map_err(|error| {
        Error::new(
            error.span(),
            format!("expected one expression to run ahead, as in `ahead!(fetch(&url))`: {error}"),
        )
    })?;
    Ok(Some(Part { path: mac.path, expr }))
}

/// Replaces each `ahead!(..)` in `init` by the variable `value`.
pub(crate) fn replace(plan: &Plan, init: &mut Expr, value: &Ident) {
    struct Replace<'a>(&'a Plan, &'a Ident);
    impl VisitMut for Replace<'_> {
        fn visit_expr_mut(&mut self, expr: &mut Expr) {
            match expr {
                Expr::Macro(ExprMacro { mac, .. }) if is_ahead(self.0, mac) => {
                    let value = self.1;
                    *expr = syn::parse_quote!(#value);
                }
                _ => visit_mut::visit_expr_mut(self, expr),
            }
        }
    }
    Replace(plan, value).visit_expr_mut(init);
}

/// Refuses a part that leaves the loop or the function by `break`, `continue` or `return`; a `?` is allowed.
pub(crate) fn check_part(part: &Part) -> Result<()> {
    let mut ways = Ways { loops: 0, error: None };
    ways.visit_expr(&part.expr);
    ways.error.map_or(Ok(()), Err)
}

pub(crate) fn is_ahead(plan: &Plan, mac: &Macro) -> bool {
    plan.our_macro(&mac.path).is_some_and(|name| name == "ahead")
}

struct Find<'a> {
    plan: &'a Plan,
    found: Option<Macro>,
}

impl<'ast> Visit<'ast> for Find<'_> {
    fn visit_expr(&mut self, expr: &'ast Expr) {
        match expr {
            Expr::Closure(_) | Expr::Async(_) | Expr::Const(_) => {}
            Expr::Macro(ExprMacro { mac, .. }) if is_ahead(self.plan, mac) => {
                self.found.get_or_insert_with(|| mac.clone());
            }
            _ => visit::visit_expr(self, expr),
        }
    }

    fn visit_item(&mut self, _: &'ast Item) {}
}

struct Ways {
    loops: usize,
    error: Option<Error>,
}

impl Ways {
    fn refuse(&mut self, place: proc_macro2::Span) {
        let text = "what runs ahead gives a value, or fails by `?`; leave the loop in the rest of the body, which goes \
                    by that value";
        self.error.get_or_insert_with(|| Error::new(place, text));
    }
}

impl<'ast> Visit<'ast> for Ways {
    fn visit_expr(&mut self, expr: &'ast Expr) {
        match expr {
            Expr::Closure(_) | Expr::Async(_) | Expr::Const(_) => {}
            Expr::Return(it) => self.refuse(it.span()),
            Expr::Break(it) if self.loops == 0 || it.label.is_some() => self.refuse(it.span()),
            Expr::Continue(it) if self.loops == 0 || it.label.is_some() => self.refuse(it.span()),
            Expr::ForLoop(_) | Expr::While(_) | Expr::Loop(_) => {
                self.loops += 1;
                visit::visit_expr(self, expr);
                self.loops -= 1;
            }
            _ => visit::visit_expr(self, expr),
        }
    }

    fn visit_item(&mut self, _: &'ast Item) {}
}
