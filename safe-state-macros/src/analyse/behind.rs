//! Refuses a loop whose head takes its items from a variable that is used behind the loop, if more or fewer items are
//! taken from it than a plain loop takes.

use syn::visit::{self, Visit};
use syn::{Block, Error, Expr, ExprCall, Ident, Item, Macro, Result};

use crate::analyse::plan::Plan;
use crate::analyse::sharing::is_shared;
use crate::analyse::taking::taken_from;
use crate::analyse::targets::Target;
use crate::syntax::free_idents::free_idents;
use crate::syntax::free_variables as free;
use crate::syntax::leaving::leaves_loop;
use crate::syntax::loop_forms::while_let;
use crate::syntax::rewrite::body;

/// Refuses such loops of the function's `block`: those that a `break` leaves while items behind it have been taken, and
/// those in which each worker takes the items of its own slices.
pub(crate) fn check_sources(plan: &Plan, block: &Block, targets: &[Target]) -> Result<()> {
    for target in targets {
        let Some(written) = plan.originals.get(&target.at) else { continue };
        let Some(source) = source(written) else { continue };
        // Each worker takes in all that the head of a `while let` loop gives.
        let text = if is_shared(plan, target) && matches!(written, Expr::ForLoop(_)) {
            format!(
                "`{source}` is used behind this loop, and each worker takes from it the items of its own slices alone; \
                 give each its own: `let first: Vec<_> = {source}.by_ref().take(n).collect();`, or remove `shared`"
            )
        } else if target.items.side_by_side.is_some() && is_left(written) {
            format!(
                "`{source}` is used behind this loop, and items side by side are taken from it before an earlier item comes \
                 to its `break`, so fewer would be left than one by one; give the loop a source of its own, or leave \
                 `concurrency` or `threads` out"
            )
        } else {
            continue;
        };
        let mut behind = Behind { source, at: target.at, loops: 0, is_past: false, found: false };
        behind.visit_block(block);
        if behind.found {
            return Err(Error::new(source.span(), text));
        }
    }
    Ok(())
}

/// Returns the variable from which the head takes items one by one, and which has the others still.
fn source(written: &Expr) -> Option<&Ident> {
    match written {
        Expr::ForLoop(it) => lent(&it.expr),
        Expr::While(it) => Some(taken_from(while_let(it)?.1)?.0),
        _ => None,
    }
}

/// Returns `x` of a head such as `&mut x` or `x.by_ref().take(3)`.
fn lent(head: &Expr) -> Option<&Ident> {
    match head {
        Expr::Reference(it) if it.mutability.is_some() => path(&it.expr),
        Expr::MethodCall(it) if it.method == "by_ref" => path(&it.receiver),
        Expr::MethodCall(it) => lent(&it.receiver),
        Expr::Paren(it) => lent(&it.expr),
        Expr::Group(it) => lent(&it.expr),
        _ => None,
    }
}

fn path(expr: &Expr) -> Option<&Ident> {
    let Expr::Path(it) = expr else { return None };
    it.path.get_ident()
}

/// Returns whether the loop may be left before it has taken all its items.
fn is_left(written: &Expr) -> bool {
    let label = match written {
        Expr::ForLoop(it) => it.label.as_ref(),
        Expr::While(it) => it.label.as_ref(),
        _ => None,
    };
    body(written).is_some_and(|body| leaves_loop(body, label))
}

/// A search for the variable `source` behind the loop with the number `at` in the survey.
struct Behind<'a> {
    source: &'a Ident,
    at: usize,
    loops: usize,
    is_past: bool,
    found: bool,
}

impl<'ast> Visit<'ast> for Behind<'_> {
    fn visit_expr(&mut self, expr: &'ast Expr) {
        let at = self.loops;
        match expr {
            Expr::Closure(_) | Expr::Async(_) | Expr::Const(_) => {
                let names = free::names(|free| free.visit_expr(expr));
                self.found |= self.is_past && free::holds(&names, self.source);
            }
            Expr::Path(_) => self.found |= self.is_past && path(expr) == Some(self.source),
            Expr::ForLoop(_) | Expr::While(_) | Expr::Loop(_) => {
                self.loops += 1;
                visit::visit_expr(self, expr);
                self.is_past |= at == self.at;
            }
            _ => visit::visit_expr(self, expr),
        }
    }

    fn visit_expr_call(&mut self, it: &'ast ExprCall) {
        let is_drop = path(&it.func).is_some_and(|name| name == "drop");
        let is_dropped = |given: &Expr| is_drop && path(given) == Some(self.source);
        if !it.args.iter().any(is_dropped) {
            visit::visit_expr_call(self, it);
        }
    }

    fn visit_macro(&mut self, it: &'ast Macro) {
        self.found |= self.is_past && free::holds(&free_idents(it.tokens.clone()), self.source);
    }

    fn visit_item(&mut self, _: &'ast Item) {}
}
