//! Generates the function that takes the place of the annotated one.

use std::collections::BTreeSet;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Block, Expr, ItemFn, Result, Stmt};

use crate::analyse::plan::Analysed;
use crate::emit::job::function_of;
use crate::emit::proof::proof;
use crate::emit::run::JobExpr;
use crate::emit::{
    arguments, belonging, by_hand, commits, companion, cursors, lower_loop, restore, run, steps,
    try_operators,
};
use crate::parse::function::{self, Returned};
use crate::parse::future;
use crate::syntax::free_idents::free_idents;
use crate::syntax::rewrite::replace;

/// Rewrites the function as the plan says.
///
/// `job` is the expression for its job, as the options describe it.
pub(crate) fn rewrite(function: &mut ItemFn, analysed: &Analysed, job: TokenStream) -> Result<()> {
    let plan = &analysed.plan;
    let name = function.sig.ident.clone();
    let job = companion::job_of(function, plan, job);
    function.sig = function::with_names(&function.sig);
    let outside = future::around(function);
    let instance = belonging::instance(plan, function);
    let of_function = function_of(plan, function);
    let instance = quote! { #instance #of_function };
    future::with_block(function, |block| {
        let mentioned = free_idents(block.to_token_stream());
        // A returned future drops what it has captured in the order of its text, so the arguments are not captured
        // first.
        let captures = match &outside {
            Some(_) => TokenStream::new(),
            None => run::captures(plan, &mentioned),
        };
        let job = match &outside {
            Some(outside) => {
                let order = run::in_order(plan, block, outside);
                JobExpr::By(quote! { { #order #job } })
            }
            None => job,
        };
        *block = region(block, analysed, (&name, &instance, &mentioned), (job, &captures))?;
        Ok(())
    })
}

/// Returns the block that takes the place of the user's block `written`, and contains it.
fn region(
    written: &Block,
    analysed: &Analysed,
    (name, instance, mentioned): (&Ident, &TokenStream, &BTreeSet<String>),
    (job, captures): (JobExpr, &TokenStream),
) -> Result<Block> {
    let Analysed { plan, survey, targets, block } = analysed;
    let mut block = block.clone();
    let arguments = arguments::noted_arguments(plan, mentioned);
    let belonging = belonging::belonging(plan, (&block, mentioned), targets);
    let belonging = quote! { #belonging #instance };
    by_hand::prove(plan, &mut block, survey)?;
    steps::prove(plan, &mut block, survey, targets)?;
    try_operators::note_tries(plan, &mut block);
    let mut restore = restore::restore(plan, &mut block)?;
    restore.extend(cursors::cursors(plan, &mut block, targets)?);
    commits::commits(plan, &mut block, survey, targets)?;
    replace(&mut block, |at, it| {
        let target = targets.iter().find(|target| target.at == at);
        match target.zip(survey.loops.get(at)) {
            Some((target, around)) => {
                let is_target = |at: &usize| targets.iter().any(|target| target.at == *at);
                let outer = survey.around(at).find(is_target);
                let proof = proof(plan, (target, outer), targets, around);
                lower_loop::resumable_loop(plan, it, target, (around, proof))
            }
            None => Ok(it),
        }
    })?;
    steps::fill_in(plan, &mut block, survey, name)?;
    let job = job.with(&belonging);
    let tokens = match &plan.returned {
        Returned::Type(ty) if !plan.is_async => {
            let before = quote_spanned! {Span::mixed_site()=> #arguments #restore };
            run::in_one_call(plan, &job, &block, captures, &before, ty)
        }
        _ => {
            let open = run::open(plan, &job);
            let noting = try_operators::noting(plan);
            let restore = quote! { #noting #restore };
            let (call, finish) = (run::call(plan, &block, captures, &restore), run::finish(plan));
            quote_spanned! {Span::mixed_site()=> #open #arguments #call #finish }
        }
    };
    // Lints skip an item whose last brace is not the user's, as they take it for generated. The tokens are not parsed
    // again, which would only cost time.
    let stmts = vec![Stmt::Expr(Expr::Verbatim(tokens), None)];
    Ok(Block { brace_token: written.brace_token, stmts })
}
