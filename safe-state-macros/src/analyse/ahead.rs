//! Finds and checks the argument of `ahead!(..)`: the part of a body that runs ahead of the loop.

use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::visit_mut::{self, VisitMut};
use syn::{
    BinOp, Block, Error, Expr, ExprMacro, Ident, Item, Lifetime, Local, Macro, Path, Result, Stmt,
};

use crate::analyse::plan::Plan;

/// The part of a body that runs ahead of the loop.
pub(crate) struct Part {
    /// The path of the macro, as the user wrote it.
    pub(crate) path: Path,
    /// The expression that runs ahead, for as many items at once as the loop's option says.
    pub(crate) expr: Expr,
}

/// Returns the part of `body` that runs ahead: the argument of an `ahead!` in the initialiser of its first statement.
///
/// # Errors
///
/// There is a second `ahead!`, or one at a place that some items do not reach: it would run for all of them.
pub(crate) fn of(plan: &Plan, body: &Block) -> Result<Option<Part>> {
    let Some(Stmt::Local(Local { init: Some(init), .. })) = body.stmts.first() else {
        return Ok(None);
    };
    let mut find = Find { plan, choices: 0, found: None, error: None };
    find.visit_expr(&init.expr);
    if let Some(error) = find.error {
        return Err(error);
    }
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
    let mut ways = Ways { loops: 0, labels: Vec::new(), error: None };
    ways.visit_expr(&part.expr);
    ways.error.map_or(Ok(()), Err)
}

pub(crate) fn is_ahead(plan: &Plan, mac: &Macro) -> bool {
    plan.our_macro(&mac.path).is_some_and(|name| name == "ahead")
}

struct Find<'a> {
    plan: &'a Plan,
    /// The number of expressions around the current place that may pass it by, or evaluate it again.
    choices: usize,
    found: Option<Macro>,
    error: Option<Error>,
}

impl Find<'_> {
    fn found(&mut self, mac: &Macro) {
        let text = if self.found.is_some() {
            "one part of an item runs ahead; let it give both values: `let (a, b) = ahead!((f(&x), g(&x)));`"
        } else if self.choices > 0 {
            "what runs ahead runs for each item, also for one that does not come to this place; decide within it: \
             `ahead!(if .. { Some(f(&x)) } else { None })`"
        } else {
            self.found = Some(mac.clone());
            return;
        };
        self.error.get_or_insert_with(|| Error::new_spanned(&mac.path, text));
    }

    fn chosen(&mut self, visit: impl FnOnce(&mut Self)) {
        self.choices += 1;
        visit(self);
        self.choices -= 1;
    }
}

impl<'ast> Visit<'ast> for Find<'_> {
    fn visit_expr(&mut self, expr: &'ast Expr) {
        match expr {
            Expr::Closure(_) | Expr::Async(_) | Expr::Const(_) => {}
            Expr::Macro(ExprMacro { mac, .. }) if is_ahead(self.plan, mac) => self.found(mac),
            Expr::If(it) => {
                self.visit_expr(&it.cond);
                self.chosen(|find| {
                    find.visit_block(&it.then_branch);
                    it.else_branch.iter().for_each(|(_, other)| find.visit_expr(other));
                });
            }
            Expr::Match(it) => {
                self.visit_expr(&it.expr);
                self.chosen(|find| it.arms.iter().for_each(|arm| find.visit_arm(arm)));
            }
            Expr::Binary(it) if matches!(it.op, BinOp::And(_) | BinOp::Or(_)) => {
                self.visit_expr(&it.left);
                self.chosen(|find| find.visit_expr(&it.right));
            }
            Expr::ForLoop(it) => {
                self.visit_expr(&it.expr);
                self.chosen(|find| find.visit_block(&it.body));
            }
            Expr::While(_) | Expr::Loop(_) => self.chosen(|find| visit::visit_expr(find, expr)),
            Expr::Block(it) if it.label.is_some() => {
                self.chosen(|find| visit::visit_expr(find, expr));
            }
            _ => visit::visit_expr(self, expr),
        }
    }

    fn visit_item(&mut self, _: &'ast Item) {}
}

struct Ways {
    loops: usize,
    /// The labels of loops and blocks around the current place, within the part.
    labels: Vec<Lifetime>,
    error: Option<Error>,
}

impl Ways {
    fn refuse(&mut self, place: proc_macro2::Span) {
        let text = "what runs ahead gives a value, or fails by `?`; leave the loop in the rest of the body, which goes \
                    by that value";
        self.error.get_or_insert_with(|| Error::new(place, text));
    }

    fn check(&mut self, label: Option<&Lifetime>, place: proc_macro2::Span) {
        let stays = label.map_or(self.loops > 0, |label| self.labels.contains(label));
        if !stays {
            self.refuse(place);
        }
    }
}

impl<'ast> Visit<'ast> for Ways {
    fn visit_expr(&mut self, expr: &'ast Expr) {
        let (label, loops) = match expr {
            Expr::Closure(_) | Expr::Async(_) | Expr::Const(_) => return,
            Expr::Return(it) => {
                self.refuse(it.span());
                (None, 0)
            }
            Expr::Break(it) => {
                self.check(it.label.as_ref(), it.span());
                (None, 0)
            }
            Expr::Continue(it) => {
                self.check(it.label.as_ref(), it.span());
                (None, 0)
            }
            Expr::ForLoop(it) => (it.label.as_ref(), 1),
            Expr::While(it) => (it.label.as_ref(), 1),
            Expr::Loop(it) => (it.label.as_ref(), 1),
            Expr::Block(it) => (it.label.as_ref(), 0),
            _ => (None, 0),
        };
        let outside = self.labels.len();
        self.labels.extend(label.map(|label| label.name.clone()));
        self.loops += loops;
        visit::visit_expr(self, expr);
        self.loops -= loops;
        self.labels.truncate(outside);
    }

    fn visit_item(&mut self, _: &'ast Item) {}
}
