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
//!         call(move || -> Result<u64> {
//!             let _ = &rate;
//!             let _ = &orders;
//!             {
//!                 match items(run, 0, "src/main.rs:3:5", orders, |item| fingerprint!(item)) {
//!                     mut items => {
//!                         loop {
//!                             if items.complete() { items.save() or return the error }
//!                             match items.next() {
//!                                 Step::Item(order) => { ship(order, &rate)? }
//!                                 Step::Done => break,
//!                                 Step::Failed(error) => return on_error(error),
//!                             }
//!                         }
//!                         if items.leave() { items.save() or return the error }
//!                     }
//!                 }
//!                 Ok(1)
//!             }
//!         })
//!     };
//!     let failing = failing!(&outcome);
//!     run.finish(outcome, failing, on_error)
//! }
//! struct total {} // the companion, with peek_checkpoint and the like
//! ```
//!
//! An async function has an `async move` block in the closure's place. In a function that returns
//! a future, all of it stands inside that future.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::visit_mut::{self, VisitMut};
use syn::{Attribute, Block, Expr, ExprForLoop, ExprReturn, Item, ItemFn, Path, Result};

use crate::companion;
use crate::find::{Found, Search, find};
use crate::function::{self, Argument, Returned};
use crate::future;
use crate::hygiene::{at, local};
use crate::loops::{Local, is_marker, replace};
use crate::mentions::mentions;
use crate::options::{Durability, OnChange, Options, SaveEvery};

/// All that the generated code is made from.
pub(crate) struct Expansion {
    pub(crate) options: Options,
    pub(crate) arguments: Vec<Argument>,
    /// The path of the runtime crate.
    pub(crate) krate: Path,
    pub(crate) names: Names,
}

/// The locals of the generated code.
pub(crate) struct Names {
    pub(crate) job: Ident,
    pub(crate) run: Ident,
    pub(crate) items: Ident,
    pub(crate) value: Ident,
    pub(crate) error: Ident,
    pub(crate) on_error: Ident,
    pub(crate) outcome: Ident,
    pub(crate) failing: Ident,
}

pub(crate) fn resumable(options: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let mut function = function::parse(item)?;
    let options: Options = syn::parse2(options)?;
    let expansion = Expansion {
        arguments: function::arguments(&function.sig)?,
        krate: options
            .krate
            .clone()
            .unwrap_or_else(|| syn::parse_quote_spanned!(Span::mixed_site()=> ::safe_state)),
        options,
        names: Names::new(),
    };
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
            value: local("value"),
            error: local("error"),
            on_error: local("on_error"),
            outcome: local("outcome"),
            failing: local("failing"),
        }
    }
}

impl Expansion {
    fn rewrite(&self, function: &mut ItemFn) -> Result<()> {
        let is_async = function.sig.asyncness.is_some();
        let name = function.sig.ident.clone();
        let job = self.job(function);
        if !is_async && let Some((block, output)) = future::returned(function) {
            let block_now = self.region(block, &name, &job, &Returned::of_type(&output), true)?;
            *block = block_now;
            return Ok(());
        }
        let returned = Returned::of(&function.sig.output);
        *function.block = self.region(&mut function.block, &name, &job, &returned, is_async)?;
        Ok(())
    }

    /// The block that takes the place of the user's `block`, and holds it.
    fn region(
        &self,
        block: &mut Block,
        name: &Ident,
        job: &TokenStream,
        returned: &Returned,
        is_async: bool,
    ) -> Result<Block> {
        let search =
            Search { function: name, arguments: &self.arguments, iter: self.options.iter.as_ref() };
        let Found { chosen, locals } = find(block, &search)?;
        let restore = self.restore(block, &locals)?;
        let mut checked = Ok(());
        replace(block, &chosen, |for_loop| {
            checked = checked.clone().and(self.check_accumulators(&for_loop.body, &locals));
            self.resumable_loop(for_loop, &locals, returned, is_async)
        });
        checked?;
        let open = self.open(job, returned, is_async);
        let call = self.call(block, &restore, returned, is_async);
        let finish = self.finish(returned, is_async);
        let tokens = quote_spanned! {Span::mixed_site()=> { #open #call #finish } };
        syn::parse2(tokens)
    }

    /// The `Job`, as the options describe it.
    pub(crate) fn job(&self, function: &ItemFn) -> TokenStream {
        let krate = &self.krate;
        let site = Span::mixed_site();
        let name = self.job_name(function);
        let code = code_fingerprint(function);
        let options = &self.options;
        let on_code_change = on_change(krate, options.on_code_change.unwrap_or(OnChange::Continue));
        let mut job = quote_spanned! {site=> #krate::Job::new(#name).code(#code, #on_code_change) };
        job.extend(options.on_input_change.map(|change| {
            let change = on_change(krate, change);
            quote_spanned! {site=> .on_input_change(#change) }
        }));
        job.extend(options.save_every.as_ref().map(|every| match every {
            SaveEvery::Value(value) => quote_spanned! {site=> .save_every(#value) },
            SaveEvery::Nanos(nanos) => {
                quote_spanned! {site=> .save_every(#krate::__private::Duration::from_nanos(#nanos)) }
            }
        }));
        job.extend(options.durability.map(|durability| match durability {
            Durability::Power => quote_spanned! {site=> .durability(#krate::Durability::Power) },
            Durability::Process => {
                quote_spanned! {site=> .durability(#krate::Durability::Process) }
            }
        }));
        job.extend(options.state_dir.as_ref().map(|dir| quote_spanned! {site=> .state_dir(#dir) }));
        job.extend(
            options.backend.as_ref().map(|backend| quote_spanned! {site=> .backend(#backend) }),
        );
        job.extend(
            options.version.as_ref().map(|version| quote_spanned! {site=> .version(#version) }),
        );
        job.extend(
            options
                .keep_on_success
                .as_ref()
                .map(|keep| quote_spanned! {site=> .keep_on_success(#keep) }),
        );
        job.extend(
            options.verbose.as_ref().map(|verbose| quote_spanned! {site=> .verbose(#verbose) }),
        );
        job
    }

    fn job_name(&self, function: &ItemFn) -> TokenStream {
        let krate = &self.krate;
        if let Some(name) = &self.options.name {
            // The reference keeps a `String` argument from being moved into the name.
            let here = at(name.span());
            return quote_spanned! {here=> #krate::__private::name(&(#name)) };
        }
        let site = Span::mixed_site();
        let name = function.sig.ident.unraw().to_string();
        if companion::stands_in_impl(function) {
            return quote_spanned! {site=> #krate::__private::method_name::<Self>(#name) };
        }
        let path = format!("::{name}");
        quote_spanned! {site=> #krate::__private::concat!(#krate::__private::module_path!(), #path) }
    }

    fn open(&self, job: &TokenStream, returned: &Returned, is_async: bool) -> TokenStream {
        let krate = &self.krate;
        let Names { job: job_local, run, error, on_error, .. } = &self.names;
        let site = Span::mixed_site();
        let converter = match returned {
            Returned::Type(ty) => quote_spanned! {site=> #krate::__private::on_error!(#ty) },
            Returned::Opaque | Returned::Never => {
                quote_spanned! {site=> #krate::__private::panic_with }
            }
        };
        let opened = if is_async {
            quote_spanned! {site=> #krate::__private::Run::open_async(&#job_local).await }
        } else {
            quote_spanned! {site=> #krate::__private::Run::open(&#job_local) }
        };
        quote_spanned! {site=>
            let #job_local = #job;
            let #on_error = #converter;
            let mut #run = match #opened {
                #krate::__private::Ok(#run) => #run,
                #krate::__private::Err(#error) => return #on_error(#error),
            };
        }
    }

    fn call(
        &self,
        block: &Block,
        restore: &TokenStream,
        returned: &Returned,
        is_async: bool,
    ) -> TokenStream {
        let krate = &self.krate;
        let Names { run, outcome, .. } = &self.names;
        let site = Span::mixed_site();
        let captures = self.captures(block);
        let ty = match returned {
            Returned::Type(ty) => ty.to_token_stream(),
            Returned::Opaque => quote_spanned! {site=> _ },
            Returned::Never => quote_spanned! {site=> #krate::__private::Infallible },
        };
        let called = if is_async {
            quote_spanned! {site=> #krate::__private::call_async::<#ty>(async move { #captures #restore #block }).await }
        } else {
            quote_spanned! {site=> #krate::__private::call(move || -> #ty { #captures #restore #block }) }
        };
        quote_spanned! {site=>
            let #outcome = { let #run = &mut #run; #called };
        }
    }

    /// Takes the arguments in from the last to the first, which is the order in which a function
    /// drops them, and whole, where the block might mention only a part.
    fn captures(&self, block: &Block) -> TokenStream {
        let mentioned = mentions(block.to_token_stream());
        let inner =
            self.arguments.iter().rev().filter(|argument| mentioned.contains(&argument.name()));
        let captures = inner.map(|Argument { ident, cfgs, .. }| {
            // The name is the user's, in the user's scope; the span's place is nobody's.
            quote_spanned! {Span::mixed_site()=> #(#cfgs)* let _ = &#ident; }
        });
        captures.collect()
    }

    fn finish(&self, returned: &Returned, is_async: bool) -> TokenStream {
        let krate = &self.krate;
        let Names { run, outcome, failing, on_error, .. } = &self.names;
        let site = Span::mixed_site();
        let finished = if is_async {
            quote_spanned! {site=> #run.finish_async(#outcome, #failing, #on_error).await }
        } else {
            quote_spanned! {site=> #run.finish(#outcome, #failing, #on_error) }
        };
        let finished = match returned {
            Returned::Never => quote_spanned! {site=> match #finished {} },
            Returned::Type(_) | Returned::Opaque => finished,
        };
        quote_spanned! {site=>
            let #failing = #krate::__private::failing!(&#outcome);
            #finished
        }
    }

    fn resumable_loop(
        &self,
        mut it: ExprForLoop,
        locals: &[Local],
        returned: &Returned,
        is_async: bool,
    ) -> Expr {
        let krate = &self.krate;
        let Names { run, items, error, on_error, .. } = &self.names;
        if returned.is_option() {
            MarkReturns { items }.visit_block_mut(&mut it.body);
        }
        let ExprForLoop { attrs, label, for_token, pat, expr, body, .. } = it;
        let attrs: Vec<Attribute> = attrs.into_iter().filter(|attr| !is_marker(attr)).collect();
        let here = at(for_token.span);
        let input = at(expr.span());
        let place = for_token.span.start();
        let place = format!(":{}:{}", place.line, place.column + 1);
        let location =
            quote_spanned! {here=> #krate::__private::concat!(#krate::__private::file!(), #place) };
        let fingerprint = quote_spanned! {input=> |item| #krate::__private::fingerprint!(item) };
        let entered = quote_spanned! {input=> #krate::__private::items(#run, 0, #location, #expr, #fingerprint) };
        let save = self.save(locals, is_async);
        Expr::Verbatim(quote_spanned! {here=>
            #(#attrs)*
            match #entered {
                mut #items => {
                    #label loop {
                        if #items.complete() { #save }
                        match #items.next() {
                            #krate::__private::Step::Item(#pat) => #body
                            #krate::__private::Step::Done => break,
                            #krate::__private::Step::Failed(#error) => return #on_error(#error),
                        }
                    }
                    if #items.leave() { #save }
                }
            }
        })
    }

    fn save(&self, locals: &[Local], is_async: bool) -> TokenStream {
        let krate = &self.krate;
        let Names { items, error, on_error, .. } = &self.names;
        let site = Span::mixed_site();
        let carry = self.carry(locals);
        let saved = if is_async {
            quote_spanned! {site=> #items.save_async().await }
        } else {
            quote_spanned! {site=> #items.save() }
        };
        quote_spanned! {site=>
            #carry
            if let #krate::__private::Err(#error) = #saved { return #on_error(#error); }
        }
    }
}

/// A fingerprint of the function's text as tokens, so that comments and white space do not count.
fn code_fingerprint(function: &ItemFn) -> u64 {
    const BASIS: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    let (sig, block) = (&function.sig, &function.block);
    let text = quote! { #sig #block }.to_string();
    // How tokens are spaced in print is the compiler's choice, and may change with it.
    let significant = text.bytes().filter(|byte| !byte.is_ascii_whitespace());
    significant.fold(BASIS, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(PRIME))
}

fn on_change(krate: &Path, change: OnChange) -> TokenStream {
    let site = Span::mixed_site();
    match change {
        OnChange::Fail => quote_spanned! {site=> #krate::OnChange::Fail },
        OnChange::Restart => quote_spanned! {site=> #krate::OnChange::Restart },
        OnChange::Continue => quote_spanned! {site=> #krate::OnChange::Continue },
    }
}

/// Tells the run of each `return` in the loop, which else could not tell a `return None` from a
/// `None` that `?` returns.
struct MarkReturns<'a> {
    items: &'a Ident,
}

impl VisitMut for MarkReturns<'_> {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        match expr {
            Expr::Closure(_) | Expr::Async(_) | Expr::Const(_) => {}
            _ => visit_mut::visit_expr_mut(self, expr),
        }
    }

    fn visit_expr_return_mut(&mut self, it: &mut ExprReturn) {
        visit_mut::visit_expr_return_mut(self, it);
        if let Some(value) = &mut it.expr {
            let items = self.items;
            let marked =
                quote_spanned! {at(it.return_token.span)=> { #items.returning(); #value } };
            **value = Expr::Verbatim(marked);
        }
    }

    fn visit_item_mut(&mut self, _: &mut Item) {}
}
