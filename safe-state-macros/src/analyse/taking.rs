//! A `while let` loop whose body takes from what its head takes from: a resumed run passes over what the
//! head has given, and nothing else.

use proc_macro2::Span;
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Block, Error, Expr, ExprForLoop, ExprMethodCall, Ident, Item, Result};

use crate::analyse::plan::Plan;
use crate::analyse::receiving::receiving;
use crate::analyse::survey::{Loop, beside};
use crate::analyse::targets::Target;
use crate::analyse::worklists;
use crate::parse::options::items::Identity;
use crate::syntax::loop_forms::while_let;

/// Refuses a body that takes from what the head takes from, unless that is carried.
pub(crate) fn check_taking(plan: &Plan, written: &Expr, body: &Block) -> Result<()> {
    let Expr::While(it) = written else { return Ok(()) };
    let Some((source, method)) = while_let(it).and_then(|(_, head)| taken_from(head)) else {
        return Ok(());
    };
    if plan.options.restored.carry.iter().any(|named| named.is(source)) {
        return Ok(());
    }
    let mut taking = Taking { source, method, found: None };
    taking.visit_block(body);
    let Some(place) = taking.found else { return Ok(()) };
    let text = format!(
        "this takes from `{source}`, as the loop's head does, and a resumed run would pass over what the head \
         took alone; take in the head all that belongs to one item, as in \
         `while let Some((a, b)) = {source}.{method}().map(|a| (a, {source}.{method}()))`"
    );
    Err(Error::new(place, text))
}

/// Refuses a head that receives from a channel, if its items are to be known by their index.
pub(crate) fn check_receiving(plan: &Plan, written: &Expr, target: &Target) -> Result<()> {
    // One call in the head of a `for` gives what is walked; a closure there, as that of `from_fn`, gives the items.
    let (head, is_asked) = match written {
        Expr::While(it) => (while_let(it).map(|(_, head)| head), true),
        Expr::ForLoop(it) => (Some(&*it.expr), false),
        _ => (None, false),
    };
    let Some(head) = head else { return Ok(()) };
    let is_by_index = matches!(target.items.identity, Identity::Index);
    let Some(place) =
        receiving(head, is_asked).filter(|_| is_by_index && !worklists::takes(plan, target))
    else {
        return Ok(());
    };
    let text = "a channel gives each item once, and would give new ones in place of those that are complete; if what \
                is complete does not come again, write `#[resume(consumed)]` on the loop; if all items are sent again \
                in the next run, know them by `key = |item| item.id`, or say what is compared: `check = |item| item.id`";
    Err(Error::new(place, text))
}

/// Refuses a head that takes items in the order in which something does them side by side, if they are to be known by their
/// index.
pub(crate) fn check_order(
    plan: &Plan,
    written: &Expr,
    around: &Loop,
    target: &Target,
) -> Result<()> {
    let Expr::While(it) = written else { return Ok(()) };
    let Some((_, head)) = while_let(it).filter(|_| !worklists::takes(plan, target)) else {
        return Ok(());
    };
    let source = || {
        let (name, _) = taken_from(head)?;
        around.scope.locals.iter().rev().find(|it| name.unraw() == it.binding.name())
    };
    let method = beside::beside(head).or_else(|| source()?.init.beside.clone());
    let is_by_place = matches!(target.items.identity, Identity::Index | Identity::Check(_));
    match method.filter(|_| is_by_place && target.items.side_by_side.is_none()) {
        Some(method) => Err(beside::no_order(&method)),
        None => Ok(()),
    }
}

/// The variable whose method gives the items, and that method.
pub(crate) fn taken_from(head: &Expr) -> Option<(&Ident, &Ident)> {
    match head {
        Expr::MethodCall(it) => match &*it.receiver {
            Expr::Path(path) => path.path.get_ident().map(|source| (source, &it.method)),
            receiver => taken_from(receiver),
        },
        Expr::Await(it) => taken_from(&it.base),
        Expr::Try(it) => taken_from(&it.expr),
        Expr::Paren(it) => taken_from(&it.expr),
        _ => None,
    }
}

/// Methods that take from what they are called on.
const TAKING: [&str; 22] = [
    "advance_by",
    "by_ref",
    "drain",
    "fetch",
    "next",
    "next_back",
    "next_chunk",
    "next_if",
    "next_if_eq",
    "next_line",
    "nth",
    "nth_back",
    "pop",
    "pop_back",
    "pop_first",
    "pop_front",
    "pop_last",
    "read_line",
    "recv",
    "recv_timeout",
    "try_next",
    "try_recv",
];

struct Taking<'a> {
    source: &'a Ident,
    method: &'a Ident,
    found: Option<Span>,
}

impl Taking<'_> {
    fn is_source(&self, expr: &Expr) -> bool {
        match expr {
            Expr::Path(it) => it.path.get_ident() == Some(self.source),
            Expr::Reference(it) => it.mutability.is_some() && self.is_source(&it.expr),
            Expr::Paren(it) => self.is_source(&it.expr),
            _ => false,
        }
    }
}

impl<'ast> Visit<'ast> for Taking<'_> {
    fn visit_expr_method_call(&mut self, it: &'ast ExprMethodCall) {
        let takes = it.method == *self.method || TAKING.iter().any(|name| it.method == name);
        if takes && self.is_source(&it.receiver) {
            self.found.get_or_insert(it.method.span());
        }
        visit::visit_expr_method_call(self, it);
    }

    fn visit_expr_for_loop(&mut self, it: &'ast ExprForLoop) {
        if self.is_source(&it.expr) {
            self.found.get_or_insert(it.expr.span());
        }
        visit::visit_expr_for_loop(self, it);
    }

    fn visit_item(&mut self, _: &'ast Item) {}
}
