//! A loop on its way through.

use proc_macro2::{Span, TokenStream};
use syn::{Attribute, Label};

/// A loop on its way through.
pub(crate) struct Lowered {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) label: Option<Label>,
    pub(crate) keyword: Span,
    pub(crate) is_for: bool,
    /// What makes the items.
    pub(crate) entered: TokenStream,
    /// Whether no items are left, as far as that is known.
    pub(crate) has_ended: TokenStream,
    /// What takes the type of the items, if that is known before the first.
    pub(crate) item_type: TokenStream,
    /// What asks for the next item, with the arms that take it and pass over it.
    pub(crate) next: TokenStream,
}
