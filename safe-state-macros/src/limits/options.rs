//! Parses the options of `#[time_guard]` and `#[mem_guard]`, which are methods of the limits, by their names.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::spanned::Spanned;
use syn::{Error, Expr, LitStr, Path, Result, Token};

use crate::parse::options::forms::{flag, not_literal_but, size, text, time, value};
use crate::parse::options::job::krate;
use crate::syntax::hygiene::at;

/// The resource that a limit is on.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Kind {
    Time,
    Memory,
}

/// The options that an attribute gives.
pub(crate) struct Options {
    pub(crate) krate: Path,
    kind: Kind,
    /// The limit itself, if it is given.
    limit: Option<TokenStream>,
    /// The limit's other methods, with their arguments.
    settings: Vec<(Ident, TokenStream)>,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::Time => "time_guard",
            Kind::Memory => "mem_guard",
        }
    }

    fn names(self) -> &'static [&'static str] {
        match self {
            Kind::Time => {
                &["timeout", "grace_period", "interrupt", "send_kill", "check_interval", "crate"]
            }
            Kind::Memory => &[
                "max_memory",
                "absolute",
                "memory",
                "grace_period",
                "secondary_grace_period",
                "interrupt",
                "send_kill",
                "check_interval",
                "crate",
            ],
        }
    }
}

impl Options {
    pub(crate) fn parse(kind: Kind, tokens: TokenStream) -> Result<Self> {
        let krate: Path = syn::parse_quote_spanned!(Span::mixed_site()=> ::safe_state);
        let mut options = Options { krate, kind, limit: None, settings: Vec::new() };
        let parse = |input: ParseStream<'_>| options.take_all(input);
        parse.parse2(tokens)?;
        if kind == Kind::Memory && options.limit.is_none() {
            let text = "`#[mem_guard]` has to know how much memory may be in use; \
                        write `max_memory = \"2GiB\"`";
            return Err(Error::new(Span::call_site(), text));
        }
        Ok(options)
    }

    fn take_all(&mut self, input: ParseStream<'_>) -> Result<()> {
        let mut seen: Vec<Ident> = Vec::new();
        // The path is looked for first, wherever it stands, as what the other options name begins with it.
        self.krate = find_krate(input)?.unwrap_or_else(|| self.krate.clone());
        while !input.is_empty() {
            let option = Ident::parse_any(input).map_err(|error| {
                Error::new(error.span(), "expected an option, such as `grace_period = \"15s\"`")
            })?;
            if seen.contains(&option) {
                let text = format!("`{option}` is given twice; remove one");
                return Err(Error::new(option.span(), text));
            }
            self.take(&option, input)?;
            seen.push(option);
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(())
    }

    fn take(&mut self, option: &Ident, input: ParseStream<'_>) -> Result<()> {
        let name = option.to_string();
        if !self.kind.names().contains(&name.as_str()) {
            let names: Vec<String> =
                self.kind.names().iter().map(|name| format!("`{name}`")).collect();
            let text = format!("there is no option `{name}`; expected one of {}", names.join(", "));
            return Err(Error::new(option.span(), text));
        }
        let here = at(option.span());
        let argument = match name.as_str() {
            "crate" => return krate(option, input).map(drop),
            "absolute" | "send_kill" => {
                let flag = flag(option, input)?;
                quote_spanned! {here=> #flag }
            }
            "interrupt" => self.interrupt(value(option, input)?)?,
            "memory" => self.memory(value(option, input)?)?,
            "max_memory" => size(option, value(option, input)?)?.tokens(&self.krate),
            _ => time(option, value(option, input)?)?.tokens(&self.krate),
        };
        if name == "timeout" || name == "max_memory" {
            self.limit = Some(argument);
        } else {
            self.settings.push((Ident::new(&name, here), argument));
        }
        Ok(())
    }

    fn interrupt(&self, value: Expr) -> Result<TokenStream> {
        const EXPECTED: &str =
            "`\"cancellation\"`, `\"signal\"`, `\"cancellation_then_signal\"`, or an `Interrupt`";
        let kind = match text(&value).map(LitStr::value).as_deref() {
            Some("cancellation") => "Cancellation",
            Some("signal") => "Signal",
            Some("cancellation_then_signal") => "CancellationThenSignal",
            _ => return as_written(value, EXPECTED),
        };
        Ok(self.variant("Interrupt", kind, value.span()))
    }

    fn memory(&self, value: Expr) -> Result<TokenStream> {
        let kind = match text(&value).map(LitStr::value).as_deref() {
            Some("process") => "Process",
            Some("cgroup") => "Cgroup",
            _ => return as_written(value, "`\"process\"`, `\"cgroup\"`, or a `Memory`"),
        };
        Ok(self.variant("Memory", kind, value.span()))
    }

    fn variant(&self, of: &str, kind: &str, span: Span) -> TokenStream {
        let (krate, here) = (&self.krate, at(span));
        let (of, kind) = (Ident::new(of, here), Ident::new(kind, here));
        quote_spanned! {here=> #krate::limits::#of::#kind }
    }

    /// Returns the limit that the options describe, not started.
    pub(crate) fn limit(&self) -> TokenStream {
        let krate = &self.krate;
        let site = Span::mixed_site();
        let built = match (&self.limit, self.kind) {
            (Some(limit), Kind::Time) => {
                quote_spanned! {site=> #krate::limits::TimeLimit::new(#limit) }
            }
            (Some(limit), Kind::Memory) => {
                quote_spanned! {site=> #krate::limits::MemoryLimit::new(#limit) }
            }
            (None, _) => {
                quote_spanned! {site=> <#krate::limits::TimeLimit as ::core::default::Default>::default() }
            }
        };
        let settings = self.settings.iter();
        let settings =
            settings.map(|(name, argument)| quote_spanned! {name.span()=> .#name(#argument) });
        quote_spanned! {site=> #built #(#settings)* }
    }
}

fn as_written(value: Expr, expected: &str) -> Result<TokenStream> {
    let here = at(value.span());
    let value = not_literal_but(value, expected, |_| false)?;
    Ok(quote_spanned! {here=> #value })
}

/// Returns the path that `crate = ..` gives, if it is there, without taking anything from `input`.
fn find_krate(input: ParseStream<'_>) -> Result<Option<Path>> {
    let ahead = input.fork();
    while !ahead.is_empty() {
        if ahead.peek(Token![crate]) && ahead.peek2(Token![=]) {
            let option = Ident::parse_any(&ahead)?;
            return krate(&option, &ahead).map(Some);
        }
        ahead.parse::<proc_macro2::TokenTree>()?;
    }
    Ok(None)
}
