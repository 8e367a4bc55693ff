//! The variables from before a loop, as its body sees them.

use proc_macro2::Ident;

use crate::analyse::collections::is_constant;
use crate::analyse::plan::Plan;
use crate::analyse::survey::Scope;
use crate::analyse::survey::locals::Local;
use crate::analyse::survey::patterns::{Bound, Time};
use crate::analyse::targets::Target;
use crate::parse::function::Argument;
use crate::parse::options::variable::Variable;

/// A variable from before the loop, as the body sees it.
pub(crate) struct Outer<'a> {
    pub(crate) ident: Ident,
    pub(crate) kind: Kind<'a>,
    /// Whether it is from before a loop around this one, and has its proof there.
    pub(crate) is_elsewhere: bool,
}

pub(crate) enum Kind<'a> {
    Argument(&'a Argument),
    Local(&'a Local),
    Pattern(&'a Bound),
    /// A macro may declare it, or the name is that of something else.
    OfMacro(&'a Local),
}

impl Kind<'_> {
    /// Returns whether the two are the same variable.
    pub(crate) fn is(&self, other: &Kind<'_>) -> bool {
        match (self, other) {
            (Kind::Argument(it), Kind::Argument(other)) => it.name() == other.name(),
            (Kind::Local(it), Kind::Local(other)) => it.at == other.at,
            (Kind::Pattern(it), Kind::Pattern(other)) => it.number == other.number,
            _ => false,
        }
    }

    /// Returns the variable's name, where it is declared.
    pub(crate) fn ident(&self) -> &Ident {
        match self {
            Kind::Argument(it) => &it.ident,
            Kind::Local(it) | Kind::OfMacro(it) => &it.binding.ident,
            Kind::Pattern(it) => &it.ident,
        }
    }

    /// Returns whether it is declared as `mut`, or as a `&mut` reference.
    pub(crate) fn is_mut(&self) -> bool {
        match self {
            Kind::Argument(it) => it.is_mut || it.is_mut_reference(),
            Kind::Local(it) | Kind::OfMacro(it) => it.binding.is_mut,
            Kind::Pattern(it) => it.is_mut,
        }
    }
}

impl Outer<'_> {
    /// Whether the body can neither change nor move it: it is written as a `&T`, or as a primitive.
    pub(crate) fn is_constant(&self) -> bool {
        match self.kind {
            Kind::Argument(it) => !it.is_mut && it.ty.as_ref().is_some_and(is_constant),
            Kind::Local(_) | Kind::Pattern(_) | Kind::OfMacro(_) => false,
        }
    }
}

/// The variables that the loop of `target` may change: those that are named, without the carried ones of which
/// its source shows that it only reads them, and those whose name is another variable's there.
pub(crate) fn named_in<'p>(
    plan: &'p Plan,
    target: &'p Target,
) -> impl Iterator<Item = &'p Variable> {
    let reads = |named: &Variable| {
        let carried = plan.carried.iter().find(|it| it.named == *named);
        carried.is_some_and(|it| !it.places.saving.contains(&target.at))
    };
    let hides = |named: &Variable| target.hides(&named.root);
    plan.options.named().filter(move |named| !reads(named) && !hides(named))
}

/// Whether the variable is among them as a whole.
pub(crate) fn is_named(plan: &Plan, variable: &Ident, target: &Target) -> bool {
    named_in(plan, target).any(|named| named.is(variable))
}

/// The variables in `scope`, of each name the one that is seen there.
pub(crate) fn outer<'a>(plan: &'a Plan, scope: &'a Scope, within: Option<usize>) -> Vec<Outer<'a>> {
    let is_nested = within.is_some();
    let is_before = |local: &Local| within.is_some_and(|at| !local.around.contains(&at));
    let of = |ident: &Ident, kind, is_elsewhere| Outer { ident: ident.clone(), kind, is_elsewhere };
    let arguments = plan.arguments.iter().map(|it| of(&it.ident, Kind::Argument(it), is_nested));
    let locals = scope.timed_locals();
    let locals = locals.map(|(at, it)| (at, of(&it.binding.ident, Kind::Local(it), is_before(it))));
    let patterns = scope.timed_patterns();
    let patterns = patterns.map(|(at, it)| (at, of(&it.ident, Kind::Pattern(it), false)));
    let mut bound: Vec<(Time, Outer<'_>)> = patterns.chain(locals).collect();
    bound.sort_by_key(|(at, _)| *at);
    let mut outer: Vec<Outer<'_>> = Vec::new();
    for one in arguments.chain(bound.into_iter().map(|(_, it)| it)) {
        // A constant in a pattern looks like a variable.
        let may_be_one = match one.kind {
            Kind::Argument(_) | Kind::OfMacro(_) => false,
            Kind::Local(it) => it.is_refutable && !it.binding.is_mut,
            Kind::Pattern(_) => true,
        };
        let is_constant = may_be_one && one.ident.to_string().starts_with(char::is_uppercase);
        outer.retain(|before| before.ident != one.ident);
        outer.extend(Some(one).filter(|_| !is_constant));
    }
    // Such a name may be that of a known variable, which the call only reads.
    for it in &scope.of_macros {
        let ident = &it.binding.ident;
        if !outer.iter().any(|known| known.ident == *ident) {
            outer.push(of(ident, Kind::OfMacro(it), is_before(it)));
        }
    }
    outer
}
