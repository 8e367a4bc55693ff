//! Parses the values of the options about a job.

use proc_macro2::{Ident, Span};
use syn::parse::ParseStream;
use syn::spanned::Spanned;
use syn::{Error, Expr, ExprLit, Lit, LitStr, Path, Result, Token};

use super::forms::{Value, nanos, not_literal_but, text};

pub(crate) struct Companion {
    pub(crate) wanted: bool,
    pub(crate) span: Span,
}

pub(crate) fn name(value: Expr) -> Result<Expr> {
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

pub(crate) fn argument(value: &Expr) -> Result<Ident> {
    match value {
        Expr::Path(path) => path.path.require_ident().cloned(),
        other => {
            Err(Error::new(other.span(), "expected the name of an argument, such as `iter = urls`"))
        }
    }
}

pub(crate) fn save_every(value: Expr) -> Result<Value> {
    const EXPECTED: &str =
        "a number of items or a time, such as `save_every = 100` or `save_every = \"250ms\"`";
    if let Some(text) = text(&value) {
        return nanos(text, EXPECTED).map(Value::Time);
    }
    let value = not_literal_but(value, EXPECTED, |lit| matches!(lit, Lit::Int(_)))?;
    match &value {
        Expr::Lit(ExprLit { lit: Lit::Int(count), .. }) if count.base10_digits() == "0" => {
            Err(Error::new(count.span(), "every 0 items is never; write 1 to save after each"))
        }
        _ => Ok(Value::given(value)),
    }
}

pub(crate) fn budget(value: Expr) -> Result<Value> {
    const EXPECTED: &str = "a share of the run's time, such as `budget = \"1%\"`";
    let Some(text) = text(&value) else {
        return Ok(Value::given(not_literal_but(value, EXPECTED, |lit| {
            matches!(lit, Lit::Float(_))
        })?));
    };
    let written = text.value();
    let percent = written.strip_suffix('%').and_then(|percent| percent.trim().parse::<f64>().ok());
    let percent = percent.filter(|percent| (0.000_1..=50.0).contains(percent));
    percent.map(Value::Percent).ok_or_else(|| {
        let refusal = format!("`{written}` is no such share; expected {EXPECTED}, of at most half");
        Error::new(text.span(), refusal)
    })
}

pub(crate) fn rate(value: Expr) -> Result<Value> {
    const EXPECTED: &str =
        "a number of items and a time, such as `rate = \"100/s\"`, `\"90/min\"` or `\"1000/h\"`";
    let Some(text) = text(&value) else {
        return Ok(Value::given(not_literal_but(value, EXPECTED, |_| false)?));
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
        Some(Value::Rate { count, seconds })
    });
    parsed.ok_or_else(|| {
        Error::new(text.span(), format!("`{written}` is no rate; expected {EXPECTED}"))
    })
}

pub(crate) fn durability(value: &Expr) -> Result<Value> {
    let refused = || {
        Error::new(
            value.span(),
            "expected `\"power\"` or `\"process\"`: what a save has to survive the loss of",
        )
    };
    match text(value).ok_or_else(refused)?.value().as_str() {
        "power" => Ok(Value::Variant("Durability", "Power")),
        "process" => Ok(Value::Variant("Durability", "Process")),
        _ => Err(refused()),
    }
}

pub(crate) fn on_input_change(value: &Expr) -> Result<Value> {
    if text(value).is_some_and(|text| text.value() == "restart") {
        let text = "by the time the input is seen to have changed, items of it are gone; \
                    write `\"fail\"` or `\"continue\"`, or put what identifies the input into `version`";
        return Err(Error::new(value.span(), text));
    }
    on_change(value, false)
}

pub(crate) fn on_change(value: &Expr, may_restart: bool) -> Result<Value> {
    let expected = if may_restart {
        "`\"fail\"`, `\"restart\"` or `\"continue\"`"
    } else {
        "`\"fail\"` or `\"continue\"`"
    };
    match text(value).map(LitStr::value).as_deref() {
        Some("fail") => Ok(Value::Variant("OnChange", "Fail")),
        Some("restart") if may_restart => Ok(Value::Variant("OnChange", "Restart")),
        Some("continue") => Ok(Value::Variant("OnChange", "Continue")),
        _ => Err(Error::new(value.span(), format!("expected {expected}"))),
    }
}

pub(crate) fn companion(option: &Ident, value: &Expr) -> Result<Companion> {
    match value {
        Expr::Lit(ExprLit { lit: Lit::Bool(wanted), .. }) => {
            Ok(Companion { wanted: wanted.value, span: option.span() })
        }
        other => Err(Error::new(other.span(), "expected `true` or `false`")),
    }
}

pub(crate) fn krate(option: &Ident, input: ParseStream<'_>) -> Result<Path> {
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
