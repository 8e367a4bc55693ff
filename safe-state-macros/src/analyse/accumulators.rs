//! What the source shows of a body that changes a variable from before its loop: a mutable one holds what
//! earlier items left in it, and a resumed run would go on without a word from a wrong value.
//!
//! It sees the plain cases, and has words for them. The proof sees them all.

mod lent;

use quote::ToTokens;
use syn::visit::Visit;
use syn::{Block, Error, Expr, Ident, Result, Stmt};

use crate::analyse::changes::{Change, Changed, changes};
use crate::analyse::collections::is_plain;
use crate::analyse::opening::Opening;
use crate::analyse::plan::Plan;
use crate::analyse::survey::Loop;
use crate::analyse::survey::locals::Local;
use crate::analyse::targets::Target;
use crate::parse::options::items::Identity;
use crate::parse::options::variable::Variable;
use crate::syntax::bindings::{Binding, bindings, own_names};
use crate::syntax::free_idents::free_idents;
use crate::syntax::free_variables as free;
use crate::syntax::loop_forms::while_let;

/// Refuses a body that changes a variable which is neither carried nor fresh.
pub(crate) fn check_accumulators(
    plan: &Plan,
    written: &Expr,
    body: &Block,
    around: &Loop,
) -> Result<()> {
    check(plan, (written, false), body, around)?;
    check_parts(plan, written, body, around)
}

/// Refuses a body that changes a part of an argument by a name of its own, which a pattern has given it: options name it by
/// the argument.
fn check_parts(plan: &Plan, written: &Expr, body: &Block, around: &Loop) -> Result<()> {
    let lent = |name: &String| {
        let argument = plan.arguments.iter().find(|it| it.name() == *name);
        argument.filter(|it| it.is_mut_reference())
    };
    let locals = &around.scope.locals;
    for (at, local) in locals.iter().enumerate().filter(|(_, it)| !it.is_plain) {
        let ident = &local.binding.ident;
        let Some(argument) = local.init.made_of.as_ref().and_then(lent) else { continue };
        if local.binding.is_mut
            || locals.iter().skip(at + 1).any(|it| it.binding.ident == *ident)
            || plan.options.named().any(|named| named.root == *ident)
            || free::holds(&own_names(body), ident)
            || bound(written).iter().any(|it| it.ident == *ident)
            || changes(body, ident, is_evident(local)).is_empty()
        {
            continue;
        }
        let of = &argument.ident;
        let text = format!(
            "the loop changes `{ident}`, which is a part of `{of}` and goes by the name of that in options\n\n\
             help: to save it with the progress and restore it, write `{of}.{ident}` in the loop, and add \
             `carry({of}.{ident})` to `#[resumable]`\n\
             help: if every run may start with a new one, write it so and add `fresh({of}.{ident})`"
        );
        return Err(Error::new(ident.span(), text));
    }
    Ok(())
}

/// Refuses what changes in `body`, which is of the head or behind it.
fn check(
    plan: &Plan,
    (written, is_head): (&Expr, bool),
    body: &Block,
    around: &Loop,
) -> Result<()> {
    let mut own = own_names(body);
    own.extend(bound(written).iter().map(Binding::name));
    let arguments = plan.arguments.iter().map(|it| {
        (
            &it.ident,
            it.is_mut || it.is_mut_reference(),
            it.value_type().as_ref().is_some_and(is_plain),
            Opening::default(),
            false,
        )
    });
    let locals = around.scope.locals.iter().map(|it| {
        let is_closure = it.closure().is_some();
        (&it.binding.ident, it.binding.is_mut, is_evident(it), it.init.opening.clone(), is_closure)
    });
    // From the inside out: the innermost variable of a name is the one the body sees.
    let variables: Vec<_> = arguments.chain(locals).collect();
    let mut errors: Option<Error> = None;
    for (at, (ident, is_mut, is_evident, opening, is_closure)) in variables.iter().enumerate() {
        let is_hidden = variables.iter().skip(at + 1).any(|(later, ..)| later == ident);
        if !is_mut || is_hidden || own.contains(&ident.to_string()) {
            continue;
        }
        let changed = changes(body, ident, *is_evident);
        let changed = changed.into_iter().filter(|change| !covers(plan, &change.place));
        let changed = by_variable(changed, plan);
        if changed.is_empty() {
            continue;
        }
        let head =
            head(written).map(|head| free_idents(head.to_token_stream())).unwrap_or_default();
        let may_be_fresh = (is_head || !head.contains(&ident.to_string()))
            && !opening.makes_file()
            && changed.iter().all(|change| change.how != Changed::Written);
        let text = if *is_closure {
            closure_text(ident)
        } else {
            text(&changed, (is_head, may_be_fresh), opening)
        };
        let error = Error::new(ident.span(), text);
        match &mut errors {
            Some(errors) => errors.combine(error),
            None => errors = Some(error),
        }
    }
    errors.map_or(Ok(()), Err)
}

/// Refuses closures and mutable borrows in the head that change a variable from before the loop, where the source begins behind
/// what is complete. In other loops the head gives all items again in a resumed run, and with that the variable gets its value.
pub(crate) fn check_head(
    plan: &Plan,
    written: &Expr,
    target: &Target,
    around: &Loop,
) -> Result<()> {
    if !matches!(target.items.identity, Identity::Cursor(_) | Identity::Consumed(_)) {
        return Ok(());
    }
    let Expr::ForLoop(it) = written else { return Ok(()) };
    let mut stmts = lent::changing(&it.expr);
    stmts.extend(closures_of(plan, &it.expr, around));
    let block = Block { brace_token: it.body.brace_token, stmts };
    check(plan, (written, true), &block, around)
}

/// Returns the closures from before the loop that its head mentions and that no option names.
fn closures_of(plan: &Plan, head: &Expr, around: &Loop) -> Vec<Stmt> {
    let names = free::names(|free| free.visit_expr(head));
    let of = around.scope.locals.iter().filter(|it| {
        let ident = &it.binding.ident;
        free::holds(&names, ident) && !plan.options.named().any(|named| named.is(ident))
    });
    of.filter_map(Local::closure).map(|it| Stmt::Expr(Expr::Closure(it.clone()), None)).collect()
}

/// Whether the place, or what it is a part of, is named.
fn covers(plan: &Plan, place: &Variable) -> bool {
    plan.options.named().any(|named| named.holds(place))
}

/// Returns the changes. Fields are told apart for `self`, and for a variable of which an option names a field.
fn by_variable(changed: impl Iterator<Item = Change>, plan: &Plan) -> Vec<Change> {
    let mut all: Vec<Change> = Vec::new();
    for Change { mut place, how } in changed {
        if place.root != "self" && !plan.options.named().any(|it| it.root == place.root) {
            place.fields = Vec::new();
        }
        match all.iter_mut().find(|change| change.place == place) {
            Some(change) if how == Changed::Written => change.how = how,
            Some(_) => {}
            None => all.push(Change { place, how }),
        }
    }
    all
}

fn is_evident(local: &Local) -> bool {
    local.is_collection() || local.value_type().as_ref().is_some_and(is_plain)
}

/// What the loop binds of each item.
fn bound(written: &Expr) -> Vec<Binding> {
    match written {
        Expr::ForLoop(it) => bindings(&it.pat),
        Expr::While(it) => while_let(it).map(|(pat, _)| bindings(pat)).unwrap_or_default(),
        _ => Vec::new(),
    }
}

fn head(written: &Expr) -> Option<&Expr> {
    match written {
        Expr::ForLoop(it) => Some(&it.expr),
        Expr::While(it) => Some(&it.cond),
        _ => None,
    }
}

fn closure_text(ident: &Ident) -> String {
    format!(
        "the closure `{ident}` changes what it captures, which a resumed run would start anew\n\n\
         help: to save that with the progress and restore it, write in the loop what `{ident}` does, and name in `carry(..)` \
         the variable that it changes\n\
         help: if every run may start with a new one, name in `fresh(..)` both that variable and `{ident}`"
    )
}

fn text(changed: &[Change], (is_head, may_be_fresh): (bool, bool), opening: &Opening) -> String {
    let places: Vec<String> = changed.iter().map(|change| change.place.name()).collect();
    let quoted: Vec<String> = places.iter().map(|place| format!("`{place}`")).collect();
    let (quoted, names) = (quoted.join(", "), places.join(", "));
    let place = if is_head { "the loop's head" } else { "the loop" };
    let fresh = if may_be_fresh {
        format!("\nhelp: if every run may start with a new one, add `fresh({names})`")
    } else {
        String::new()
    };
    if opening.is_format() {
        return format!(
            "{place} changes {quoted}, which a resumed run would start anew\n\n\
             help: a writer of a format, such as `csv::Writer` or an encoder, is made in each item, around a file in \
             `reconnect`: see \"Files and connections\" in the guide{fresh}"
        );
    }
    format!(
        "{place} changes {quoted}, which a resumed run would start anew\n\n\
         help: to save it with the progress and restore it, add `carry({names})` to `#[resumable]`\n\
         help: if it is a file or a connection, to open again as it was, add `reconnect({names})`{fresh}"
    )
}
