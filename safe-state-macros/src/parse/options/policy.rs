//! Parses the options about items that fail: `max_attempts`, `on_error` and what goes with them.

use proc_macro2::{Ident, Span};
use quote::ToTokens;
use syn::parse::ParseStream;
use syn::spanned::Spanned;
use syn::{Error, Expr, ExprLit, Lit, Path, Result};

use super::forms::{flag, nanos, not_literal_but, text, value};

/// The names of the options about items that fail.
pub(crate) const NAMES: [&str; 6] =
    ["max_attempts", "backoff", "on_error", "skip_limit", "catch_panics", "max_crashes"];

#[derive(Clone, Default)]
pub(crate) struct PolicyOptions {
    pub(crate) max_attempts: Option<Expr>,
    pub(crate) backoff: Option<Expr>,
    pub(crate) on_error: Option<Expr>,
    pub(crate) skip_limit: Option<Expr>,
    pub(crate) catch_panics: Option<Expr>,
    pub(crate) max_crashes: Option<Expr>,
    /// The place of the first of the options.
    first: Option<Span>,
    /// The first option that needs another one beside it.
    needy: Option<Ident>,
}

impl PolicyOptions {
    /// Returns whether the options say what is done about errors.
    pub(crate) fn answers_errors(&self) -> bool {
        self.max_attempts.is_some() || self.on_error.is_some()
    }

    /// Returns the place of the first of the options, if any is given.
    pub(crate) fn place(&self) -> Option<Span> {
        self.first
    }

    /// Returns whether an item is tried no more than once, as far as the text tells.
    pub(crate) fn tries_once(&self) -> bool {
        self.max_attempts.as_ref().and_then(digits).is_some_and(|digits| digits == "1")
    }

    /// Parses the option, which is one of [`NAMES`], and stores it.
    pub(crate) fn parse_one(&mut self, option: &Ident, input: ParseStream<'_>) -> Result<()> {
        self.first.get_or_insert(option.span());
        match option.to_string().as_str() {
            "max_attempts" => self.max_attempts = Some(max_attempts(value(option, input)?)?),
            "on_error" => self.on_error = Some(on_error(value(option, input)?)?),
            "backoff" => self.backoff = Some(backoff(value(option, input)?)?),
            "skip_limit" => {
                self.skip_limit = Some(count(value(option, input)?, "skip_limit = 100")?);
            }
            "max_crashes" => self.max_crashes = Some(max_crashes(value(option, input)?)?),
            _ => self.catch_panics = Some(flag(option, input)?),
        }
        if option == "backoff" || option == "catch_panics" {
            self.needy.get_or_insert_with(|| option.clone());
        }
        Ok(())
    }

    /// Refuses an option that is given without the one that it is about.
    pub(crate) fn check(&self) -> Result<()> {
        if self.on_error.is_some() {
            return Ok(());
        }
        if let (Some(skip_limit), None) = (&self.skip_limit, &self.max_crashes) {
            let text = "items are given up where `on_error` or `max_crashes` says so; add one, or remove this";
            return Err(Error::new(skip_limit.span(), text));
        }
        match &self.needy {
            Some(needy) if self.max_attempts.is_none() => {
                let text = format!(
                    "`{needy}` is about items that fail and are tried again; add `max_attempts` or `on_error`"
                );
                Err(Error::new(needy.span(), text))
            }
            _ => Ok(()),
        }
    }
}

fn digits(value: &Expr) -> Option<&str> {
    match value {
        Expr::Lit(ExprLit { lit: Lit::Int(count), .. }) => Some(count.base10_digits()),
        _ => None,
    }
}

fn count(value: Expr, example: &str) -> Result<Expr> {
    let expected = format!("a number of items, such as `{example}`");
    not_literal_but(value, &expected, |lit| matches!(lit, Lit::Int(_)))
}

fn max_attempts(value: Expr) -> Result<Expr> {
    const EXPECTED: &str = "a number of attempts, such as `max_attempts = 3`";
    let value = not_literal_but(value, EXPECTED, |lit| matches!(lit, Lit::Int(_)))?;
    if digits(&value) == Some("0") {
        let text = "no attempt would leave nothing done; write 1 to try each item once";
        return Err(Error::new(value.span(), text));
    }
    Ok(value)
}

fn max_crashes(value: Expr) -> Result<Expr> {
    const EXPECTED: &str = "how often the process may die in an item, such as `max_crashes = 2`";
    let value = not_literal_but(value, EXPECTED, |lit| matches!(lit, Lit::Int(_)))?;
    if digits(&value) == Some("0") {
        let text = "an item is given up after the process has died in it; write 1 or more";
        return Err(Error::new(value.span(), text));
    }
    Ok(value)
}

fn on_error(value: Expr) -> Result<Expr> {
    not_literal_but(
        value,
        "a function, such as `on_error = decide` with `fn decide(error: &ErrorContext) -> Action`",
        |_| false,
    )
}

/// Parses a `Backoff`. The texts in it are checked here, and not only when the job runs.
fn backoff(value: Expr) -> Result<Expr> {
    const EXPECTED: &str = "a `Backoff`, such as `Backoff::exponential(\"100ms\", \"10s\")`";
    let value = not_literal_but(value, EXPECTED, |_| false)?;
    if let Expr::Call(call) = &value
        && names_backoff(&call.func)
    {
        for text in call.args.iter().filter_map(text) {
            nanos(text, "one such as `\"100ms\"`")?;
        }
    }
    Ok(value)
}

fn names_backoff(function: &Expr) -> bool {
    let Ok(path) = syn::parse2::<Path>(function.to_token_stream()) else { return false };
    path.segments.iter().any(|segment| segment.ident == "Backoff")
}
