//! What a job may take: `item_timeout`, `timeout`, `max_memory`, `grace_period`.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;
use syn::parse::ParseStream;
use syn::{Error, Path, Result};

use super::forms::{Size, Time, size, time, value};
use crate::emit::job;

pub(crate) const NAMES: [&str; 4] = ["item_timeout", "timeout", "max_memory", "grace_period"];

#[derive(Default)]
pub(crate) struct LimitOptions {
    times: Vec<(Ident, Time)>,
    max_memory: Option<(Ident, Size)>,
}

impl LimitOptions {
    /// Whether there is a limit.
    pub(crate) fn are_set(&self) -> bool {
        self.max_memory.is_some() || self.times.iter().any(|(option, _)| option != "grace_period")
    }

    /// Takes in the option, which is one of [`NAMES`].
    pub(crate) fn parse_one(&mut self, option: &Ident, input: ParseStream<'_>) -> Result<()> {
        let value = value(option, input)?;
        if option == "max_memory" {
            self.max_memory = Some((option.clone(), size(option, value)?));
        } else {
            self.times.push((option.clone(), time(option, value)?));
        }
        Ok(())
    }

    /// They have something to be about.
    pub(crate) fn check(&self, is_manual: bool) -> Result<()> {
        let memory = self.max_memory.iter().map(|(option, _)| option);
        let Some(first) = self.times.iter().map(|(option, _)| option).chain(memory).next() else {
            return Ok(());
        };
        if is_manual {
            let text = "with `manual` there is no item whose limits were passed; \
                        put the work under `#[time_guard]` or `#[mem_guard]`";
            return Err(Error::new(first.span(), text));
        }
        if !self.are_set() {
            let text =
                "this is about limits; add `item_timeout`, `timeout` or `max_memory`, or remove it";
            return Err(Error::new(first.span(), text));
        }
        Ok(())
    }

    /// What a `Job` is told of them.
    pub(crate) fn told(&self, krate: &Path) -> TokenStream {
        let site = Span::mixed_site();
        let times = self.times.iter().map(|(option, time)| {
            let (option, time) = (Ident::new(&option.to_string(), site), job::time(krate, time));
            quote_spanned! {site=> .#option(#time) }
        });
        let memory = self.max_memory.iter().map(|(_, limit)| {
            let limit = job::size(limit);
            quote_spanned! {site=> .max_memory(#limit) }
        });
        times.chain(memory).collect()
    }
}
