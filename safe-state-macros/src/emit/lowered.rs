//! Holds a loop on its way from the user's code to the generated code.

use proc_macro2::{Span, TokenStream};
use syn::{Attribute, Label};

/// The parts of a loop from which the generated loop is put together.
pub(crate) struct Lowered {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) label: Option<Label>,
    pub(crate) keyword: Span,
    pub(crate) is_for: bool,
    /// The expression that enters the loop, and makes its items.
    pub(crate) entered: TokenStream,
    /// The expression that tells whether no items are left, as far as that is known.
    pub(crate) has_ended: TokenStream,
    /// The part of a pattern that takes the type of the items, if that is known before the first item.
    pub(crate) item_type: TokenStream,
    /// The code that asks for the next item, with the arms that take it and pass over it; in a loop that only counts,
    /// the code for an item alone.
    pub(crate) next: TokenStream,
}
