//! The attribute's options.

pub(crate) mod forms;
pub(crate) mod items;
pub(crate) mod job;
#[cfg_attr(not(feature = "limits"), path = "options/no_limits.rs")]
mod limits;
mod policy;
mod unknown;
pub(crate) mod variable;

use proc_macro2::{Ident, Span};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{Error, Expr, Path, Result, Token};

use forms::{Time, flag, time, value, variables};
use items::{Identity, ItemOptions};
use job::{
    Companion, Durability, OnChange, Rate, SaveEvery, argument, companion, durability, krate, name,
    on_change, on_input_change, rate, save_every,
};
use limits::LimitOptions;
use variable::Variable;

/// The options of a job, in the order of their documentation; those of its items are beside them.
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
    "rate",
    "throttle",
    "max_runtime",
    "graceful",
    "second_signal_after",
    "on_input_change",
    "on_code_change",
    "version",
    "manual",
    "keep_on_success",
    "progress",
    "verbose",
    "capture_args",
    "companion",
    "crate",
];

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
    /// With where it says so.
    pub(crate) second_signal_after: Option<(Time, Span)>,
    pub(crate) limits: LimitOptions,
    pub(crate) carry: Vec<Variable>,
    pub(crate) reconnect: Vec<Variable>,
    pub(crate) registry: Option<Expr>,
    pub(crate) fresh: Vec<Variable>,
    /// What is said of the items, where there is one loop.
    pub(crate) items: ItemOptions,
    pub(crate) on_input_change: Option<(OnChange, Span)>,
    pub(crate) on_code_change: Option<OnChange>,
    pub(crate) version: Option<Expr>,
    /// Where it says `manual`.
    pub(crate) manual: Option<Span>,
    pub(crate) keep_on_success: Option<Expr>,
    pub(crate) progress: Option<Expr>,
    pub(crate) verbose: Option<Expr>,
    pub(crate) capture_args: bool,
    pub(crate) companion: Option<Companion>,
    pub(crate) krate: Option<Path>,
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
        check_place(&seen)?;
        options.check_variables()?;
        options.items.policy.check()?;
        options.check_items()?;
        options.limits.check(options.manual.is_some())?;
        options.check_signals()?;
        Ok(options)
    }
}

/// A checkpoint is in one place.
fn check_place(options: &[Ident]) -> Result<()> {
    let mut places = options.iter().filter(|option| *option == "state_dir" || *option == "backend");
    match (places.next(), places.next()) {
        (Some(first), Some(second)) => Err(Error::new(
            second.span(),
            format!("`{first}` says already where the checkpoint is; remove one of them"),
        )),
        _ => Ok(()),
    }
}

impl Options {
    /// Whether there is something to look at between two items.
    pub(crate) fn watches(&self) -> bool {
        let Options { rate, throttle, max_runtime, graceful, .. } = self;
        let waits = rate.is_some() || throttle.is_some();
        waits || max_runtime.is_some() || graceful.is_some() || self.limits.are_set()
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
            "second_signal_after" => {
                let after = time(option, value(option, input)?)?;
                self.second_signal_after = Some((after, option.span()));
            }
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
            "progress" => self.progress = Some(flag(option, input)?),
            "verbose" => self.verbose = Some(flag(option, input)?),
            "capture_args" => self.capture_args = true,
            "companion" => self.companion = Some(companion(option, &flag(option, input)?)?),
            "crate" => self.krate = Some(krate(option, input)?),
            limit if limits::NAMES.contains(&limit) => self.limits.parse_one(option, input)?,
            of_items if items::names().any(|name| name == of_items) => {
                self.items.parse_one(option, input)?;
            }
            unknown => {
                let names = NAMES.iter().copied().chain(limits::NAMES).chain(items::names());
                let text = unknown::text(unknown, names.collect());
                return Err(Error::new(option.span(), text));
            }
        }
        Ok(())
    }

    /// A second signal follows one that is heeded.
    fn check_signals(&self) -> Result<()> {
        match &self.second_signal_after {
            Some((_, span)) if self.graceful.is_none() => {
                Err(Error::new(*span, "this is about `graceful`; add that, or remove this"))
            }
            _ => Ok(()),
        }
    }

    /// A variable is carried, reconnected or fresh, and named once.
    fn check_variables(&self) -> Result<()> {
        let mut seen: Vec<&Variable> = Vec::new();
        for variable in self.named() {
            if seen.contains(&variable) {
                let text = format!("`{}` is named twice; remove one", variable.name());
                return Err(Error::new(variable.span(), text));
            }
            seen.push(variable);
        }
        Ok(())
    }
}

impl Options {
    /// What `carry`, `reconnect` and `fresh` name.
    pub(crate) fn named(&self) -> impl Iterator<Item = &Variable> {
        self.carry.iter().chain(&self.reconnect).chain(&self.fresh)
    }

    /// Those of them that are what they are behind each item.
    pub(crate) fn lasting(&self) -> impl Iterator<Item = &Variable> {
        self.reconnect.iter().chain(&self.fresh)
    }

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
            Identity::Key(of_item) | Identity::Cursor(of_item) | Identity::Check(of_item) => {
                of_item.option
            }
            Identity::Consumed(option) => *option,
        };
        if self.manual.is_some() {
            return Err(Error::new(
                option,
                "with `manual` there is no loop whose items it could know",
            ));
        }
        match &self.on_input_change {
            Some((_, span)) => {
                let text = match self.items.identity {
                    Identity::Check(_) => {
                        "with `check` another input is refused; remove one of them"
                    }
                    _ => {
                        "items that are known by a key or a cursor are known wherever they stand; remove this"
                    }
                };
                Err(Error::new(*span, text))
            }
            None => Ok(()),
        }
    }
}
