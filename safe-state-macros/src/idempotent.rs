//! Implements `#[idempotent]`: functions that look, before they work, whether their work has been done.
//!
//! Input:
//!
//! ```text
//! #[idempotent(check = receipt_of, on_skip = |order| Ok(order.receipt()))]
//! fn pay(order: &Order) -> Result<Receipt> { bank::transfer(order) }
//! ```
//!
//! Output, in which the user's block is whole:
//!
//! ```text
//! fn pay(order: &Order) -> Result<Receipt> {
//!     match { let found = found(receipt_of(&order)); found } {
//!         Some(_) => return now(|| { let argument = &order; let order = argument; Ok(order.receipt()) }),
//!         None => {}
//!     }
//!     match () { () => { bank::transfer(order) } }
//! }
//! ```
//!
//! Without `on_skip`, the function returns what the check has found. In a function that returns a future, all of this
//! stands inside that future. The check's temporaries, such as a lock, are dropped before anything is returned or done.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::spanned::Spanned;
use syn::visit_mut::VisitMut;
use syn::{Block, Error, Expr, ExprClosure, FnArg, ItemFn, Pat, Path, Result, Token};

use crate::parse::function::{self, Returned};
use crate::parse::future;
use crate::parse::options::forms::value;
use crate::syntax::groups::KeptWhole;
use crate::syntax::hygiene::{at, local};

#[derive(Default)]
struct Options {
    check: Option<Expr>,
    on_skip: Option<Expr>,
    krate: Option<Path>,
}

impl Parse for Options {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut options = Options::default();
        while !input.is_empty() {
            let option = Ident::parse_any(input).map_err(|error| {
                Error::new(error.span(), "expected an option, such as `check = is_done`")
            })?;
            let is_again = match option.to_string().as_str() {
                "check" => options.check.replace(value(&option, input)?).is_some(),
                "on_skip" => options.on_skip.replace(value(&option, input)?).is_some(),
                "crate" => options.krate.replace(path(&option, input)?).is_some(),
                unknown => {
                    let text = format!(
                        "there is no option `{unknown}`; expected one of `check`, `on_skip`, `crate`"
                    );
                    return Err(Error::new(option.span(), text));
                }
            };
            if is_again {
                let text = format!("`{option}` is given twice; remove one");
                return Err(Error::new(option.span(), text));
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(options)
    }
}

fn path(option: &Ident, input: ParseStream<'_>) -> Result<Path> {
    match value(option, input)? {
        Expr::Path(path) => Ok(path.path),
        other => Err(Error::new_spanned(other, "expected a path, such as `crate = ::path`")),
    }
}

pub(crate) fn idempotent(options: TokenStream, item: TokenStream) -> Result<TokenStream> {
    let mut function = parse(item)?;
    let options: Options = syn::parse2(options)?;
    let Some(check) = options.check else {
        let text = "`#[idempotent]` has to know how to look whether it is done; write `check = ...`, \
                    as in `check = safe_state::skip_if_exists(path)`";
        return Err(Error::new(Span::call_site(), text));
    };
    let default = || syn::parse_quote_spanned!(Span::mixed_site()=> ::safe_state);
    let guard = Guard {
        krate: options.krate.unwrap_or_else(default),
        returned: returned(&function),
        arguments: arguments(&function)?,
    };
    let guarded = guard.before(&check, options.on_skip.as_ref())?;
    let site = Span::mixed_site();
    future::with_block(&mut function, |block| {
        // As the tail of a block, the user's block would be reported for its braces.
        let tokens = quote_spanned! {site=> { #guarded match () { () => #block } } };
        // Lints skip an item whose last brace is not the user's, as they take it for generated.
        *block = Block { brace_token: block.brace_token, ..syn::parse2(tokens)? };
        Ok::<_, Error>(())
    })?;
    Ok(quote::quote! { #function })
}

fn parse(item: TokenStream) -> Result<ItemFn> {
    let mut function: ItemFn = syn::parse2(item).map_err(|error| {
        let text = format!("`#[idempotent]` goes on a function with a body: {error}");
        Error::new(error.span(), text)
    })?;
    if let Some(token) = &function.sig.constness {
        let text = "a `const fn` can't look whether it is done; remove the `const`";
        return Err(Error::new(token.span, text));
    }
    KeptWhole.visit_item_fn_mut(&mut function);
    Ok(function)
}

fn returned(function: &ItemFn) -> Returned {
    match future::output(function).filter(|_| function.sig.asyncness.is_none()) {
        Some(output) => Returned::of_type(&output),
        None => Returned::of(&function.sig.output),
    }
}

/// Returns the names of the function's arguments; for a pattern, which has none, an error that says so.
fn arguments(function: &ItemFn) -> Result<Vec<Result<Ident>>> {
    // This refuses names that are kept for generated code.
    function::arguments(&function.sig)?;
    let named = |input: &FnArg| match input {
        FnArg::Receiver(receiver) => Ok(Ident::from(receiver.self_token)),
        FnArg::Typed(typed) => match &*typed.pat {
            Pat::Ident(pat) if pat.subpat.is_none() => Ok(pat.ident.clone()),
            pattern => {
                let text = "`check` and `on_skip` are called with all arguments, and this one has no name; \
                            give it one, or write an expression instead of a function";
                Err(Error::new_spanned(pattern, text))
            }
        },
    };
    Ok(function.sig.inputs.iter().map(named).collect())
}

/// The facts from which the code before the user's block is generated.
struct Guard {
    krate: Path,
    returned: Returned,
    arguments: Vec<Result<Ident>>,
}

impl Guard {
    /// Returns the statement that looks whether the work has been done, and returns from the function if so.
    fn before(&self, check: &Expr, on_skip: Option<&Expr>) -> Result<TokenStream> {
        let krate = &self.krate;
        let found = local("found");
        let (site, here) = (Span::mixed_site(), at(check.span()));
        let looked = self.evaluated(check, "check")?;
        let looked = quote_spanned! {here=> #krate::__private::found(#looked) };
        let (bound, skipped) = match (on_skip, &self.returned) {
            (Some(on_skip), _) => (quote_spanned! {site=> _ }, self.evaluated(on_skip, "on_skip")?),
            (None, Returned::Type(ty)) => {
                let skipped = quote_spanned! {here=>
                    <#ty as #krate::__private::Skipped<_>>::skipped(#found)
                };
                (quote_spanned! {site=> #found }, skipped)
            }
            (None, Returned::Opaque | Returned::Never) => {
                (quote_spanned! {site=> #found }, quote_spanned! {here=> #found })
            }
        };
        let returned = at(on_skip.unwrap_or(check).span());
        // The value stands in a `match`, as a plain `()` would be reported as not needed.
        let skip = quote_spanned! {returned=> return match () { () => #skipped } };
        Ok(quote_spanned! {site=>
            match { let #found = #looked; #found } {
                #krate::__private::Some(#bound) => #skip,
                #krate::__private::None => {}
            }
        })
    }

    /// Returns the expression for what `expr` gives: a function or closure is called with references to the arguments.
    fn evaluated(&self, expr: &Expr, option: &str) -> Result<TokenStream> {
        let here = at(expr.span());
        match expr {
            Expr::Closure(closure) => self.called(closure, option),
            Expr::Path(path) if !self.is_argument(path.path.get_ident()) => {
                let arguments = self.named()?;
                Ok(quote_spanned! {here=> #expr(#(&#arguments),*) })
            }
            value => Ok(quote_spanned! {here=> #value }),
        }
    }

    /// Returns the expression for a call of `closure`, whose arguments are bound by `let`. If it stayed a closure, the
    /// types of its arguments would not be known in it, and no reference could be shortened for it.
    fn called(&self, closure: &ExprClosure, option: &str) -> Result<TokenStream> {
        let krate = &self.krate;
        let here = at(closure.body.span());
        let ExprClosure { asyncness, inputs, output, body, .. } = closure;
        if let Some(token) = asyncness {
            let text =
                format!("`{option}` can't be an async closure; write an expression with `.await`");
            return Err(Error::new(token.span, text));
        }
        let arguments = if inputs.is_empty() { Vec::new() } else { self.named()? };
        if inputs.len() != arguments.len() {
            let text = format!(
                "`{option}` takes references to all arguments, which are {}, or none; or write an expression",
                arguments.len()
            );
            return Err(Error::new_spanned(inputs, text));
        }
        // The body is an arm, so that it is not reported for its braces. All arguments are taken before one is bound,
        // as the closure may give them each other's names.
        let passed: Vec<Ident> =
            (0..arguments.len()).map(|at| local(&format!("argument{at}"))).collect();
        let inputs = inputs.iter();
        Ok(quote_spanned! {here=>
            #krate::__private::now(|| #output {
                #(let #passed = &#arguments;)*
                #(let #inputs = #passed;)*
                match () { () => #body }
            })
        })
    }

    fn named(&self) -> Result<Vec<&Ident>> {
        self.arguments.iter().map(|argument| argument.as_ref().map_err(Error::clone)).collect()
    }

    fn is_argument(&self, name: Option<&Ident>) -> bool {
        name.is_some_and(|name| self.arguments.iter().flatten().any(|argument| argument == name))
    }
}
