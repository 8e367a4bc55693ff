//! `step!` and `checkpoint!`, which are filled in where they stand; and `commit!` in a job without
//! resumable loops.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::parse::{Parse, ParseStream};
use syn::spanned::Spanned;
use syn::visit_mut::{self, VisitMut};
use syn::{Block, Error, Expr, Item, Macro, Path, Result, Token};

use crate::expand::{Expansion, Names};
use crate::hygiene::at;
use crate::loops::Survey;

/// `step!(name, value)`.
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
    expansion: &'a Expansion,
    survey: &'a Survey,
    checkpoints: usize,
    error: Option<Error>,
}

impl Expansion {
    /// Fills in the macros of `block` that are ours. Inside resumable loops, which have been
    /// replaced, and in closures they stay as they are, and say that they do not belong there.
    pub(crate) fn fill_in(
        &self,
        block: &mut Block,
        survey: &Survey,
        function: &Ident,
    ) -> Result<()> {
        let mut fill_in = FillIn { expansion: self, survey, checkpoints: 0, error: None };
        fill_in.visit_block_mut(block);
        if let Some(error) = fill_in.error {
            return Err(error);
        }
        match self.options.manual {
            Some(manual) if self.carried.is_empty() => {
                let text =
                    "there is nothing to save and restore; name the variables in `carry(..)`";
                Err(Error::new(manual, text))
            }
            Some(_) if fill_in.checkpoints == 0 => {
                let text = "`manual` needs a `checkpoint!()` where progress is to be saved";
                Err(Error::new(function.span(), text))
            }
            _ => Ok(()),
        }
    }

    /// The name of a macro that may be ours: by itself, or behind the crate's name.
    pub(crate) fn our_macro(&self, path: &Path) -> Option<String> {
        let mut segments = path.segments.iter().rev();
        let name = segments.next()?.ident.to_string();
        let krate = self.krate.segments.last().map(|last| last.ident.to_string());
        let is_ours = segments.next().is_none_or(|before| Some(before.ident.to_string()) == krate);
        Some(name).filter(|_| is_ours)
    }

    fn step(&self, mac: &Macro) -> Result<TokenStream> {
        let Names { run, on_error, .. } = &self.names;
        let Step { name, value } = mac.parse_body()?;
        let site = Span::mixed_site();
        let (wait, remember) = if self.is_async {
            (quote_spanned! {site=> .await }, quote_spanned! {site=> remember_async })
        } else {
            (TokenStream::new(), quote_spanned! {site=> remember })
        };
        Ok(quote! { @filled_in #run, #on_error, [#wait], #remember, #name, #value })
    }

    fn checkpoint(&self, mac: &Macro, survey: &Survey) -> TokenStream {
        let run = &self.names.run;
        let here = mac.path.segments.last().map_or_else(Span::mixed_site, |last| last.ident.span());
        let location = self.location(here);
        let run_tokens = run.to_token_stream();
        let (carry, save) =
            (self.carry(&run_tokens, None, &survey.all_locals), self.save(&run_tokens));
        let due = self.due(&run_tokens, &carry, &save, None);
        let never = quote_spanned! {here=> false };
        let boundary = self.boundary(&run_tokens, &carry, &save, &never);
        quote_spanned! {at(here)=> @filled_in { if #run.checkpoint(#location) { #due } #boundary } }
    }
}

impl Expansion {
    /// Counts as a `checkpoint!()`.
    fn commit_by_hand(&self, mac: &Macro, survey: &Survey) -> Result<TokenStream> {
        let (krate, run) = (&self.krate, &self.names.run);
        let location = self.location(mac.path.span());
        let tally = quote_spanned! {Span::mixed_site()=>
            #krate::__private::tally_of_checkpoint(#run.by_ref(), #location)
        };
        self.commit(mac, &tally, (None, &survey.all_locals))
    }
}

impl VisitMut for FillIn<'_> {
    fn visit_macro_mut(&mut self, mac: &mut Macro) {
        let Some(name) = self.expansion.our_macro(&mac.path) else { return };
        match name.as_str() {
            "step" => match self.expansion.step(mac) {
                Ok(filled_in) => mac.tokens = filled_in,
                Err(error) => self.error = Some(error),
            },
            "checkpoint" if self.expansion.options.manual.is_some() && mac.tokens.is_empty() => {
                self.checkpoints += 1;
                mac.tokens = self.expansion.checkpoint(mac, self.survey);
            }
            "commit" if self.expansion.options.manual.is_some() => {
                self.checkpoints += 1;
                match self.expansion.commit_by_hand(mac, self.survey) {
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
