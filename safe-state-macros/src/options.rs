//! The attribute's options.

use crate::item_options::{self, Identity, ItemOptions};
use proc_macro2::{Ident, Span};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::spanned::Spanned;
use syn::token::Paren;
use syn::{Error, Expr, ExprLit, ExprUnary, Lit, LitStr, Path, Result, Token, UnOp};

/// All options, in the order of their documentation.
const NAMES: &[&str] = &[
    "name",
    "iter",
    "save_every",
    "durability",
    "state_dir",
    "backend",
    "wait",
    "carry",
    "reconnect",
    "registry",
    "fresh",
    "key",
    "cursor",
    "capture",
    "max_attempts",
    "backoff",
    "on_error",
    "skip_limit",
    "catch_panics",
    "max_crashes",
    "rate",
    "throttle",
    "max_runtime",
    "graceful",
    "on_input_change",
    "on_code_change",
    "version",
    "manual",
    "keep_on_success",
    "verbose",
    "companion",
    "crate",
];
/// A name less like any option than this is not called a misspelling.
const LIKE: f64 = 0.8;

#[derive(Default)]
pub(crate) struct Options {
    pub(crate) name: Option<Expr>,
    pub(crate) iter: Option<Ident>,
    pub(crate) save_every: Option<SaveEvery>,
    pub(crate) durability: Option<Durability>,
    pub(crate) state_dir: Option<Expr>,
    pub(crate) backend: Option<Expr>,
    pub(crate) wait: Option<Time>,
    pub(crate) rate: Option<Rate>,
    pub(crate) throttle: Option<Expr>,
    pub(crate) max_runtime: Option<Time>,
    pub(crate) graceful: Option<Expr>,
    pub(crate) carry: Vec<Ident>,
    pub(crate) reconnect: Vec<Ident>,
    pub(crate) registry: Option<Expr>,
    pub(crate) fresh: Vec<Ident>,
    /// What is said of the items, where there is one loop.
    pub(crate) items: ItemOptions,
    pub(crate) on_input_change: Option<(OnChange, Span)>,
    pub(crate) on_code_change: Option<OnChange>,
    pub(crate) version: Option<Expr>,
    /// Where it says `manual`.
    pub(crate) manual: Option<Span>,
    pub(crate) keep_on_success: Option<Expr>,
    pub(crate) verbose: Option<Expr>,
    pub(crate) companion: Option<Companion>,
    pub(crate) krate: Option<Path>,
}

pub(crate) enum SaveEvery {
    /// A number of items, or anything else that makes a `SaveEvery`.
    Value(Box<Expr>),
    Time(Nanos),
}

/// A time.
pub(crate) enum Time {
    /// A `Duration`.
    Value(Box<Expr>),
    Text(Nanos),
}

/// A time that was written as text.
#[derive(Clone, Copy)]
pub(crate) struct Nanos(pub(crate) u64);

/// So many items in so many seconds.
pub(crate) enum Rate {
    /// A `Rate`.
    Value(Box<Expr>),
    Text {
        count: u32,
        seconds: u64,
    },
}

#[derive(Clone, Copy)]
pub(crate) enum Durability {
    Power,
    Process,
}

#[derive(Clone, Copy)]
pub(crate) enum OnChange {
    Fail,
    Restart,
    Continue,
}

pub(crate) struct Companion {
    pub(crate) wanted: bool,
    pub(crate) span: Span,
}

impl Parse for Options {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut options = Options::default();
        let mut seen: Vec<Ident> = Vec::new();
        while !input.is_empty() {
            let option = Ident::parse_any(input).map_err(|error| {
                Error::new(error.span(), "expected an option, such as `name = \"nightly-import\"`")
            })?;
            if seen.contains(&option) {
                return Err(Error::new(
                    option.span(),
                    format!("`{option}` is given twice; remove one"),
                ));
            }
            options.parse_one(&option, input)?;
            seen.push(option);
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        options.check_variables()?;
        options.items.policy.check()?;
        options.check_items()?;
        Ok(options)
    }
}

impl Options {
    /// Whether there is something to look at between two items.
    pub(crate) fn watches(&self) -> bool {
        let Options { rate, throttle, max_runtime, graceful, .. } = self;
        rate.is_some() || throttle.is_some() || max_runtime.is_some() || graceful.is_some()
    }

    fn parse_one(&mut self, option: &Ident, input: ParseStream<'_>) -> Result<()> {
        match option.to_string().as_str() {
            "name" => self.name = Some(name(value(option, input)?)?),
            "iter" => self.iter = Some(argument(&value(option, input)?)?),
            "save_every" => self.save_every = Some(save_every(value(option, input)?)?),
            "durability" => self.durability = Some(durability(&value(option, input)?)?),
            "state_dir" => self.state_dir = Some(value(option, input)?),
            "backend" => self.backend = Some(value(option, input)?),
            "wait" => self.wait = Some(time(option, value(option, input)?)?),
            "rate" => self.rate = Some(rate(value(option, input)?)?),
            "throttle" => self.throttle = Some(value(option, input)?),
            "max_runtime" => self.max_runtime = Some(time(option, value(option, input)?)?),
            "graceful" => self.graceful = Some(flag(option, input)?),
            "carry" => self.carry = variables(option, input)?,
            "reconnect" => self.reconnect = variables(option, input)?,
            "registry" => self.registry = Some(value(option, input)?),
            "fresh" => self.fresh = variables(option, input)?,
            "on_input_change" => {
                let on_change = on_input_change(&value(option, input)?)?;
                self.on_input_change = Some((on_change, option.span()));
            }
            "on_code_change" => {
                self.on_code_change = Some(on_change(&value(option, input)?, true)?);
            }
            "version" => self.version = Some(value(option, input)?),
            "manual" => self.manual = Some(option.span()),
            "keep_on_success" => self.keep_on_success = Some(flag(option, input)?),
            "verbose" => self.verbose = Some(flag(option, input)?),
            "companion" => self.companion = Some(companion(option, &flag(option, input)?)?),
            "crate" => self.krate = Some(krate(option, input)?),
            of_items if item_options::NAMES.contains(&of_items) => {
                self.items.parse_one(option, input)?;
            }
            unknown => return Err(Error::new(option.span(), unknown_option(unknown))),
        }
        Ok(())
    }

    /// A variable is carried, reconnected or fresh, and named once.
    fn check_variables(&self) -> Result<()> {
        let mut seen: Vec<&Ident> = Vec::new();
        for variable in self.carry.iter().chain(&self.reconnect).chain(&self.fresh) {
            if seen.contains(&variable) {
                return Err(Error::new(
                    variable.span(),
                    format!("`{variable}` is named twice; remove one"),
                ));
            }
            seen.push(variable);
        }
        Ok(())
    }
}

impl Options {
    /// What is said of the items fits to the rest.
    fn check_items(&self) -> Result<()> {
        if let (Some(_), Some(option)) = (self.manual, self.items.policy.place()) {
            return Err(Error::new(
                option,
                "with `manual` there is no loop whose items could fail",
            ));
        }
        let option = match &self.items.identity {
            Identity::Index => return Ok(()),
            Identity::Key(of_item) | Identity::Cursor(of_item) => of_item.option,
        };
        if self.manual.is_some() {
            return Err(Error::new(
                option,
                "with `manual` there is no loop whose items it could know",
            ));
        }
        match &self.on_input_change {
            Some((_, span)) => {
                let text = "items that are known by a key or a cursor are known wherever they stand; remove this";
                Err(Error::new(*span, text))
            }
            None => Ok(()),
        }
    }
}

fn unknown_option(unknown: &str) -> String {
    let likeness = |name: &str| strsim::jaro_winkler(unknown, name);
    let nearest = NAMES.iter().copied().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    if let Some(nearest) = nearest.filter(|nearest| likeness(nearest) > LIKE) {
        return format!("there is no option `{unknown}`; did you mean `{nearest}`?");
    }
    let names: Vec<String> = NAMES.iter().map(|name| format!("`{name}`")).collect();
    format!("there is no option `{unknown}`; expected one of {}", names.join(", "))
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

/// What a `macro_rules!` passes on as `$value:expr` or `$value:literal` comes in a group.
pub(crate) fn bare(value: Expr) -> Expr {
    match value {
        Expr::Group(group) => bare(*group.expr),
        value => value,
    }
}

/// `carry(a, b)`.
fn variables(option: &Ident, input: ParseStream<'_>) -> Result<Vec<Ident>> {
    if !input.peek(Paren) {
        let text =
            format!("`{option}` needs the names of variables; write `{option}(total, seen)`");
        return Err(Error::new(option.span(), text));
    }
    let names;
    syn::parenthesized!(names in input);
    let names = names.parse_terminated(Ident::parse, Token![,])?;
    Ok(names.into_iter().collect())
}

/// A bare option is switched on.
pub(crate) fn flag(option: &Ident, input: ParseStream<'_>) -> Result<Expr> {
    if input.peek(Token![=]) {
        return not_literal_but(value(option, input)?, "`true` or `false`", |lit| {
            matches!(lit, Lit::Bool(_))
        });
    }
    let span = crate::hygiene::at(option.span());
    Ok(syn::parse_quote_spanned!(span=> true))
}

/// Refuses a literal of the wrong kind here; any other expression is the compiler's to check.
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

fn name(value: Expr) -> Result<Expr> {
    if text(&value).is_some_and(|text| text.value().is_empty()) {
        return Err(Error::new(
            value.span(),
            "a job's name can't be empty; its checkpoint is stored under it",
        ));
    }
    not_literal_but(value, "text, such as `name = \"nightly-import\"`", |lit| {
        matches!(lit, Lit::Str(_))
    })
}

fn argument(value: &Expr) -> Result<Ident> {
    match value {
        Expr::Path(path) => path.path.require_ident().cloned(),
        other => {
            Err(Error::new(other.span(), "expected the name of an argument, such as `iter = urls`"))
        }
    }
}

fn save_every(value: Expr) -> Result<SaveEvery> {
    const EXPECTED: &str =
        "a number of items or a time, such as `save_every = 100` or `save_every = \"250ms\"`";
    if let Some(text) = text(&value) {
        return nanos(text, EXPECTED).map(SaveEvery::Time);
    }
    let value = not_literal_but(value, EXPECTED, |lit| matches!(lit, Lit::Int(_)))?;
    match &value {
        Expr::Lit(ExprLit { lit: Lit::Int(count), .. }) if count.base10_digits() == "0" => {
            Err(Error::new(count.span(), "every 0 items is never; write 1 to save after each"))
        }
        _ => Ok(SaveEvery::Value(Box::new(value))),
    }
}

fn time(option: &Ident, value: Expr) -> Result<Time> {
    let expected = format!("a time, such as `{option} = \"30s\"` or a `Duration`");
    match text(&value) {
        Some(text) => nanos(text, &expected).map(Time::Text),
        None => Ok(Time::Value(Box::new(not_literal_but(value, &expected, |_| false)?))),
    }
}

fn rate(value: Expr) -> Result<Rate> {
    const EXPECTED: &str =
        "a number of items and a time, such as `rate = \"100/s\"`, `\"90/min\"` or `\"1000/h\"`";
    let Some(text) = text(&value) else {
        return Ok(Rate::Value(Box::new(not_literal_but(value, EXPECTED, |_| false)?)));
    };
    let written = text.value();
    let parsed = written.split_once('/').and_then(|(count, unit)| {
        let seconds = match unit.trim() {
            "s" => 1,
            "min" => 60,
            "h" => 3600,
            _ => return None,
        };
        let count = count.trim().parse().ok().filter(|count| *count > 0)?;
        Some(Rate::Text { count, seconds })
    });
    parsed.ok_or_else(|| {
        Error::new(text.span(), format!("`{written}` is no rate; expected {EXPECTED}"))
    })
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

fn durability(value: &Expr) -> Result<Durability> {
    let refused = || {
        Error::new(
            value.span(),
            "expected `\"power\"` or `\"process\"`: what a save has to survive the loss of",
        )
    };
    match text(value).ok_or_else(refused)?.value().as_str() {
        "power" => Ok(Durability::Power),
        "process" => Ok(Durability::Process),
        _ => Err(refused()),
    }
}

fn on_input_change(value: &Expr) -> Result<OnChange> {
    if text(value).is_some_and(|text| text.value() == "restart") {
        let text = "by the time the input is seen to have changed, items of it are gone; \
                    write `\"fail\"` or `\"continue\"`, or put what identifies the input into `version`";
        return Err(Error::new(value.span(), text));
    }
    on_change(value, false)
}

fn on_change(value: &Expr, may_restart: bool) -> Result<OnChange> {
    let expected = if may_restart {
        "`\"fail\"`, `\"restart\"` or `\"continue\"`"
    } else {
        "`\"fail\"` or `\"continue\"`"
    };
    match text(value).map(LitStr::value).as_deref() {
        Some("fail") => Ok(OnChange::Fail),
        Some("restart") if may_restart => Ok(OnChange::Restart),
        Some("continue") => Ok(OnChange::Continue),
        _ => Err(Error::new(value.span(), format!("expected {expected}"))),
    }
}

fn companion(option: &Ident, value: &Expr) -> Result<Companion> {
    match value {
        Expr::Lit(ExprLit { lit: Lit::Bool(wanted), .. }) => {
            Ok(Companion { wanted: wanted.value, span: option.span() })
        }
        other => Err(Error::new(other.span(), "expected `true` or `false`")),
    }
}

fn krate(option: &Ident, input: ParseStream<'_>) -> Result<Path> {
    if !input.peek(Token![=]) {
        return Err(Error::new(option.span(), "`crate` needs a value; write `crate = ::path`"));
    }
    input.parse::<Token![=]>()?;
    let path: Path = input.call(Path::parse_mod_style).map_err(|error| {
        Error::new(error.span(), "expected a path without quotes, such as `crate = ::path`")
    })?;
    let first = path.segments.first().map(|segment| segment.ident.to_string()).unwrap_or_default();
    if path.leading_colon.is_some() || first == "crate" {
        return Ok(path);
    }
    let path_text =
        path.segments.iter().map(|s| s.ident.to_string()).collect::<Vec<_>>().join("::");
    let text = format!(
        "a relative path means another thing in each module; write `::{path_text}` or `crate::{path_text}`"
    );
    Err(Error::new_spanned(&path, text))
}
