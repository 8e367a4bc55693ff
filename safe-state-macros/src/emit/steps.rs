//! Fills in `step!` and `checkpoint!` where they stand, and `commit!` in manual mode.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::parse::{Parse, ParseStream};
use syn::spanned::Spanned;
use syn::visit_mut::{self, VisitMut};
use syn::{Block, Error, Expr, Item, Macro, Result, Token};

use crate::analyse::carried::{CarriedVariable, Restoration};
use crate::analyse::plan::Plan;
use crate::analyse::survey::{self, Scope, Survey};
use crate::analyse::targets::Target;
use crate::emit::proof::step::{Place, proved};
use crate::emit::{carry, commits, save_points};
use crate::syntax::free_idents::free_idents;
use crate::syntax::free_variables as free;
use crate::syntax::hygiene::{at, local, locals};
use crate::syntax::rewrite::each_macro;

/// The arguments of `step!(name, value)`.
struct Step {
    name: Expr,
    value: Expr,
}

impl Parse for Step {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let name = input.parse()?;
        input.parse::<Token![,]>()?;
        let value = input.parse()?;
        input.parse::<Option<Token![,]>>()?;
        Ok(Step { name, value })
    }
}

struct FillIn<'a> {
    plan: &'a Plan,
    survey: &'a Survey,
    checkpoints: usize,
    error: Option<Error>,
}

/// Gives each `step!` in `block` the proof that it changes nothing from before it. Those in resumable loops do not belong
/// there, and say so themselves.
pub(crate) fn prove(
    plan: &Plan,
    block: &mut Block,
    survey: &Survey,
    targets: &[Target],
) -> Result<()> {
    let mut calls = survey.calls.iter();
    each_macro(block, |mac, _, around| {
        if !survey::is_noted(&mac.path) {
            return Ok(());
        }
        let Some(call) = calls.next() else { return Ok(()) };
        let is_step = plan.our_macro(&mac.path).is_some_and(|name| name == "step");
        if !is_step || targets.iter().any(|target| around.contains(&target.at)) {
            return Ok(());
        }
        let Step { name, value } = mac.parse_body()?;
        let span = mac.path.segments.last().map_or_else(Span::mixed_site, |last| last.ident.span());
        let place =
            Place { scope: &call.scope, span, is_in_loop: !around.is_empty(), is_loop: false };
        let proved = proved(plan, &value, &place)?;
        let written = written(plan, (&value, &call.scope), proved.as_ref());
        if let Some(value) = written.or(proved) {
            mac.tokens = quote! { #name, #value };
        }
        Ok(())
    })
}

/// Returns the value of a step with the code that takes the handles it may have written through into the step's save; none
/// if it mentions no handle. `proved` is the value with its proof, if it has one.
fn written(
    plan: &Plan,
    (value, scope): (&Expr, &Scope),
    proved: Option<&TokenStream>,
) -> Option<TokenStream> {
    let mentioned = free_idents(value.to_token_stream());
    let is_used = |it: &&CarriedVariable| {
        it.is_handle() && it.stands_among(&scope.locals) && free::holds(&mentioned, &it.ident)
    };
    let krate = &plan.krate;
    locals!(run, error);
    let taken = plan.carried.iter().filter(is_used).filter_map(|variable| {
        let Restoration::Reconnect(ty) = &variable.restoration else { return None };
        let here = at(variable.ident.span());
        let (name, handle, means) =
            (variable.name(), variable.value(), carry::means(plan, variable, ty.as_deref()));
        let fail = save_points::fail(plan, here);
        Some(quote_spanned! {here=>
            if let #krate::__private::Err(#error) = #run.written_by_step(#name, #handle, &#means) {
                #fail
            }
        })
    });
    let taken: TokenStream = taken.collect();
    if taken.is_empty() {
        return None;
    }
    let given = &local("value");
    let value = proved.cloned().unwrap_or_else(|| value.to_token_stream());
    Some(quote_spanned! {Span::mixed_site()=>
        match (#value,) { (#given,) => { #taken #given } }
    })
}

/// Fills in our macros in `block`. Those in closures, and in resumable loops, which have been replaced, stay as they
/// are, and say that they do not belong there.
pub(crate) fn fill_in(
    plan: &Plan,
    block: &mut Block,
    survey: &Survey,
    function: &Ident,
) -> Result<()> {
    let mut fill_in = FillIn { plan, survey, checkpoints: 0, error: None };
    fill_in.visit_block_mut(block);
    if let Some(error) = fill_in.error {
        return Err(error);
    }
    match plan.options.manual {
        Some(manual) if plan.carried.is_empty() => {
            let text = "there is nothing to save and restore; name the variables in `carry(..)`";
            Err(Error::new(manual, text))
        }
        Some(_) if fill_in.checkpoints == 0 => {
            let text = "`manual` needs a `checkpoint!()` where progress is to be saved";
            Err(Error::new(function.span(), text))
        }
        _ => Ok(()),
    }
}

fn step(plan: &Plan, mac: &Macro) -> Result<TokenStream> {
    locals!(run, on_error);
    let Step { name, value } = mac.parse_body()?;
    let site = Span::mixed_site();
    let (wait, remembered, remember) = if plan.is_async {
        (
            quote_spanned! {site=> .await },
            quote_spanned! {site=> remembered_async },
            quote_spanned! {site=> remember_async },
        )
    } else {
        (TokenStream::new(), quote_spanned! {site=> remembered }, quote_spanned! {site=> remember })
    };
    Ok(quote! { @filled_in #run, #on_error, [#wait], #remembered, #remember, #name, #value })
}

fn checkpoint(plan: &Plan, mac: &Macro, survey: &Survey) -> TokenStream {
    let run = &local("run");
    let here = mac.path.segments.last().map_or_else(Span::mixed_site, |last| last.ident.span());
    let location = save_points::location(plan, here);
    let run_tokens = run.to_token_stream();
    let (carry, save) = (
        carry::carry(plan, &run_tokens, None, &survey.all_locals),
        save_points::save(plan, &run_tokens),
    );
    let due = save_points::due(plan, &run_tokens, &carry, &save, None);
    let never = quote_spanned! {here=> false };
    let boundary = save_points::boundary(plan, &run_tokens, &carry, &save, &never);
    quote_spanned! {at(here)=> @filled_in { if #run.checkpoint(#location) { #due } #boundary } }
}

/// Returns the tokens to fill a `commit!(..)` with in manual mode, where it counts as a `checkpoint!()`.
fn commit_by_hand(plan: &Plan, mac: &Macro, survey: &Survey) -> Result<TokenStream> {
    let (krate, run) = (&plan.krate, &local("run"));
    let location = save_points::location(plan, mac.path.span());
    let tally = quote_spanned! {Span::mixed_site()=>
        #krate::__private::tally_of_checkpoint(#run.by_ref(), #location)
    };
    commits::commit(plan, mac, &tally, (None, &survey.all_locals))
}

impl VisitMut for FillIn<'_> {
    fn visit_macro_mut(&mut self, mac: &mut Macro) {
        let Some(name) = self.plan.our_macro(&mac.path) else { return };
        match name.as_str() {
            "step" => match step(self.plan, mac) {
                Ok(filled_in) => mac.tokens = filled_in,
                Err(error) => self.error = Some(error),
            },
            "checkpoint" if self.plan.options.manual.is_some() && mac.tokens.is_empty() => {
                self.checkpoints += 1;
                mac.tokens = checkpoint(self.plan, mac, self.survey);
            }
            "commit" if self.plan.options.manual.is_some() => {
                self.checkpoints += 1;
                match commit_by_hand(self.plan, mac, self.survey) {
                    Ok(filled_in) => mac.tokens = filled_in,
                    Err(error) => self.error = Some(error),
                }
            }
            _ => {}
        }
    }

    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        match expr {
            Expr::Closure(_) | Expr::Async(_) | Expr::Const(_) => {}
            _ => visit_mut::visit_expr_mut(self, expr),
        }
    }

    fn visit_item_mut(&mut self, _: &mut Item) {}
}
