//! Finds the variables that the names in `carry(..)`, `reconnect(..)` and `fresh(..)` mean. A name may have several: a
//! block, or a pattern, hides the one from before it.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::Ident;
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::visit::Visit;
use syn::{Error, Expr, Result};

use crate::analyse::changes::changes_in;
use crate::analyse::mutations::expr_may_change;
use crate::analyse::outer::{self, Kind};
use crate::analyse::plan::Plan;
use crate::analyse::survey::{Call, Scope, Survey};
use crate::analyse::targets::Target;
use crate::syntax::free_idents::free_idents;
use crate::syntax::free_variables as free;

/// What the names in the options mean, by the names of variables. A field is known by its variable.
pub(crate) type Meanings<'a> = BTreeMap<String, Kind<'a>>;

impl Target {
    /// Returns whether the name of a variable from the options is another variable's in this loop.
    pub(crate) fn hides(&self, name: &Ident) -> bool {
        free::holds(&self.hidden, name)
    }
}

/// How a loop uses a variable that is in scope where it begins.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    /// The loop does not mention it.
    None,
    Read,
    /// The loop may change it, or a checkpoint saves it.
    Changed,
}

/// A variable of the name, where a resumable loop begins, or where a checkpoint stands.
struct Seen<'a> {
    kind: Kind<'a>,
    used: Use,
}

/// Returns the variable that each name in the options means: of those that the resumable loops see by this name, the one
/// that they change. A name of which they see none has none.
pub(crate) fn meanings<'a>(
    plan: &'a Plan,
    survey: &'a Survey,
    targets: &[Target],
) -> Result<Meanings<'a>> {
    let mut meanings = Meanings::new();
    for named in plan.options.named() {
        let name = named.root.unraw().to_string();
        if meanings.contains_key(&name) {
            continue;
        }
        if let Some(kind) = meant(plan, &named.root, survey, targets)? {
            meanings.insert(name, kind);
        }
    }
    Ok(meanings)
}

fn meant<'a>(
    plan: &'a Plan,
    name: &Ident,
    survey: &'a Survey,
    targets: &[Target],
) -> Result<Option<Kind<'a>>> {
    let mut seen: Vec<Seen<'a>> = if targets.is_empty() {
        let scopes = survey.calls.iter().filter(|it| saves(plan, it)).map(|it| &it.scope);
        let kinds = scopes.filter_map(|scope| kind(plan, scope, name));
        kinds.map(|kind| Seen { kind, used: Use::Changed }).collect()
    } else {
        targets.iter().filter_map(|target| seen_in(plan, name, survey, target)).collect()
    };
    let changed: Vec<&Kind<'_>> =
        seen.iter().filter(|it| it.used == Use::Changed).map(|it| &it.kind).collect();
    if let Some((first, rest)) = changed.split_first()
        && let Some(other) = rest.iter().find(|it| !it.is(first))
    {
        return Err(two_variables(first.ident(), other.ident()));
    }
    let of = |used: Use| seen.iter().position(|it| it.used == used);
    let at = of(Use::Changed).or_else(|| of(Use::Read)).or_else(|| of(Use::None));
    Ok(at.map(|at| seen.swap_remove(at).kind))
}

/// Returns the names that are another variable's in a loop than the one that is meant.
pub(crate) fn hidden_in(
    plan: &Plan,
    meanings: &Meanings<'_>,
    survey: &Survey,
    target: &Target,
) -> BTreeSet<String> {
    let Some(around) = survey.loops.get(target.at) else { return BTreeSet::new() };
    let outer = outer::outer(plan, &around.scope, None);
    let is_hidden = |name: &str, meant: &Kind<'_>| {
        let of = outer.iter().find(|it| it.ident.unraw() == name);
        of.is_some_and(|it| !it.kind.is(meant))
    };
    let hidden = meanings.iter().filter(|(name, meant)| is_hidden(name, meant));
    hidden.map(|(name, _)| name.clone()).collect()
}

/// Returns whether the call of a macro saves the carried variables.
fn saves(plan: &Plan, call: &Call) -> bool {
    plan.our_macro(&call.path).is_some_and(|name| ["checkpoint", "commit"].contains(&name.as_str()))
}

/// Refuses a loop inside of one that may change a carried variable, or has a handle, if the inner loop can't save that:
/// another variable has its name there.
pub(crate) fn check_hidden(plan: &Plan, survey: &Survey, targets: &[Target]) -> Result<()> {
    for variable in plan.carried.iter().filter(|it| it.named.is_whole()) {
        for target in targets.iter().filter(|target| target.hides(&variable.ident)) {
            let is_saved = |outer: usize| variable.places.saving.contains(&outer);
            let other = survey.loops.get(target.at).and_then(|around| {
                let kind = kind(plan, &around.scope, &variable.ident)?;
                survey.around(target.at).any(is_saved).then_some(kind)
            });
            if let Some(other) = other {
                return Err(two_variables(&variable.declared, other.ident()));
            }
        }
    }
    Ok(())
}

/// Returns the error for two variables of the name that the options give.
pub(crate) fn two_variables(one: &Ident, other: &Ident) -> Error {
    let (one, other) = if place(one) <= place(other) { (one, other) } else { (other, one) };
    let text = format!(
        "two variables are called `{other}`, this one and the one of line {}, and the options can mean only one of \
         them; rename one",
        one.span().start().line
    );
    Error::new(other.span(), text)
}

fn place(ident: &Ident) -> (usize, usize) {
    let start = ident.span().start();
    (start.line, start.column)
}

/// Returns the variable of that name in `scope`.
fn kind<'a>(plan: &'a Plan, scope: &'a Scope, name: &Ident) -> Option<Kind<'a>> {
    let of = outer::outer(plan, scope, None).into_iter();
    let mut known = of.filter(|it| !matches!(it.kind, Kind::OfMacro(_)));
    known.find(|it| it.ident.unraw() == name.unraw()).map(|it| it.kind)
}

fn seen_in<'a>(
    plan: &'a Plan,
    name: &Ident,
    survey: &'a Survey,
    target: &Target,
) -> Option<Seen<'a>> {
    let scope = &survey.loops.get(target.at)?.scope;
    let kind = kind(plan, scope, name)?;
    let written = plan.originals.get(&target.at)?;
    let in_macro =
        scope.macros.iter().any(|it| free::holds(&free_idents(it.to_token_stream()), name));
    let is_read = in_macro || free::holds(&free::names(|free| free.visit_expr(written)), name);
    let is_changed = in_macro || changes(written, &kind, name);
    let used = match (is_changed, is_read) {
        (true, _) => Use::Changed,
        (false, true) => Use::Read,
        (false, false) => Use::None,
    };
    Some(Seen { kind, used })
}

/// Returns whether the loop may change the variable. One that is not `mut` is taken to change only where the source shows
/// it; the proof sees what else changes.
fn changes(written: &Expr, kind: &Kind<'_>, name: &Ident) -> bool {
    expr_may_change(written, name)
        && (kind.is_mut() || !changes_in(written, name, false).is_empty())
}
