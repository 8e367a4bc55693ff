//! From the annotated function to the one that takes its place.
//!
//! Input:
//!
//! ```text
//! #[resumable(name = "orders")]
//! fn total(orders: Vec<Order>, rate: Rate) -> Result<u64> {
//!     for order in orders { ship(order, &rate)? }
//!     Ok(1)
//! }
//! ```
//!
//! Output, the user's block whole but for the loop's head:
//!
//! ```text
//! fn total(orders: Vec<Order>, rate: Rate) -> Result<u64> {
//!     let job = Job::new("orders");
//!     let on_error = on_error!(Result<u64>);
//!     let mut run = match Run::open(&job) { Ok(run) => run, Err(error) => return on_error(error) };
//!     let outcome = {
//!         let run = &mut run;
//!         call_in(&run.spans(), move || -> Result<u64> {
//!             let _ = &rate;
//!             let _ = &orders;
//!             match () { () => {
//!                 the loop, see `head`
//!                 Ok(1)
//!             } }
//!         })
//!     };
//!     let failing = failing!(&outcome);
//!     return run.finish(outcome, failing, on_error);
//! }
//! struct total {} // the companion, with peek_checkpoint and the like
//! ```
//!
//! An async function has an `async move` block in the closure's place. In a function that returns
//! a future, all of it stands inside that future.

use std::collections::BTreeMap;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Block, Error, Expr, Generics, Item, ItemFn, Path, Result};

use crate::analyse::carried::CarriedVariable;
use crate::analyse::hoist::hoist;
use crate::analyse::premutation;
use crate::analyse::survey::{Survey, survey};
use crate::analyse::targets::{Search, Target, find};
use crate::analyse::worklists::plain_whiles;
use crate::emit::companion;
use crate::parse::function::{self, Argument, Returned};
use crate::parse::future;
use crate::parse::options::Options;
use crate::syntax::hygiene::local;
use crate::syntax::rewrite::{body, break_to, loops, replace};

/// All that the generated code is made from.
pub(crate) struct Expansion {
    pub(crate) options: Options,
    pub(crate) arguments: Vec<Argument>,
    pub(crate) returned: Returned,
    pub(crate) is_async: bool,
    /// The path of the runtime crate.
    pub(crate) krate: Path,
    pub(crate) names: Names,
    pub(crate) carried: Vec<CarriedVariable>,
    /// The resumable loops as they were written, by their places in the survey.
    pub(crate) originals: BTreeMap<usize, Expr>,
    /// Items of their bodies that are to stand before them.
    pub(crate) hoisted: BTreeMap<usize, Vec<Item>>,
}

/// The locals of the generated code.
pub(crate) struct Names {
    pub(crate) job: Ident,
    pub(crate) run: Ident,
    pub(crate) items: Ident,
    pub(crate) tally: Ident,
    pub(crate) item: Ident,
    pub(crate) item_type: Ident,
    pub(crate) value: Ident,
    pub(crate) error: Ident,
    pub(crate) on_error: Ident,
    pub(crate) outcome: Ident,
    pub(crate) failing: Ident,
    pub(crate) policy: Ident,
    pub(crate) kept: Ident,
    pub(crate) tried: Ident,
    pub(crate) flow: Ident,
    pub(crate) failed: Ident,
    pub(crate) verdict: Ident,
    pub(crate) cautious: Ident,
    pub(crate) handed: Ident,
}

pub(crate) fn resumable(options: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let mut function = function::parse(item)?;
    let mut expansion = Expansion::of(syn::parse2(options)?, &function)?;
    let companion = companion::beside(&function, &expansion)?;
    expansion.rewrite(&mut function)?;
    Ok(quote! { #function #companion })
}

impl Names {
    fn new() -> Self {
        Names {
            job: local("job"),
            run: local("run"),
            items: local("items"),
            tally: local("tally"),
            item: local("item"),
            item_type: local("item_type"),
            value: local("value"),
            error: local("error"),
            on_error: local("on_error"),
            outcome: local("outcome"),
            failing: local("failing"),
            policy: local("policy"),
            kept: local("kept"),
            tried: local("tried"),
            flow: local("flow"),
            failed: local("failed"),
            verdict: local("verdict"),
            cautious: local("cautious"),
            handed: local("handed"),
        }
    }
}

impl Expansion {
    fn of(options: Options, function: &ItemFn) -> Result<Self> {
        let future = future::output(function).filter(|_| function.sig.asyncness.is_none());
        let default = || syn::parse_quote_spanned!(Span::mixed_site()=> ::safe_state);
        Ok(Expansion {
            arguments: function::arguments(&function::with_names(&function.sig))?,
            is_async: function.sig.asyncness.is_some() || future.is_some(),
            returned: match future {
                Some(output) => Returned::of_type(&output),
                None => Returned::of(&function.sig.output),
            },
            krate: options.krate.clone().unwrap_or_else(default),
            options,
            names: Names::new(),
            carried: Vec::new(),
            originals: BTreeMap::new(),
            hoisted: BTreeMap::new(),
        })
    }

    fn rewrite(&mut self, function: &mut ItemFn) -> Result<()> {
        let name = function.sig.ident.clone();
        let job = self.job(function);
        function.sig = function::with_names(&function.sig);
        let generics = function.sig.generics.clone();
        // A future that the function returns drops what it has captured in the order of its text.
        let captures = match future::output(function) {
            Some(_) if function.sig.asyncness.is_none() => TokenStream::new(),
            _ => self.captures(&function.block),
        };
        let outside = future::around(function);
        future::with_block(function, |block| {
            let job = match &outside {
                Some(outside) => {
                    let order = self.in_order(block, outside);
                    quote! { { #order #job } }
                }
                None => job,
            };
            *block = self.region(block, (&name, &generics), &job, &captures)?;
            Ok(())
        })
    }

    /// The block that takes the place of the user's `block`, and holds it.
    fn region(
        &mut self,
        block: &mut Block,
        (name, generics): (&Ident, &Generics),
        job: &TokenStream,
        captures: &TokenStream,
    ) -> Result<Block> {
        plain_whiles(block, &self.krate);
        let arguments = self.noted_arguments(block);
        let survey = survey(block);
        self.name_self(&survey);
        let targets = self.targets(&survey, name)?;
        self.check_policies(&survey, &targets)?;
        self.carried = self.carried_variables(&survey, &targets)?;
        let is_outermost = |at| targets.iter().any(|target| target.at == at && target.depth == 0);
        self.hoisted = hoist(block, is_outermost);
        self.originals = loops(block, |at| targets.iter().any(|target| target.at == at));
        self.check_bodies(&survey, &targets)?;
        self.place(block, &survey, &targets);
        self.check_worklists(&targets)?;
        let belonging = self.belonging(block, generics, &targets);
        let is_last_alone = |it: &&CarriedVariable| it.is_handle() || targets.is_empty();
        for variable in self.carried.iter().filter(|it| it.named.is_whole()).filter(is_last_alone) {
            premutation::check(block, variable, &targets)?;
        }
        self.note_questions(block);
        let mut restore = self.noting();
        restore.extend(self.restore(block)?);
        restore.extend(self.cursors(block, &targets)?);
        self.commits(block, &survey, &targets)?;
        replace(block, |at, it| {
            let target = targets.iter().find(|target| target.at == at);
            match target.zip(survey.loops.get(at)) {
                Some((target, around)) => {
                    let is_target = |at: &usize| targets.iter().any(|target| target.at == *at);
                    let outer = survey.around(at).find(is_target);
                    let proof = self.proof((target, outer), &targets, around);
                    self.resumable_loop(it, target, (around, proof))
                }
                None => Ok(it),
            }
        })?;
        self.fill_in(block, &survey, name)?;
        let job = &quote! { #job #belonging };
        let tokens = match &self.returned {
            Returned::Type(ty) if !self.is_async => {
                let before = quote_spanned! {Span::mixed_site()=> #arguments #restore };
                self.in_one_call(job, block, captures, &before, ty)
            }
            _ => {
                let (open, call, finish) =
                    (self.open(job), self.call(block, captures, &restore), self.finish());
                quote_spanned! {Span::mixed_site()=> { #open #arguments #call #finish } }
            }
        };
        // An item whose last brace is not the user's is taken for generated, and not linted.
        Ok(Block { brace_token: block.brace_token, ..syn::parse2(tokens)? })
    }

    /// `#[async_trait]` puts `self` into a local of another name, and leaves our options as they are.
    fn name_self(&mut self, survey: &Survey) {
        let mut locals = survey.all_locals.iter().map(|local| &local.binding.ident);
        if let Some(local) = locals.find(|ident| *ident == "__self") {
            let options = &mut self.options;
            let named = options.carry.iter_mut().chain(&mut options.reconnect);
            let named = named.chain(&mut options.fresh).filter(|named| named.root == "self");
            named.for_each(|named| named.root = local.clone());
        }
    }

    /// The loops to make resumable.
    fn targets(&self, survey: &Survey, name: &Ident) -> Result<Vec<Target>> {
        if self.options.manual.is_some() {
            return Ok(Vec::new());
        }
        let search = Search {
            function: name,
            arguments: &self.arguments,
            iter: self.options.iter.as_ref(),
            items: &self.options.items,
        };
        find(survey, &search)
    }

    /// Holds the bodies of the loops to the accumulator check.
    fn check_bodies(&self, survey: &Survey, targets: &[Target]) -> Result<()> {
        for target in targets {
            let written = self.originals.get(&target.at);
            let found = written.and_then(|it| Some((it, body(it)?)));
            if let (Some((written, body)), Some(it)) = (found, survey.loops.get(target.at)) {
                self.check_durable(body, it)?;
                self.check_accumulators(written, body, it)?;
                self.check_taking(written, body)?;
                self.check_fresh_closures(it)?;
                // Of several loops each has to be seen to be left, or the next would not know.
                let block_labels = if targets.len() > 1 { it.block_labels.as_slice() } else { &[] };
                if let Some(label) = break_to(body, block_labels) {
                    let text = "this leaves a resumable loop for the end of a block, past what tells that it has \
                                been left; put a `break` of the loop itself before";
                    return Err(Error::new(label.span(), text));
                }
            }
        }
        Ok(())
    }
}
