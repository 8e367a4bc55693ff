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
use quote::{ToTokens, quote, quote_spanned};
use syn::{Block, Error, Expr, Generics, Item, ItemFn, Path, Result, Type};

use crate::between;
use crate::carried::CarriedVariable;
use crate::companion;
use crate::find::{Search, Target, find};
use crate::function::{self, Argument, Returned};
use crate::future;
use crate::hygiene::local;
use crate::loops::{Survey, plain_whiles, survey};
use crate::mentions::mentions;
use crate::options::Options;
use crate::passes::{body, break_to, loops, replace};
use crate::proof::hoist::hoist;

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
        future::with_block(function, |block| {
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
            between::check(block, variable, &targets)?;
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
        let body = quote_spanned! {Span::mixed_site()=> #arguments #restore };
        let tokens = match &self.returned {
            Returned::Type(ty) if !self.is_async => {
                self.in_one_call(job, block, captures, &body, ty)
            }
            _ => {
                let (open, call, finish) =
                    (self.open(job), self.call(block, captures, &body), self.finish());
                quote_spanned! {Span::mixed_site()=> { #open #call #finish } }
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

    /// The run of a function that returns a type by its name and does not wait: what opens it, the body, and what
    /// ends it.
    fn in_one_call(
        &self,
        job: &TokenStream,
        block: &Block,
        captures: &TokenStream,
        before: &TokenStream,
        ty: &Type,
    ) -> TokenStream {
        let krate = &self.krate;
        let Names { job: job_local, run, outcome, on_error, .. } = &self.names;
        let site = Span::mixed_site();
        // As the tail of a block, the user's own would be reported for its braces.
        quote_spanned! {site=> {
            let #job_local = #job;
            let #on_error = #krate::__private::on_error!(#ty);
            return #krate::__private::run(
                &#job_local,
                #on_error,
                |#outcome| #krate::__private::failing!(#outcome),
                move |#run| -> #ty { #captures #before match () { () => #block } },
            );
        } }
    }

    fn open(&self, job: &TokenStream) -> TokenStream {
        let krate = &self.krate;
        let Names { job: job_local, run, error, on_error, .. } = &self.names;
        let site = Span::mixed_site();
        let converter = match &self.returned {
            Returned::Type(ty) => quote_spanned! {site=> #krate::__private::on_error!(#ty) },
            Returned::Opaque | Returned::Never => {
                quote_spanned! {site=> #krate::__private::panic_with }
            }
        };
        let fail = self.fail(site);
        let opened = if self.is_async {
            quote_spanned! {site=> #krate::__private::Run::open_async(&#job_local).await }
        } else {
            quote_spanned! {site=> #krate::__private::Run::open(&#job_local) }
        };
        quote_spanned! {site=>
            let #job_local = #job;
            let #on_error = #converter;
            let mut #run = match #opened {
                #krate::__private::Ok(#run) => #run,
                #krate::__private::Err(#error) => #fail,
            };
        }
    }

    /// Leaves the function with a storage error.
    pub(crate) fn fail(&self, span: Span) -> TokenStream {
        let Names { error, on_error, .. } = &self.names;
        match self.returned {
            // A `return` of what never returns would be reported as unreachable.
            Returned::Never => quote_spanned! {span=> match #on_error(#error) {} },
            Returned::Type(_) | Returned::Opaque => {
                quote_spanned! {span=> return #on_error(#error) }
            }
        }
    }

    fn call(&self, block: &Block, captures: &TokenStream, restore: &TokenStream) -> TokenStream {
        let krate = &self.krate;
        let Names { run, outcome, .. } = &self.names;
        let site = Span::mixed_site();
        let ty = match &self.returned {
            Returned::Type(ty) => ty.to_token_stream(),
            Returned::Opaque => quote_spanned! {site=> _ },
            Returned::Never => quote_spanned! {site=> #krate::__private::Infallible },
        };
        // As the tail of a block, the user's own would be reported for its braces.
        let body = quote_spanned! {site=> { #captures #restore match () { () => #block } } };
        let called = if self.is_async {
            let future = self.cancellable_whole(&body);
            quote_spanned! {site=> #krate::__private::call_async::<#ty>(#run.spans(), #future).await }
        } else {
            quote_spanned! {site=> #krate::__private::call_in(&#run.spans(), move || -> #ty #body) }
        };
        quote_spanned! {site=>
            let #outcome = { let #run = &mut #run; #called };
        }
    }

    /// The block as a future, which ends with the limit's error where a limit is passed.
    fn cancellable_whole(&self, body: &TokenStream) -> TokenStream {
        let krate = &self.krate;
        let Names { run, on_error, .. } = &self.names;
        let site = Span::mixed_site();
        if !self.options.limits.are_set() {
            return quote_spanned! {site=> async move #body };
        }
        quote_spanned! {site=>
            #krate::__private::cancellable(#run.cancellation(), #on_error, async move #body)
        }
    }

    /// Takes the arguments in from the last to the first, which is the order in which a function
    /// drops them, and whole, where the block might mention only a part. An argument that is not
    /// mentioned stays outside: the compiler is to report it as unused, unless its name says that
    /// it is.
    fn captures(&self, block: &Block) -> TokenStream {
        let mentioned = mentions(block.to_token_stream());
        let inner = self.arguments.iter().rev().filter(|argument| {
            let name = argument.name();
            name.starts_with('_') || mentioned.contains(&name)
        });
        let captures = inner.map(|Argument { ident, cfgs, .. }| {
            // The name is the user's, in the user's scope; the span's place is nobody's.
            quote_spanned! {Span::mixed_site()=>
                #(#cfgs)* #[allow(clippy::used_underscore_binding)] let _ = &#ident;
            }
        });
        captures.collect()
    }

    fn finish(&self) -> TokenStream {
        let krate = &self.krate;
        let Names { run, outcome, failing, on_error, .. } = &self.names;
        let site = Span::mixed_site();
        let finished = if self.is_async {
            quote_spanned! {site=> #run.finish_async(#outcome, #failing, #on_error).await }
        } else {
            quote_spanned! {site=> #run.finish(#outcome, #failing, #on_error) }
        };
        let finished = match &self.returned {
            Returned::Never => quote_spanned! {site=> match #finished {} },
            // In a tail, its temporaries would be dropped at another time in another edition.
            Returned::Type(_) | Returned::Opaque => quote_spanned! {site=> return #finished; },
        };
        quote_spanned! {site=>
            let #failing = #krate::__private::failing!(&#outcome);
            #finished
        }
    }
}
