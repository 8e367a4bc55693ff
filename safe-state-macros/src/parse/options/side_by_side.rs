//! Parses `concurrency` and `threads`: how many items run at once.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;
use syn::parse::ParseStream;
use syn::spanned::Spanned;
use syn::{Error, Expr, ExprLit, Lit, LitInt, Path, Result};

use super::forms::{not_literal_but, text, value};
use crate::syntax::hygiene::{at, moved_crate};

/// The names of the options for items that run side by side.
pub(super) const NAMES: [&str; 2] = ["concurrency", "threads"];

/// The most items at once; a checkpoint holds no more items in flight.
const LIMIT: u64 = 1024;

/// The option for items that run side by side.
#[derive(Clone)]
pub(crate) struct SideBySide {
    /// The place of the option.
    pub(crate) option: Span,
    /// Whether the items run on threads, and not as futures.
    pub(crate) on_threads: bool,
    /// The number of items at once; none for the number of cores.
    most: Option<Expr>,
}

impl SideBySide {
    /// Returns the number of items at once, as an expression of generated code.
    pub(crate) fn most(&self, krate: &Path) -> TokenStream {
        let place = self.most.as_ref().map_or(self.option, Spanned::span);
        let here = at(place);
        let krate = moved_crate(krate, here);
        match &self.most {
            Some(most) => quote_spanned! {here=> #krate::__private::Most::most(&(#most)) },
            None => {
                quote_spanned! {here=> #krate::__private::Most::most(&#krate::__private::Cores) }
            }
        }
    }
}

pub(super) fn parse(
    before: &mut Option<SideBySide>,
    option: &Ident,
    input: ParseStream<'_>,
) -> Result<()> {
    if before.is_some() {
        let text = "items run side by side in one way: as futures with `concurrency`, or on `threads`; remove one";
        return Err(Error::new(option.span(), text));
    }
    let most = most(option, value(option, input)?)?;
    *before = Some(SideBySide { option: option.span(), on_threads: option == "threads", most });
    Ok(())
}

fn most(option: &Ident, value: Expr) -> Result<Option<Expr>> {
    let expected = format!(
        "how many items may run at once, such as `{option} = 16`, or `{option} = \"cores\"`"
    );
    if text(&value).is_some_and(|text| text.value() == "cores") {
        return Ok(None);
    }
    let value = not_literal_but(value, &expected, |lit| matches!(lit, Lit::Int(_)))?;
    match &value {
        Expr::Lit(ExprLit { lit: Lit::Int(count), .. }) => checked(count).map(|()| Some(value)),
        _ => Ok(Some(value)),
    }
}

fn checked(count: &LitInt) -> Result<()> {
    match count.base10_parse::<u64>() {
        Ok(1..=LIMIT) => Ok(()),
        Ok(0) => {
            Err(Error::new(count.span(), "with no item at once nothing is done; write 1 or more"))
        }
        _ => Err(Error::new(count.span(), "no more than 1024 items run at once")),
    }
}
