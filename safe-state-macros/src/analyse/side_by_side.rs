//! Checks loops whose items run side by side.

use proc_macro2::Span;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Error, Expr, ExprMacro, Item, Macro, Result};

use crate::analyse::carried::CarriedVariable;
use crate::analyse::changes::changes;
use crate::analyse::plan::Plan;
use crate::analyse::survey::Survey;
use crate::analyse::targets::Target;
use crate::analyse::{ahead, lending, sharing, worklists};
use crate::parse::function::Returned;
use crate::parse::options::items::Identity;
use crate::parse::options::side_by_side::SideBySide;
use crate::syntax::bindings::own_names;
use crate::syntax::loop_forms::while_let;
use crate::syntax::rewrite::body;

/// Refuses items side by side in a function, or at a place in it, where that can't be.
pub(crate) fn check_place(plan: &Plan, survey: &Survey, targets: &[Target]) -> Result<()> {
    for (target, it) in each(targets) {
        let refused = |text: &str| Err(Error::new(it.option, text));
        if it.on_threads && plan.is_async {
            return refused(
                "this function is async; its items run side by side as futures, with `concurrency`",
            );
        }
        if !it.on_threads && !plan.is_async {
            return refused(
                "this function is not async; its items run side by side on threads, with `threads`",
            );
        }
        if matches!(target.items.identity, Identity::Cursor(_)) {
            return refused(
                "with a cursor, items complete in the order of the input; items side by side complete in any order. \
                 Know them by `key`, or by their index",
            );
        }
        let is_within = |it: &&Target| survey.around(it.at).any(|outer| outer == target.at);
        if target.depth > 0 || targets.iter().any(|inner| is_within(&inner)) {
            return refused(
                "the items of a resumable loop run side by side where no other resumable loop is around it or in it",
            );
        }
        if plan.options.settings.has("timeout") {
            return refused(
                "`timeout` is watched for one item at a time; `max_runtime` ends a run whose items run side by side",
            );
        }
        match &plan.returned {
            Returned::Type(_) if plan.returned.option().is_none() => {}
            Returned::Type(_) => {
                return refused(
                    "a `?` on an `Option` can't leave items side by side; return a `Result`",
                );
            }
            Returned::Opaque | Returned::Never => {
                return refused(
                    "what leaves items side by side has to have a type with a name; return one",
                );
            }
        }
    }
    Ok(())
}

/// Refuses items side by side in a loop whose head or body needs them one after the other.
pub(crate) fn check_bodies(plan: &Plan, targets: &[Target]) -> Result<()> {
    for (target, it) in each(targets) {
        if lending::lends(plan, target) || worklists::takes(plan, target) {
            let text =
                "the head of this loop changes what is carried, which items side by side can't";
            return Err(Error::new(it.option, text));
        }
        check_head(plan, target)?;
        let Some(body) = plan.originals.get(&target.at).and_then(body) else { continue };
        let has_part = ahead::of(plan, body)?.is_some();
        let is_changed = |variable: &&CarriedVariable| {
            !variable.is_handle()
                && !own_names(body).contains(&variable.ident.to_string())
                && !changes(body, &variable.ident, true).is_empty()
        };
        if let Some(changed) = plan.carried.iter().find(is_changed).filter(|_| !has_part) {
            let name = changed.name();
            let text = format!(
                "`{name}` is changed by items that run side by side, in any order; let what takes long run ahead of \
                 the loop, and change it in order: `let x = ahead!(..);` as the body's first statement, then `{name}`"
            );
            return Err(Error::new(changed.named.span(), text));
        }
        if let Some(part) = ahead::of(plan, body)? {
            ahead::check_part(&part)?;
            if plan.options.settings.has("item_timeout") {
                let text = "with `ahead!`, an item's time would begin before its turn; put a limit on what runs ahead: \
                            `ahead!(TimeLimit::new(\"30s\").run_async(..).await??)`, or `.run(|| ..)??` on threads";
                return Err(Error::new(it.option, text));
            }
            continue;
        }
        let mut ours = Ours { plan, error: None };
        ours.visit_block(body);
        if let Some(error) = ours.error {
            return Err(error);
        }
    }
    Ok(())
}

/// Refuses a head that leaves the function. It asks for an item while others run, in a closure or a future of its own; only in a
/// shared loop it has given all items before.
fn check_head(plan: &Plan, target: &Target) -> Result<()> {
    let written = plan.originals.get(&target.at).filter(|_| !sharing::is_shared(plan, target));
    let Some(Expr::While(it)) = written else { return Ok(()) };
    let Some((_, head)) = while_let(it) else { return Ok(()) };
    let mut left = Left(None);
    left.visit_expr(head);
    let text = "this head is asked for an item while others run, so it can't leave the function; let the item be the \
                `Result`, and leave in the body: `while let Some(row) = rows.next() { let row = row?; .. }`";
    left.0.map_or(Ok(()), |at| Err(Error::new(at, text)))
}

/// The first place that leaves the function, by `?` or `return`.
struct Left(Option<Span>);

impl<'ast> Visit<'ast> for Left {
    fn visit_expr(&mut self, expr: &'ast Expr) {
        match expr {
            Expr::Closure(_) | Expr::Async(_) | Expr::Const(_) | Expr::TryBlock(_) => return,
            Expr::Try(it) => self.0 = self.0.or(Some(it.question_token.span())),
            Expr::Return(it) => self.0 = self.0.or(Some(it.return_token.span)),
            _ => {}
        }
        visit::visit_expr(self, expr);
    }

    fn visit_item(&mut self, _: &'ast Item) {}
}

fn each(targets: &[Target]) -> impl Iterator<Item = (&Target, &SideBySide)> {
    targets.iter().filter_map(|target| Some((target, target.items.side_by_side.as_ref()?)))
}

/// A search for our macros that need items in order.
struct Ours<'a> {
    plan: &'a Plan,
    error: Option<Error>,
}

impl<'ast> Visit<'ast> for Ours<'_> {
    fn visit_macro(&mut self, mac: &'ast Macro) {
        let name = self.plan.our_macro(&mac.path);
        let needs_order = ["commit", "cursor"].iter().find(|it| name.as_deref() == Some(**it));
        if let Some(name) = needs_order {
            let text = format!(
                "`{name}!` saves the progress of items in order, and these run side by side; leave `concurrency` or \
                 `threads` out"
            );
            self.error.get_or_insert_with(|| Error::new_spanned(&mac.path, text));
        }
    }

    fn visit_expr(&mut self, expr: &'ast Expr) {
        match expr {
            Expr::Macro(ExprMacro { mac, .. }) => self.visit_macro(mac),
            _ => visit::visit_expr(self, expr),
        }
    }

    fn visit_item(&mut self, _: &'ast Item) {}
}
