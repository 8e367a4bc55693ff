//! The variables that the patterns of arms, conditions and loops bind.

use proc_macro2::Ident;
use syn::ext::IdentExt;
use syn::{Expr, Pat};

use crate::analyse::survey::Scope;
use crate::analyse::survey::locals::{Init, Local};
use crate::parse::function::Argument;
use crate::syntax::bindings::bindings;

/// A variable that a pattern binds.
#[derive(Clone)]
pub(crate) struct Bound {
    pub(crate) ident: Ident,
    /// The variable's number among all that patterns bind, from 0.
    pub(crate) number: usize,
    /// Whether the variable is `mut`.
    pub(crate) is_mut: bool,
    /// Whether the pattern is that of a loop, and binds its items.
    pub(crate) is_item: bool,
    /// The facts about the expression that is matched.
    pub(crate) init: Init,
    /// The number of `let`s before the pattern.
    lets: usize,
}

/// An expression that is matched, and whether it gives the items of a loop.
#[derive(Clone)]
pub(super) struct Matched {
    init: Init,
    is_item: bool,
}

impl Matched {
    pub(super) fn once(expr: &Expr) -> Self {
        Matched { init: Init::of(Some(expr)), is_item: false }
    }

    pub(super) fn by_loop(expr: &Expr) -> Self {
        Matched { init: Init::of(Some(expr)), is_item: true }
    }

    /// Returns the variables that `pat` binds, behind `lets` `let`s, with their numbers from `first` on.
    pub(super) fn bound(
        self,
        pat: &Pat,
        (lets, first): (usize, usize),
    ) -> impl Iterator<Item = Bound> {
        bindings(pat).into_iter().enumerate().map(move |(number, binding)| Bound {
            ident: binding.ident,
            number: first + number,
            is_mut: binding.is_mut,
            is_item: self.is_item,
            init: self.init.clone(),
            lets,
        })
    }
}

/// Returns the patterns of a condition, also of a chain, each with the expression that it matches.
pub(super) fn matched(cond: &Expr) -> Vec<(&Pat, &Expr)> {
    match cond {
        Expr::Let(it) => vec![(&it.pat, &it.expr)],
        Expr::Binary(it) => {
            let mut pats = matched(&it.left);
            pats.extend(matched(&it.right));
            pats
        }
        _ => Vec::new(),
    }
}

/// The order in which variables are bound: the number of `let`s before one, then the number of patterns around it.
pub(crate) type Time = (usize, usize);

/// How a variable comes from an argument.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum OfArgument {
    /// It is the argument or a field of it, or a reference to one.
    Reference,
    /// A method of the argument returned it.
    Given,
}

impl Scope {
    /// Returns whether a local is one of the `arguments` or a field of one, or a reference to one.
    pub(crate) fn is_of_argument(&self, local: &Local, arguments: &[Argument]) -> bool {
        let name = local.init.refers_to.as_deref();
        name.is_some_and(|name| self.is_argument(name, (local.at + 1, 0), arguments))
    }

    /// Returns how the variable `ident`, which a pattern binds, comes from one of the `arguments`.
    pub(crate) fn bound_of_argument(
        &self,
        ident: &Ident,
        arguments: &[Argument],
    ) -> Option<OfArgument> {
        let (at, it) = self.patterns.iter().enumerate().rfind(|(_, it)| it.ident == *ident)?;
        let is_one = |name: &Option<String>| {
            name.as_deref().is_some_and(|name| self.is_argument(name, (it.lets, at + 1), arguments))
        };
        let given = is_one(&it.init.made_of).then_some(OfArgument::Given);
        if is_one(&it.init.refers_to) { Some(OfArgument::Reference) } else { given }
    }

    /// Returns whether `name` stands for one of the arguments at that `time`, or for a reference to one.
    fn is_argument(&self, name: &str, time: Time, arguments: &[Argument]) -> bool {
        let locals = self.timed_locals().map(|(at, it)| (at, &it.binding.ident, &it.init));
        let patterns = self.timed_patterns().map(|(at, it)| (at, &it.ident, &it.init));
        let before = locals.chain(patterns);
        let before = before.filter(|(at, found, _)| *at < time && found.unraw() == name);
        match before.max_by_key(|(at, ..)| *at) {
            Some((time, _, init)) => {
                let name = init.refers_to.as_deref();
                name.is_some_and(|name| self.is_argument(name, time, arguments))
            }
            None => arguments.iter().any(|it| it.name() == *name),
        }
    }

    /// Returns the locals with the order in which they are bound.
    pub(crate) fn timed_locals(&self) -> impl Iterator<Item = (Time, &Local)> {
        self.locals.iter().map(|it| ((it.at + 1, 0), it))
    }

    /// Returns the variables of patterns with the order in which they are bound.
    pub(crate) fn timed_patterns(&self) -> impl Iterator<Item = (Time, &Bound)> {
        self.patterns.iter().enumerate().map(|(at, it)| ((it.lets, at + 1), it))
    }
}
