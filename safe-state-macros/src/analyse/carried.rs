//! The variables named in `carry(..)` and `reconnect(..)`: restored where they are initialised, saved at the loop's
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
use quote::quote_spanned;
use syn::Type;

use crate::analyse::kept::Places;
use crate::analyse::survey::locals::Local;
use crate::analyse::targets::Target;
use crate::parse::options::variable::Variable;
use crate::syntax::hygiene::at;

/// A carried or reconnected variable, and where it comes from.
pub(crate) struct CarriedVariable {
    /// The variable, or that which it is a field of.
    pub(crate) ident: Ident,
    pub(crate) named: Variable,
    pub(crate) source: Source,
    pub(crate) restoration: Restoration,
    /// Whether it can change otherwise than from within.
    pub(crate) is_mut: bool,
    /// The number of the first resumable loop that it stands before.
    pub(crate) first_loop: u16,
    /// Where its value is needed again.
    pub(crate) places: Places,
}

/// How the next run has a variable again.
pub(crate) enum Restoration {
    /// By its value.
    Carry,
    /// Rebuilt; its type, if it is written.
    Reconnect(Option<Box<Type>>),
}

pub(crate) enum Source {
    /// The `let` at that place, inside that many resumable loops; of a `&mut T` the `T` is carried.
    Local { at: usize, depth: usize, is_reference: bool },
    /// An argument, or a field of one; of a `&mut T` the `T` is carried.
    Argument { is_reference: bool },
}

impl CarriedVariable {
    pub(crate) fn depth(&self) -> usize {
        match self.source {
            Source::Local { depth, .. } => depth,
            Source::Argument { .. } => 0,
        }
    }

    /// Whether it is rebuilt, and not restored.
    pub(crate) fn is_handle(&self) -> bool {
        matches!(self.restoration, Restoration::Reconnect(_))
    }

    /// Whether its binding can be assigned to.
    pub(crate) fn is_assignable(&self) -> bool {
        let (Source::Local { is_reference, .. } | Source::Argument { is_reference }) = self.source;
        self.is_mut || is_reference
    }

    /// Whether it stands where `locals` do.
    pub(crate) fn stands_among(&self, locals: &[Local]) -> bool {
        match self.source {
            Source::Local { at, .. } => locals.iter().any(|local| local.at == at),
            Source::Argument { .. } => true,
        }
    }

    /// Whether that loop is the first that it stands before.
    pub(crate) fn is_first_before(&self, target: &Target, locals: &[Local]) -> bool {
        self.first_loop == target.id && self.stands_among(locals)
    }

    /// The name under which it is stored.
    pub(crate) fn name(&self) -> String {
        self.named.name()
    }

    /// What makes its value of it.
    fn star(&self) -> Option<TokenStream> {
        let (Source::Local { is_reference, .. } | Source::Argument { is_reference }) = self.source;
        is_reference.then(|| quote_spanned! {at(self.ident.span())=> * })
    }

    /// What takes a value.
    pub(crate) fn assigned(&self) -> TokenStream {
        let (star, named) = (self.star(), &self.named);
        quote_spanned! {at(self.ident.span())=> #star #named }
    }

    /// The same to be changed.
    pub(crate) fn place(&self) -> TokenStream {
        let (star, named) = (self.star(), &self.named);
        quote_spanned! {at(self.ident.span())=> &mut #star #named }
    }

    /// Whether the loop of `target` saves it, or a `checkpoint!()` does.
    pub(crate) fn is_carried_in(&self, target: Option<&Target>) -> bool {
        target.is_none_or(|target| self.places.saving.contains(&target.at))
    }

    /// Its value, by reference.
    pub(crate) fn value(&self) -> TokenStream {
        let (star, named) = (self.star(), &self.named);
        match self.restoration {
            Restoration::Carry => quote_spanned! {at(self.ident.span())=> &#star #named },
            Restoration::Reconnect(_) => self.place(),
        }
    }
}
