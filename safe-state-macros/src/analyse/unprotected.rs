//! Refuses to leave a loop that the survey does not go into unprotected without a word, beside the loop that is chosen
//! without `#[resume]` or `iter`.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::visit::Visit;
use syn::{Error, Expr, Result};

use crate::analyse::plan::Plan;
use crate::analyse::survey::locals::Local;
use crate::analyse::survey::{Beside, Survey, holds_for};
use crate::analyse::targets::Target;
use crate::syntax::free_variables as free;

/// Refuses a call such as `for_each`, and a loop in an `async` block, in a macro call or in a closure with a name, if it stands
/// outside of all loops.
pub(crate) fn check(plan: &Plan, survey: &Survey, targets: &[Target]) -> Result<()> {
    let is_marked = survey.loops.iter().any(|it| it.marker.is_some());
    if targets.is_empty() || is_marked || plan.options.iter.is_some() {
        return Ok(());
    }
    let closures = survey.all_locals.iter().filter(|it| is_phase(plan, survey, it, targets));
    let mut closures =
        closures.filter_map(Local::closure).map(|it| (it.inputs_begin.span, "closure"));
    let first = survey.beside.first().map(|Beside { span, what }| (*span, *what));
    match first.or_else(|| closures.next()) {
        None => Ok(()),
        Some((span, what)) => {
            let text = format!(
                "this {what} has a loop of its own, which each run would do from the beginning; write it as a loop of the function \
                 itself, and mark those to resume with `#[resume]`, or mark the other loop alone"
            );
            Err(Error::new(span, text))
        }
    }
}

/// Returns whether the variable is a closure that fails with an item of its own loop, and that neither a resumable loop nor
/// another closure mentions.
fn is_phase(plan: &Plan, survey: &Survey, local: &Local, targets: &[Target]) -> bool {
    let is_one = local.around.is_empty()
        && local.closure().is_some_and(|it| {
            let inside = it.body.to_token_stream();
            holds_question(inside.clone()) && holds_for(inside)
        });
    let loops = targets.iter().filter_map(|it| plan.originals.get(&it.at));
    let closures = survey.all_locals.iter().filter_map(Local::closure).map(|it| &*it.body);
    let is_mentioned =
        |it: &Expr| free::holds(&free::names(|free| free.visit_expr(it)), &local.binding.ident);
    is_one && !loops.chain(closures).any(is_mentioned)
}

fn holds_question(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Punct(it) => it.as_char() == '?',
        TokenTree::Group(it) => holds_question(it.stream()),
        TokenTree::Ident(_) | TokenTree::Literal(_) => false,
    })
}
