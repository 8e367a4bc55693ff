//! The variables named in `carry(..)`: restored where they are initialised, saved at the loop's
//! head.
//!
//! ```text
//! let mut sum = 0;    // becomes
//! let mut sum = match run.restore("sum") {
//!     Ok(Some(value)) => value,
//!     Ok(None) => 0,
//!     Err(error) => return on_error(error),
//! };
//! ```

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::ext::IdentExt;
use syn::{Block, Error, Expr, Result};

use crate::expand::{Expansion, Names};
use crate::function::Argument;
use crate::hygiene::at;
use crate::loops::{Local, replace_initialiser};

/// Where a carried variable comes from.
enum Source<'a> {
    Local(&'a Local),
    Argument(&'a Argument),
}

impl Expansion {
    /// Makes the initialisers of carried locals restore them, and gives the statements that restore
    /// carried arguments.
    pub(crate) fn restore(&self, block: &mut Block, locals: &[Local]) -> Result<TokenStream> {
        let mut statements = TokenStream::new();
        for variable in &self.options.carry {
            match self.source(variable, locals)? {
                Source::Argument(argument) => {
                    statements.extend(self.restore_argument(variable, argument)?);
                }
                Source::Local(local) if local.is_plain => {
                    replace_initialiser(block, local.at, |init| {
                        self.restore_local(variable, &init)
                    });
                }
                Source::Local(local) => {
                    let text = format!(
                        "a carried variable needs a `let` of its own; write `let mut {variable} = ...;`"
                    );
                    return Err(Error::new(local.binding.ident.span(), text));
                }
            }
        }
        Ok(statements)
    }

    fn source<'a>(&'a self, variable: &Ident, locals: &'a [Local]) -> Result<Source<'a>> {
        if let Some(local) = locals.iter().rfind(|local| local.binding.ident == *variable) {
            return Ok(Source::Local(local));
        }
        if let Some(argument) = self.arguments.iter().find(|argument| argument.ident == *variable) {
            return Ok(Source::Argument(argument));
        }
        let text = format!("there is no variable `{variable}` before the loop");
        Err(Error::new(variable.span(), text))
    }

    fn restore_local(&self, variable: &Ident, init: &Expr) -> Expr {
        let value = &self.names.value;
        let here = at(variable.span());
        Expr::Verbatim(self.restored(
            variable,
            &quote_spanned! {here=> #value },
            &init.to_token_stream(),
        ))
    }

    fn restore_argument(&self, variable: &Ident, argument: &Argument) -> Result<TokenStream> {
        let value = &self.names.value;
        let here = at(variable.span());
        let assigned = if argument.is_mut_reference() {
            quote_spanned! {here=> *#variable = #value }
        } else if argument.is_mut {
            quote_spanned! {here=> #variable = #value }
        } else {
            let text = format!(
                "`{variable}` does not change; a carried argument is `mut` or a `&mut` reference"
            );
            return Err(Error::new(variable.span(), text));
        };
        Ok(self.restored(variable, &assigned, &quote_spanned! {here=> {} }))
    }

    /// `found` with the value that was saved, `fresh` where none was.
    fn restored(&self, variable: &Ident, found: &TokenStream, fresh: &TokenStream) -> TokenStream {
        let krate = &self.krate;
        let Names { run, value, error, on_error, .. } = &self.names;
        let name = variable.unraw().to_string();
        quote_spanned! {at(variable.span())=>
            match #run.restore(#name) {
                #krate::__private::Ok(#krate::__private::Some(#value)) => #found,
                #krate::__private::Ok(#krate::__private::None) => #fresh,
                #krate::__private::Err(#error) => return #on_error(#error),
            }
        }
    }

    /// Takes the variables' values into the save that follows.
    pub(crate) fn carry(&self, locals: &[Local]) -> TokenStream {
        let Names { items, error, on_error, .. } = &self.names;
        let krate = &self.krate;
        let carry = self.options.carry.iter().map(|variable| {
            let name = variable.unraw().to_string();
            let here = at(variable.span());
            // Of a `&mut T` the `T` is saved, as it is what is restored.
            let value = match self.source(variable, locals) {
                Ok(Source::Argument(argument)) if argument.is_mut_reference() => {
                    quote_spanned! {here=> &*#variable }
                }
                _ => quote_spanned! {here=> &#variable },
            };
            quote_spanned! {here=>
                if let #krate::__private::Err(#error) = #items.carry(#name, #value) {
                    return #on_error(#error);
                }
            }
        });
        carry.collect()
    }
}
