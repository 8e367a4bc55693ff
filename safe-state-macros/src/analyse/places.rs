//! Where a carried variable's value is needed again: code before and between loops runs again in a resumed run,
//! and is to see there what it saw.
//!
//! A run has the last value of a variable. Where a resumed run reads an earlier one, that is kept beside it: at the
//! declaration, at the end of a loop, and where an item begins that has a loop inside. What is not mentioned
//! between a place and the next loop that may change it needs no value there.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::Ident;
use quote::ToTokens;
use syn::visit::Visit;
use syn::{Block, Expr, ItemMacro};

use crate::analyse::ahead;
use crate::analyse::carried::{CarriedVariable, Source};
use crate::analyse::kept::Places;
use crate::analyse::lending::is_lent_in;
use crate::analyse::mutations::block_may_change;
use crate::analyse::place::root;
use crate::analyse::plan::Plan;
use crate::analyse::sharing::is_shared;
use crate::analyse::survey::Survey;
use crate::analyse::targets::Target;
use crate::syntax::bindings::bindings;
use crate::syntax::free_idents::free_idents;
use crate::syntax::free_variables as free;
use crate::syntax::rewrite::body;
use events::{Events, Reading};
use moved::{Held, held_before};

mod events;
mod moved;

impl Places {
    /// The places of a carried variable in `block`.
    fn of(
        block: &Block,
        variable: &CarriedVariable,
        (targets, survey): (&[Target], &Survey),
        (originals, in_bodies, shared): (
            &BTreeMap<usize, Expr>,
            &BTreeMap<usize, BTreeSet<String>>,
            &Shared,
        ),
    ) -> Self {
        let ident = &variable.ident;
        let hiding = |target: &Target| has_hiding(survey, target, ident);
        let held = held_in(block, variable, (targets, survey), originals);
        let may_change = |target: &&Target| {
            if !stands(variable, survey, target) || held.contains_key(&target.at) {
                return false;
            }
            if hiding(target) {
                return true;
            }
            // It could not be set back there, and nothing but a mention can change it.
            let held_around = |outer: usize| {
                originals.get(&outer).is_some_and(|written| is_held_by_head(written, ident))
            };
            let Some(written) = originals.get(&target.at) else { return false };
            let is_mentioned = mentions(written, ident);
            (is_mentioned || !survey.around(target.at).any(held_around))
                && !(is_mentioned && shared.only_reads(target, written, ident))
                && (lends(written, variable) || may_change(written, ident))
        };
        let changing: BTreeSet<usize> =
            targets.iter().filter(may_change).map(|target| target.at).collect();
        let is_mentioned = |target: &&Target| {
            let is_in = |body: &BTreeSet<String>| free::holds(body, ident);
            let body = in_bodies.get(&target.at);
            changing.contains(&target.at) && (hiding(target) || body.is_some_and(is_in))
        };
        let mentioning = targets.iter().filter(is_mentioned).map(|target| target.at).collect();
        Self::around(block, variable, (targets, survey), (changing, mentioning, &held))
    }

    /// The places of a variable that the loops in `changing` may change, and those in `mentioning` mention.
    fn around(
        block: &Block,
        variable: &CarriedVariable,
        (targets, survey): (&[Target], &Survey),
        (changing, mentioning, held): (BTreeSet<usize>, BTreeSet<usize>, &BTreeMap<usize, Held>),
    ) -> Self {
        let events = Events::of(block, variable, targets);
        let reading = Reading { events: &events, changing: &changing };
        let is_inner = |at: &usize| survey.around(*at).any(|outer| changing.contains(&outer));
        let is_read_behind = |at: &usize| reading.of_end(*at, is_inner(at));
        let ends = changing.iter().copied().filter(is_read_behind).collect();
        let items = changing.iter().copied().filter(|at| reading.of_item(*at)).collect();
        let start = reading.of_declaration();
        let all = |it: Held| held.iter().filter(move |(_, held)| **held == it).map(|(at, _)| *at);
        let (moved, lent): (BTreeSet<usize>, BTreeSet<usize>) =
            (all(Held::Moved).collect(), all(Held::Lent).collect());
        let is_saving = |at: &usize| (changing.contains(at) || is_inner(at)) && !moved.contains(at);
        let saving = targets.iter().map(|target| target.at).filter(is_saving).collect();
        let places = Places { changing, mentioning, saving, start, ends, items, moved, lent };
        if variable.is_assignable() || !places.are_kept() {
            return places;
        }
        // It has one value.
        Places { start: true, ..Places::default() }
    }

    /// All of the loops that see it may change it, and it can't be set back.
    fn last_alone(targets: &[Target], ident: &Ident) -> Self {
        let seeing = targets.iter().filter(|target| !target.hides(ident));
        let saving: BTreeSet<usize> = seeing.map(|target| target.at).collect();
        Places { saving, ..Places::default() }
    }

    /// Whether a value beside the last one is kept.
    pub(crate) fn are_kept(&self) -> bool {
        self.start || !self.ends.is_empty() || !self.items.is_empty()
    }
}

/// Returns whether the variable is in scope where the loop begins.
fn stands(variable: &CarriedVariable, survey: &Survey, target: &Target) -> bool {
    let around = survey.loops.get(target.at);
    around.is_some_and(|around| variable.stands_among(&around.scope.locals))
        && !target.hides(&variable.ident)
}

/// Returns whether a macro that the loop may call mentions the variable.
fn has_hiding(survey: &Survey, target: &Target, ident: &Ident) -> bool {
    let macros = survey.loops.get(target.at).map(|around| around.scope.macros.as_slice());
    macros.unwrap_or_default().iter().any(|it: &ItemMacro| mentions(it, ident))
}

fn mentions(tokens: &impl ToTokens, ident: &Ident) -> bool {
    free::holds(&free_idents(tokens.to_token_stream()), ident)
}

/// Returns the loops that do not mention the variable and before which it may have been moved away or lent.
fn held_in(
    block: &Block,
    variable: &CarriedVariable,
    (targets, survey): (&[Target], &Survey),
    originals: &BTreeMap<usize, Expr>,
) -> BTreeMap<usize, Held> {
    let ident = &variable.ident;
    let declared = usize::from(matches!(variable.source, Source::Local { .. }));
    let seeing = || targets.iter().filter(|target| stands(variable, survey, target));
    let held = |target: &Target| {
        let written = originals.get(&target.at)?;
        if has_hiding(survey, target, ident) || mentions(written, ident) {
            return None;
        }
        let held = held_before(block, (ident, declared), target.at)?;
        // A loop around this one saves the variable with each item of this one, too.
        let is_saved =
            || survey.around(target.at).any(|outer| seeing().any(|target| target.at == outer));
        let may_be = held != Held::Moved || (variable.is_taken_whole() && !is_saved());
        may_be.then_some((target.at, held))
    };
    if variable.may_be_held() { seeing().filter_map(held).collect() } else { BTreeMap::new() }
}

/// Finds out where the carried variables are needed again.
pub(crate) fn place(plan: &mut Plan, block: &Block, survey: &Survey, targets: &[Target]) {
    let shared = Shared::of(plan, targets);
    // The names are taken from the tokens once, as taking them for each variable would cost the compiler's time.
    let names = |(at, written): (&usize, &Expr)| {
        body(written).map(|body| (*at, free_idents(body.to_token_stream())))
    };
    let in_bodies = if plan.carried.is_empty() {
        BTreeMap::new()
    } else {
        plan.originals.iter().filter_map(names).collect()
    };
    for variable in &mut plan.carried {
        variable.places = if variable.is_handle() {
            Places::last_alone(targets, &variable.ident)
        } else {
            Places::of(block, variable, (targets, survey), (&plan.originals, &in_bodies, &shared))
        };
    }
}

/// The loops that many workers share. In one that may change a variable, each slice begins with a value of its own; in one
/// that only reads it, the body is to see the value from before the loop.
struct Shared {
    loops: BTreeSet<usize>,
    /// Those of which whole bodies run side by side, and so change nothing.
    beside: BTreeSet<usize>,
}

impl Shared {
    fn of(plan: &Plan, targets: &[Target]) -> Self {
        let shared = targets.iter().filter(|target| is_shared(plan, target));
        let is_whole = |target: &&Target| {
            let block = plan.originals.get(&target.at).and_then(body);
            let part = block.map(|block| ahead::of(plan, block));
            target.items.side_by_side.is_some() && !matches!(part, Some(Ok(Some(_))))
        };
        let beside = shared.clone().filter(is_whole).map(|target| target.at).collect();
        Shared { loops: shared.map(|target| target.at).collect(), beside }
    }

    /// Returns whether the source shows that the body only reads the variable. The proof sees that it is true.
    fn only_reads(&self, target: &Target, written: &Expr, ident: &Ident) -> bool {
        let changes = || body(written).is_none_or(|block| block_may_change(block, ident));
        self.loops.contains(&target.at) && (self.beside.contains(&target.at) || !changes())
    }
}

/// Whether the loop saves the variable, which it may change item by item. It is taken to, as no list tells what a
/// method does; but where the head may hold it borrowed, which lets the body only read, what the source shows
/// decides, and the proof sees that it is true. What the head has taken whole is not there to be saved.
fn may_change(written: &Expr, ident: &Ident) -> bool {
    let Some(block) = body(written) else { return false };
    let mut names = free::of_block(block);
    match written {
        Expr::ForLoop(it) => {
            for bound in bindings(&it.pat) {
                names.remove(&bound.name());
            }
            let is_mentioned = free::holds(&names, ident);
            let in_head = is_held_by_head(written, ident);
            if in_head && root(&it.expr).is_some_and(|root| root == ident) {
                return is_mentioned && block_may_change(block, ident);
            }
            is_mentioned || !in_head
        }
        // Its head holds nothing from one item to the next.
        Expr::While(_) => true,
        _ => false,
    }
}

/// Returns whether the head of a `for` loop may hold the variable borrowed, or have taken it, while the loop's items are done.
fn is_held_by_head(written: &Expr, ident: &Ident) -> bool {
    let Expr::ForLoop(it) = written else { return false };
    let head = free::names(|free| free.visit_expr(&it.expr));
    free::holds(&head, ident) && may_hold(&it.expr)
}

/// Whether what a head gives may hold a variable, or have taken it. If it holds one all the same, that does not
/// compile.
fn may_hold(head: &Expr) -> bool {
    const OWNED: [&str; 4] = ["clone", "collect", "to_owned", "to_vec"];
    match head {
        Expr::Range(_) => false,
        Expr::MethodCall(it) => !OWNED.iter().any(|name| it.method == name),
        Expr::Paren(it) => may_hold(&it.expr),
        Expr::Group(it) => may_hold(&it.expr),
        _ => true,
    }
}

/// Whether the loop walks it by mutable reference.
fn lends(written: &Expr, variable: &CarriedVariable) -> bool {
    matches!(written, Expr::ForLoop(it) if is_lent_in(variable, &it.expr))
}
