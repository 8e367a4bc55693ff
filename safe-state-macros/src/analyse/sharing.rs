//! Refuses what a loop that many workers share may not do.

use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Block, Error, Expr, Item, Label, Lifetime, Result};

use crate::analyse::lending;
use crate::analyse::plan::Plan;
use crate::analyse::taking::taken_from;
use crate::analyse::targets::Target;
use crate::analyse::worklists;
use crate::parse::options::shared::check_cut;
use crate::syntax::free_variables as free;
use crate::syntax::loop_forms::while_let;

/// Returns whether many workers share the loop: the job is shared, and the loop is inside no other resumable loop.
pub(crate) fn is_shared(plan: &Plan, target: &Target) -> bool {
    plan.options.settings.has("shared") && target.depth == 0
}

/// Refuses a shared loop that can't be done in slices.
pub(crate) fn check_shared(
    plan: &Plan,
    target: &Target,
    written: &Expr,
    body: &Block,
) -> Result<()> {
    if !is_shared(plan, target) {
        return Ok(());
    }
    let has_items = match written {
        Expr::ForLoop(_) => true,
        Expr::While(it) => while_let(it).is_some(),
        _ => false,
    };
    if !has_items {
        let text = "many workers share loops that have items: `for` and `while let Some(..)`; write it as one of these, or \
                    remove `shared`";
        return Err(Error::new(written.span(), text));
    }
    if worklists::takes(plan, target) {
        let text = "a loop that takes its items from what it carries can't be shared: each worker would take them from a \
                    variable of its own; take them from something else, or remove `shared`";
        return Err(Error::new(keyword(written), text));
    }
    if lending::lends(plan, target) {
        let text = "a loop that walks what it carries can't be shared: each worker would change items of its own; walk \
                    something else, or remove `shared`";
        return Err(Error::new(written.span(), text));
    }
    check_taken_in(written, body)?;
    check_cut(&target.items.identity, written.span())?;
    let label = match written {
        Expr::ForLoop(it) => it.label.as_ref().map(|label| label.name.clone()),
        Expr::While(it) => it.label.as_ref().map(|label| label.name.clone()),
        _ => None,
    };
    let mut ways_out = WaysOut { label, loops: 0, labels: Vec::new(), found: None };
    ways_out.visit_block(body);
    ways_out.found.map_or(Ok(()), Err)
}

/// Refuses a body that uses the variable from which the head of a `while let` takes items: each worker takes in all
/// items before its first slice.
fn check_taken_in(written: &Expr, body: &Block) -> Result<()> {
    let Expr::While(it) = written else { return Ok(()) };
    let Some((asked, _)) = while_let(it).and_then(|(_, head)| taken_from(head)) else {
        return Ok(());
    };
    if !free::holds(&free::of_block(body), asked) {
        return Ok(());
    }
    let text = format!(
        "each worker takes in all that `{asked}` gives before its first item, and what the body does to it would come too \
         late; give the body what it needs by another variable, or remove `shared`"
    );
    Err(Error::new(keyword(written), text))
}

/// Returns the place of the loop's keyword.
fn keyword(written: &Expr) -> Span {
    match written {
        Expr::ForLoop(it) => it.for_token.span,
        Expr::While(it) => it.while_token.span,
        other => other.span(),
    }
}

const BREAKS: &str = "a `break` would end this worker's slice alone, as other workers are at other items; end with an error, or \
                      remove `shared`";

/// A search for what leaves the loop otherwise than by an error.
struct WaysOut {
    label: Option<Lifetime>,
    /// The number of loops around the current place, within the body.
    loops: usize,
    /// The labels of loops and blocks around the current place, within the body.
    labels: Vec<Lifetime>,
    found: Option<Error>,
}

impl WaysOut {
    fn refuse(&mut self, it: &impl Spanned, text: &str) {
        self.found.get_or_insert_with(|| Error::new(it.span(), text));
    }

    /// Returns whether a label is one of a loop or block around the shared loop.
    fn is_outside(&self, label: &Lifetime) -> bool {
        !self.labels.contains(label) && Some(label) != self.label.as_ref()
    }

    fn within(&mut self, label: Option<&Label>, loops: usize, visit: impl FnOnce(&mut Self)) {
        let outside = self.labels.len();
        self.labels.extend(label.map(|label| label.name.clone()));
        self.loops += loops;
        visit(self);
        self.loops -= loops;
        self.labels.truncate(outside);
    }
}

impl<'ast> Visit<'ast> for WaysOut {
    fn visit_expr(&mut self, expr: &'ast Expr) {
        match expr {
            Expr::Closure(_) | Expr::Async(_) | Expr::Const(_) => {}
            Expr::ForLoop(it) => {
                self.within(it.label.as_ref(), 1, |ways| visit::visit_expr(ways, expr));
            }
            Expr::While(it) => {
                self.within(it.label.as_ref(), 1, |ways| visit::visit_expr(ways, expr));
            }
            Expr::Loop(it) => {
                self.within(it.label.as_ref(), 1, |ways| visit::visit_expr(ways, expr));
            }
            Expr::Block(it) => {
                self.within(it.label.as_ref(), 0, |ways| visit::visit_expr(ways, expr));
            }
            Expr::Break(it) => {
                let leaves = match &it.label {
                    Some(label) => Some(label) == self.label.as_ref() || self.is_outside(label),
                    None => self.loops == 0,
                };
                if leaves {
                    self.refuse(it, BREAKS);
                }
                visit::visit_expr(self, expr);
            }
            Expr::Continue(it) if it.label.as_ref().is_some_and(|it| self.is_outside(it)) => {
                self.refuse(it, BREAKS);
            }
            Expr::Return(it) => {
                if !it.expr.as_deref().is_some_and(is_err) {
                    self.refuse(it, "a `return` would end this worker alone, as other workers are at other items; return \
                                     `Err(..)`, or remove `shared`");
                }
                visit::visit_expr(self, expr);
            }
            _ => visit::visit_expr(self, expr),
        }
    }

    fn visit_item(&mut self, _: &'ast Item) {}
}

/// Returns whether the expression is written as an `Err(..)`.
fn is_err(expr: &Expr) -> bool {
    let Expr::Call(call) = expr else { return false };
    let Expr::Path(path) = &*call.func else { return false };
    path.path.segments.last().is_some_and(|last| last.ident == "Err")
}
