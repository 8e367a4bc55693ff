//! What a job may take, where that can't be said.

use proc_macro2::{Ident, TokenStream};
use syn::parse::ParseStream;
use syn::{Error, Path, Result};

pub(crate) const NAMES: [&str; 4] = ["item_timeout", "timeout", "max_memory", "grace_period"];

#[derive(Default)]
pub(crate) struct LimitOptions;

#[expect(clippy::unused_self, reason = "as where there are limits")]
impl LimitOptions {
    pub(crate) fn are_set(&self) -> bool {
        false
    }

    pub(crate) fn parse_one(&mut self, option: &Ident, _: ParseStream<'_>) -> Result<()> {
        let text = format!("`{option}` needs the feature `limits` of `safe-state`");
        Err(Error::new(option.span(), text))
    }

    #[expect(clippy::unnecessary_wraps, reason = "as where there are limits")]
    pub(crate) fn check(&self, _: bool) -> Result<()> {
        Ok(())
    }

    pub(crate) fn told(&self, _: &Path) -> TokenStream {
        TokenStream::new()
    }
}
