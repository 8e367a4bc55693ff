//! Gives the loops of manual mode their proof: a loop with a `checkpoint!()` in it changes nothing from before it but what is
//! named.

use std::collections::BTreeSet;

use proc_macro2::{Span, TokenStream};
use syn::token::Brace;
use syn::{Block, Expr, ExprBlock, Macro, Result, Stmt};

use crate::analyse::plan::Plan;
use crate::analyse::survey::Survey;
use crate::analyse::{accumulators, again};
use crate::emit::proof::step::{Place, of_loop};
use crate::syntax::hygiene::at;
use crate::syntax::rewrite::{body, each_macro, replace};

/// Puts the proof before each outermost loop of `block` that has a `checkpoint!()` or `commit!` in it.
pub(crate) fn prove(plan: &Plan, block: &mut Block, survey: &Survey) -> Result<()> {
    if plan.options.manual.is_none() {
        return Ok(());
    }
    let mut saving = BTreeSet::new();
    each_macro(block, |mac, _, around| {
        saving.extend(around.first().copied().filter(|_| saves(plan, mac)));
        Ok(())
    })?;
    replace(block, |number, it| {
        let around = survey.loops.get(number).filter(|_| saving.contains(&number));
        let (Some(around), Some(body)) = (around, body(&it)) else { return Ok(it) };
        accumulators::check_accumulators(plan, &it, body, around)?;
        again::check_again(plan, &it)?;
        let span = around.keyword;
        let place = Place { scope: &around.scope, span, is_in_loop: false, is_loop: true };
        Ok(match of_loop(plan, &it, &place) {
            Some(proof) => behind(proof, it, at(span)),
            None => it,
        })
    })
}

/// Returns the block with `proof`, and the loop behind it.
fn behind(proof: TokenStream, it: Expr, here: Span) -> Expr {
    let stmts = vec![Stmt::Expr(Expr::Verbatim(proof), None), Stmt::Expr(it, None)];
    let block = Block { brace_token: Brace(here), stmts };
    Expr::Block(ExprBlock { attrs: Vec::new(), label: None, block })
}

/// Returns whether the macro saves the carried variables where it stands.
fn saves(plan: &Plan, mac: &Macro) -> bool {
    plan.our_macro(&mac.path).is_some_and(|name| name == "checkpoint" || name == "commit")
}
