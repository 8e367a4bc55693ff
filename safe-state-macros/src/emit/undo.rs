//! Generates the code that undoes what a failed attempt did to carried variables.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;

use crate::analyse::carried::{CarriedVariable, Restoration};
use crate::analyse::plan::Plan;
use crate::analyse::survey::locals::Local;
use crate::analyse::targets::Target;
use crate::emit::save_points;
use crate::syntax::hygiene::{at, local};

/// Returns the code that marks the present values of the variables among `locals`.
pub(crate) fn marks(plan: &Plan, target: &Target, locals: &[Local]) -> TokenStream {
    let krate = &plan.krate;
    let marks = undoable(plan, target, locals).map(|(at, variable)| {
        let (mark, here) = (mark(at), at_variable(variable));
        let (value, place) = (variable.value(), variable.place());
        quote_spanned! {here=>
            let #mark = #krate::__private::undone!(#value).mark(#place);
        }
    });
    marks.collect()
}

/// Returns the code that puts the variables back to what they were when they were marked.
pub(crate) fn undo(plan: &Plan, target: &Target, locals: &[Local]) -> TokenStream {
    undo_or(plan, target, locals, &save_points::raise(plan))
}

/// Returns the code of [`undo`], with `raise` for a variable that can't be put back.
pub(crate) fn undo_or(
    plan: &Plan,
    target: &Target,
    locals: &[Local],
    raise: &TokenStream,
) -> TokenStream {
    let krate = &plan.krate;
    let tally = &local("tally");
    let undo = undoable(plan, target, locals).map(|(at, variable)| {
        let (mark, here) = (mark(at), at_variable(variable));
        let (value, place) = (variable.value(), variable.place());
        let name = variable.name();
        quote_spanned! {here=>
            if !#krate::__private::undone!(#value).undo(#place, #mark) {
                #tally.run().not_undone(#name);
                #raise
            }
        }
    });
    undo.collect()
}

fn undoable<'p>(
    plan: &'p Plan,
    target: &Target,
    locals: &[Local],
) -> impl Iterator<Item = (usize, &'p CarriedVariable)> {
    let standing = plan.carried.iter().filter(|variable| variable.stands_among(locals));
    let undoable = standing.filter(|it| {
        it.is_mut
            && matches!(it.restoration, Restoration::Carry)
            && it.places.changing.contains(&target.at)
    });
    undoable.enumerate()
}

fn at_variable(variable: &CarriedVariable) -> Span {
    at(variable.ident.span())
}

/// Returns the local that keeps the mark of the variable with the number `at`.
fn mark(at: usize) -> Ident {
    local(&format!("mark_{at}"))
}
