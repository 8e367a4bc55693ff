//! Parses the forms that options come in: values, flags, lists of variables, texts and times.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::parse::{Parse, ParseStream};
use syn::token::Paren;
use syn::visit_mut::VisitMut;
use syn::{Error, Expr, ExprLit, ExprUnary, Lit, LitStr, Path, Result, Token, UnOp};

use crate::parse::options::variable::Variable;
use crate::syntax::groups::KeptWhole;

use syn::spanned::Spanned;

/// The value that an option is given.
pub(crate) enum Value {
    /// An expression of the user's.
    Given(Box<Expr>),
    /// A time that was written as text.
    Time(Nanos),
    /// A size that was written as text.
    Bytes(u64),
    /// A number of items in a number of seconds.
    Rate { count: u32, seconds: u64 },
    /// A share in percent.
    Percent(f64),
    /// A variant of one of our enums: the name of the enum, and that of the variant.
    Variant(&'static str, &'static str),
    /// The option's name alone, without a value.
    Said,
}

/// A time that was written as text, in nanoseconds; never 0.
#[derive(Clone, Copy)]
pub(crate) struct Nanos(pub(crate) u64);

impl Value {
    pub(crate) fn given(value: Expr) -> Self {
        Value::Given(Box::new(value))
    }

    /// Returns the value as an expression of generated code.
    pub(crate) fn tokens(&self, krate: &Path) -> TokenStream {
        let site = Span::mixed_site();
        match self {
            Value::Given(value) => value.to_token_stream(),
            Value::Time(Nanos(nanos)) => {
                quote_spanned! {site=> #krate::__private::Duration::from_nanos(#nanos) }
            }
            Value::Bytes(bytes) => quote_spanned! {site=> #bytes },
            Value::Percent(percent) => quote_spanned! {site=> #percent },
            Value::Rate { count, seconds } => quote_spanned! {site=>
                #krate::Rate::new(#count, #krate::__private::Duration::from_secs(#seconds))
            },
            Value::Variant(of, name) => {
                let (of, name) = (Ident::new(of, site), Ident::new(name, site));
                quote_spanned! {site=> #krate::#of::#name }
            }
            Value::Said => quote_spanned! {site=> true },
        }
    }
}

pub(crate) fn value(option: &Ident, input: ParseStream<'_>) -> Result<Expr> {
    if input.peek(Token![=]) {
        input.parse::<Token![=]>()?;
        if !input.is_empty() {
            return input.parse().map(bare);
        }
    }
    Err(Error::new(option.span(), format!("`{option}` needs a value; write `{option} = ...`")))
}

/// Returns the expression outside of its groups: `macro_rules!` passes on a `$value:expr` or `$value:literal` in one.
pub(crate) fn bare(value: Expr) -> Expr {
    match value {
        Expr::Group(group) => bare(*group.expr),
        mut value => {
            KeptWhole.visit_expr_mut(&mut value);
            value
        }
    }
}

/// Parses a list of variables in parentheses, such as `(a, self.b)` in `fresh(a, self.b)`.
pub(crate) fn variables(option: &Ident, input: ParseStream<'_>) -> Result<Vec<Variable>> {
    if !input.peek(Paren) {
        let text =
            format!("`{option}` needs the names of variables; write `{option}(total, seen)`");
        return Err(Error::new(option.span(), text));
    }
    let names;
    syn::parenthesized!(names in input);
    let names = names.parse_terminated(Variable::parse, Token![,])?;
    Ok(names.into_iter().collect())
}

/// Parses a flag: `= true`, `= false` or `=` and an expression; without a value it is `true`.
pub(crate) fn flag(option: &Ident, input: ParseStream<'_>) -> Result<Expr> {
    if input.peek(Token![=]) {
        return not_literal_but(value(option, input)?, "`true` or `false`", |lit| {
            matches!(lit, Lit::Bool(_))
        });
    }
    let span = crate::syntax::hygiene::at(option.span());
    Ok(syn::parse_quote_spanned!(span=> true))
}

/// The signals that can ask a process to end.
const SIGNALS: [&str; 8] = ["INT", "TERM", "HUP", "QUIT", "USR1", "USR2", "XCPU", "ALRM"];

/// Parses a flag, or a text that names signals, such as `"TERM,USR1"`; without a value it is `true`.
pub(crate) fn signals(option: &Ident, input: ParseStream<'_>) -> Result<Value> {
    if !input.peek(Token![=]) {
        return flag(option, input).map(Value::given);
    }
    let value = value(option, input)?;
    if let Some(text) = text(&value) {
        let said = text.value();
        let is_known = |name: &&str| {
            let upper = name.trim().to_ascii_uppercase();
            SIGNALS.contains(&upper.strip_prefix("SIG").unwrap_or(&upper))
        };
        if let Some(unknown) = said.split(',').find(|name| !is_known(name)) {
            let text_of = format!(
                "`{}` is no signal that can ask to end; there are {}",
                unknown.trim(),
                SIGNALS.join(", ")
            );
            return Err(Error::new(text.span(), text_of));
        }
        return Ok(Value::given(value));
    }
    let expected = "`true`, `false`, or signals, such as `\"TERM,USR1\"`";
    not_literal_but(value, expected, |lit| matches!(lit, Lit::Bool(_))).map(Value::given)
}

/// Refuses a literal that does not fit. Any other expression is for the compiler to check.
pub(crate) fn not_literal_but(
    value: Expr,
    expected: &str,
    fits: impl FnOnce(&Lit) -> bool,
) -> Result<Expr> {
    match &value {
        Expr::Lit(ExprLit { lit, .. }) if !fits(lit) => {
            Err(Error::new(lit.span(), format!("expected {expected}")))
        }
        // A negative number is the one literal that is not a single token.
        Expr::Unary(ExprUnary { op: UnOp::Neg(_), expr, .. }) if matches!(**expr, Expr::Lit(_)) => {
            Err(Error::new_spanned(&value, format!("expected {expected}")))
        }
        _ => Ok(value),
    }
}

pub(crate) fn text(value: &Expr) -> Option<&LitStr> {
    match value {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text),
        _ => None,
    }
}

pub(crate) fn time(option: &Ident, value: Expr) -> Result<Value> {
    let expected = format!("a time, such as `{option} = \"30s\"` or a `Duration`");
    match text(&value) {
        Some(text) => nanos(text, &expected).map(Value::Time),
        None => Ok(Value::given(not_literal_but(value, &expected, |_| false)?)),
    }
}

/// Parses a size of memory: a text such as `"2GiB"`, or a number of bytes.
pub(crate) fn size(option: &Ident, value: Expr) -> Result<Value> {
    let expected = format!("a size, such as `{option} = \"2GiB\"` or a number of bytes");
    let Some(text) = text(&value) else {
        let is_number = |lit: &Lit| matches!(lit, Lit::Int(_));
        return Ok(Value::given(not_literal_but(value, &expected, is_number)?));
    };
    let refused = || {
        let text = format!("`{}` is no size; expected {expected}", text.value());
        Error::new(value.span(), text)
    };
    bytes(&text.value()).filter(|bytes| *bytes > 0).map(Value::Bytes).ok_or_else(refused)
}

#[cfg(feature = "limits")]
fn bytes(text: &str) -> Option<u64> {
    text.parse().ok().map(|bytesize::ByteSize(bytes)| bytes)
}

/// Returns none: without the feature `limits`, no option takes a size.
#[cfg(not(feature = "limits"))]
fn bytes(_: &str) -> Option<u64> {
    None
}

pub(crate) fn nanos(text: &LitStr, expected: &str) -> Result<Nanos> {
    let time = humantime::parse_duration(&text.value());
    let nanos = time.ok().and_then(|time| u64::try_from(time.as_nanos()).ok());
    let refused = || {
        Error::new(
            text.span(),
            format!("`{}` is no time to wait; expected {expected}", text.value()),
        )
    };
    nanos.filter(|nanos| *nanos > 0).map(Nanos).ok_or_else(refused)
}
