//! Describes the variables named in `carry(..)` and `reconnect(..)`: they are restored where they are initialised, and
//! saved at the loop's head.
//!
//! ```text
//! let mut sum = 0;    // becomes
//! let mut sum = match run.restore("sum", (0, 0)) {
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
    /// The variable's name; for a field such as `self.total`, the name of the variable that has the field.
    pub(crate) ident: Ident,
    /// The variable's name, where it is declared.
    pub(crate) declared: Ident,
    pub(crate) named: Variable,
    pub(crate) source: Source,
    pub(crate) restoration: Restoration,
    /// Whether the variable is `mut` or a `&mut` reference; otherwise it changes only by interior mutability.
    pub(crate) is_mut: bool,
    /// The number of the first resumable loop in the variable's scope; 0 for an argument.
    pub(crate) first_loop: u16,
    /// The places where the variable's value is needed again.
    pub(crate) places: Places,
}

/// The way in which the next run gets a variable's value.
pub(crate) enum Restoration {
    /// The stored value is restored.
    Carry,
    /// The handle is rebuilt. Holds the variable's type, if the source writes it.
    Reconnect(Option<Box<Type>>),
}

pub(crate) enum Source {
    /// A `let`: its number among the body's `let`s, and the number of resumable loops around it. If `is_reference`, the
    /// variable is a `&mut T`, and the `T` is carried.
    Local { at: usize, depth: usize, is_reference: bool },
    /// An argument, or a field of one. If `is_reference`, the argument is a `&mut T`, and the `T` is carried.
    Argument { is_reference: bool },
}

impl CarriedVariable {
    pub(crate) fn depth(&self) -> usize {
        match self.source {
            Source::Local { depth, .. } => depth,
            Source::Argument { .. } => 0,
        }
    }

    /// Returns whether the variable is a handle, which is rebuilt and not restored from its value.
    pub(crate) fn is_handle(&self) -> bool {
        matches!(self.restoration, Restoration::Reconnect(_))
    }

    /// Returns whether a value can be assigned to the variable, or through it if it is a reference.
    pub(crate) fn is_assignable(&self) -> bool {
        let (Source::Local { is_reference, .. } | Source::Argument { is_reference }) = self.source;
        self.is_mut || is_reference
    }

    /// Returns whether code before a loop may have moved the variable, or lent it, so that the compiler can check that the loop does
    /// not change it.
    pub(crate) fn may_be_held(&self) -> bool {
        self.is_assignable() && self.named.is_whole()
    }

    /// Returns whether a use by value takes all that is carried: not of a reference, nor of one field.
    pub(crate) fn is_taken_whole(&self) -> bool {
        let (Source::Local { is_reference, .. } | Source::Argument { is_reference }) = self.source;
        !is_reference && self.named.is_whole()
    }

    /// Returns whether the variable is in scope where `locals` are; an argument always is.
    pub(crate) fn stands_among(&self, locals: &[Local]) -> bool {
        match self.source {
            Source::Local { at, .. } => locals.iter().any(|local| local.at == at),
            Source::Argument { .. } => true,
        }
    }

    /// Returns whether the loop `target`, with `locals` in scope, is the first resumable loop in the variable's scope.
    pub(crate) fn is_first_before(&self, target: &Target, locals: &[Local]) -> bool {
        self.first_loop == target.id && self.stands_among(locals)
    }

    /// Returns the name under which the variable is stored.
    pub(crate) fn name(&self) -> String {
        self.named.name()
    }

    /// Returns the `*` that reaches the value through a `&mut` reference; none if the variable is not one.
    fn star(&self) -> Option<TokenStream> {
        let (Source::Local { is_reference, .. } | Source::Argument { is_reference }) = self.source;
        is_reference.then(|| quote_spanned! {at(self.ident.span())=> * })
    }

    /// Returns the expression to which a restored value is assigned.
    pub(crate) fn assigned(&self) -> TokenStream {
        let (star, named) = (self.star(), &self.named);
        quote_spanned! {at(self.ident.span())=> #star #named }
    }

    /// Returns a `&mut` borrow of the variable's value, as an expression.
    pub(crate) fn place(&self) -> TokenStream {
        let (star, named) = (self.star(), &self.named);
        quote_spanned! {at(self.ident.span())=> &mut #star #named }
    }

    /// Returns whether a save in the loop `target` takes the variable's value; a `checkpoint!()`, which has no target,
    /// always does.
    pub(crate) fn is_carried_in(&self, target: Option<&Target>) -> bool {
        target.is_none_or(|target| self.places.saving.contains(&target.at))
    }

    /// Returns a borrow of the variable's value, as an expression: `&` for a carried value, `&mut` for a handle.
    pub(crate) fn value(&self) -> TokenStream {
        let (star, named) = (self.star(), &self.named);
        match self.restoration {
            Restoration::Carry => quote_spanned! {at(self.ident.span())=> &#star #named },
            Restoration::Reconnect(_) => self.place(),
        }
    }
}
