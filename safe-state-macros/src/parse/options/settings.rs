//! Parses the options that set the `Job`. A line of the table is all that an option needs: its name, how the job is
//! told of it, and what it takes.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;
use syn::parse::ParseStream;
use syn::spanned::Spanned;
use syn::{Error, Path, Result};

use super::forms::{Value, flag, signals, size, time, value};
use super::job::{budget, durability, on_change, on_input_change, rate, save_every};
use super::shared::{on_idle, slices};
use crate::syntax::hygiene::{at, moved_crate};

/// An option that sets the `Job`.
pub(crate) struct JobOption {
    pub(crate) name: &'static str,
    told: JobExpr,
    parse: fn(&Ident, ParseStream<'_>) -> Result<Value>,
}

/// The way in which a job is told of an option.
#[derive(Clone, Copy, PartialEq)]
enum JobExpr {
    /// By the method with the option's name.
    Method,
    /// By the method with the option's name, which takes a reference.
    Reference,
    /// By the method with the option's name. The run also looks at the option between two items.
    Watched,
    /// By the macro with the option's name, as a feature decides whether the method exists.
    Macro,
    /// By the macro with the option's name. The run also looks at the option between two items.
    WatchedMacro,
    /// In another way, where the generated code asks for the option.
    Elsewhere,
}

/// The options, in the order of their documentation.
pub(crate) static SETTINGS: [JobOption; 42] = [
    option("save_every", JobExpr::Method, |it, input| save_every(value(it, input)?)),
    option("budget", JobExpr::Method, |it, input| budget(value(it, input)?)),
    option("durability", JobExpr::Method, |it, input| durability(&value(it, input)?)),
    option("page", JobExpr::Method, switch),
    option("page_dir", JobExpr::Method, given),
    option("state_dir", JobExpr::Method, given),
    option("backend", JobExpr::Method, given),
    option("encrypt", JobExpr::Macro, given),
    option("wait", JobExpr::Method, |it, input| time(it, value(it, input)?)),
    option("registry", JobExpr::Reference, given),
    option("rate", JobExpr::Watched, |it, input| rate(value(it, input)?)),
    option("throttle", JobExpr::Watched, given),
    option("max_runtime", JobExpr::Watched, |it, input| time(it, value(it, input)?)),
    option("graceful", JobExpr::WatchedMacro, signals),
    option("second_signal_after", JobExpr::Method, |it, input| time(it, value(it, input)?)),
    option("on_input_change", JobExpr::Method, |it, input| on_input_change(&value(it, input)?)),
    option("on_code_change", JobExpr::Elsewhere, |it, input| on_change(&value(it, input)?, true)),
    option("version", JobExpr::Method, given),
    option("keep_on_success", JobExpr::Method, switch),
    option("keep_history", JobExpr::Method, given),
    option("expire_after", JobExpr::Method, |it, input| time(it, value(it, input)?)),
    option("restart", JobExpr::Method, given),
    option("max_runs", JobExpr::Method, given),
    option("shared", JobExpr::Method, |_, _| Ok(Value::Said)),
    option("slices", JobExpr::Method, |it, input| slices(value(it, input)?)),
    option("submission", JobExpr::Method, given),
    option("on_idle", JobExpr::Method, |it, input| on_idle(&value(it, input)?)),
    option("progress", JobExpr::Macro, switch),
    option("progress_lines", JobExpr::Method, |it, input| time(it, value(it, input)?)),
    option("verbose", JobExpr::Method, switch),
    option("summary", JobExpr::Method, switch),
    option("timings", JobExpr::Method, switch),
    option("on_start", JobExpr::Method, given),
    option("on_stop", JobExpr::Method, given),
    option("on_finish", JobExpr::Method, given),
    option("on_failure", JobExpr::Method, given),
    option("on_dead_letter", JobExpr::Method, given),
    option("capture_args", JobExpr::Elsewhere, |_, _| Ok(Value::Said)),
    option("item_timeout", JobExpr::Watched, |it, input| limit(it, input, time)),
    option("timeout", JobExpr::Watched, |it, input| limit(it, input, time)),
    option("max_memory", JobExpr::Watched, |it, input| limit(it, input, size)),
    option("grace_period", JobExpr::Method, |it, input| limit(it, input, time)),
];

/// The options that are limits on time and memory.
const LIMITS: [&str; 3] = ["item_timeout", "timeout", "max_memory"];

const fn option(
    name: &'static str,
    told: JobExpr,
    parse: fn(&Ident, ParseStream<'_>) -> Result<Value>,
) -> JobOption {
    JobOption { name, told, parse }
}

/// Parses any expression as the option's value.
fn given(option: &Ident, input: ParseStream<'_>) -> Result<Value> {
    value(option, input).map(Value::given)
}

fn switch(option: &Ident, input: ParseStream<'_>) -> Result<Value> {
    flag(option, input).map(Value::given)
}

fn limit(
    option: &Ident,
    input: ParseStream<'_>,
    parse: fn(&Ident, syn::Expr) -> Result<Value>,
) -> Result<Value> {
    if !cfg!(feature = "limits") {
        let text = format!("`{option}` needs the feature `limits` of `safe-state`");
        return Err(Error::new(option.span(), text));
    }
    parse(option, value(option, input)?)
}

/// The options about the job that an attribute gives.
#[derive(Default)]
pub(crate) struct Settings(Vec<Setting>);

struct Setting {
    option: &'static JobOption,
    /// The place of the option.
    place: Span,
    value: Value,
}

impl Settings {
    /// Parses the option if it is one about the job, and returns whether it is.
    pub(super) fn parse_one(&mut self, option: &Ident, input: ParseStream<'_>) -> Result<bool> {
        let Some(known) = SETTINGS.iter().find(|it| option == it.name) else { return Ok(false) };
        let value = (known.parse)(option, input)?;
        self.0.push(Setting { option: known, place: option.span(), value });
        Ok(true)
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.find(name).map(|it| &it.value)
    }

    /// Returns the place of the option `name`, if it is given.
    pub(super) fn place(&self, name: &str) -> Option<Span> {
        self.find(name).map(|it| it.place)
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    fn find(&self, name: &str) -> Option<&Setting> {
        self.0.iter().find(|it| it.option.name == name)
    }

    /// Returns whether the run has something to look at between two items.
    pub(crate) fn are_watched(&self) -> bool {
        let is_watched =
            |it: &Setting| matches!(it.option.told, JobExpr::Watched | JobExpr::WatchedMacro);
        self.0.iter().any(is_watched)
    }

    /// Returns whether there is a limit on time or memory.
    pub(crate) fn have_limits(&self) -> bool {
        LIMITS.iter().any(|limit| self.has(limit))
    }

    /// Returns `job` with the calls that tell it of the options.
    pub(crate) fn told(&self, mut job: TokenStream, krate: &Path) -> TokenStream {
        for Setting { option, value, .. } in &self.0 {
            let site = Span::mixed_site();
            let (name, told) = (Ident::new(option.name, site), value.tokens(krate));
            match option.told {
                JobExpr::Method | JobExpr::Watched => {
                    job.extend(quote_spanned! {site=> .#name(#told) });
                }
                JobExpr::Reference => job.extend(quote_spanned! {site=> .#name(&#told) }),
                JobExpr::Macro | JobExpr::WatchedMacro => {
                    // The path is moved to this place, or an error would point at the whole attribute.
                    let here = at(told.span());
                    let (name, krate) = (Ident::new(option.name, here), moved_crate(krate, here));
                    job = quote_spanned! {here=> #krate::__private::#name!(#job, #told) };
                }
                JobExpr::Elsewhere => {}
            }
        }
        job
    }

    /// Refuses options that contradict each other, and an option that is given without the one that it is about.
    pub(super) fn check(&self, is_manual: bool) -> Result<()> {
        let mut places =
            self.0.iter().filter(|it| ["state_dir", "backend"].contains(&it.option.name));
        if let (Some(first), Some(second)) = (places.next(), places.next()) {
            let text = format!(
                "`{}` says already where the checkpoint is; remove one of them",
                first.option.name
            );
            return Err(Error::new(second.place, text));
        }
        if let Some(place) = self.place("budget").filter(|_| self.has("save_every")) {
            let text = "`save_every` says already when to save; remove one of them";
            return Err(Error::new(place, text));
        }
        if let Some(place) = self.place("page_dir").filter(|_| self.has("encrypt")) {
            let text = "with `encrypt` there is no page, as what is in it would not be encrypted; remove this";
            return Err(Error::new(place, text));
        }
        if let Some(place) = self.place("second_signal_after").filter(|_| !self.has("graceful")) {
            return Err(Error::new(place, "this is about `graceful`; add that, or remove this"));
        }
        let is_of_limits =
            |it: &&Setting| LIMITS.contains(&it.option.name) || it.option.name == "grace_period";
        let Some(first) = self.0.iter().find(is_of_limits) else { return Ok(()) };
        if is_manual {
            let text = "with `manual` there is no item whose limits were passed; \
                        put the work under `#[time_guard]` or `#[mem_guard]`";
            return Err(Error::new(first.place, text));
        }
        if !self.have_limits() && !self.has("graceful") {
            let text = "this is about limits and `graceful`; add `item_timeout`, `timeout`, `max_memory` or `graceful`, \
                        or remove it";
            return Err(Error::new(first.place, text));
        }
        Ok(())
    }
}
