//! Spans and names of generated code.
//!
//! Every generated token has the span of the macro's definition, so that its names and the
//! user's never meet, and no lint takes it for the user's code. Where an error should point at
//! the user's code, that span is moved there.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::Block;

/// What users may not begin their arguments' names with.
pub(crate) const RESERVED: &str = "__safe_state";

/// What the names begin with that `_` arguments get.
pub(crate) const IGNORED: &str = "__safe_state_ignored_";

/// A span for generated code whose errors point at `place`.
pub(crate) fn at(place: Span) -> Span {
    Span::mixed_site().located_at(place)
}

/// The generated local of that name.
pub(crate) fn local(name: &str) -> Ident {
    Ident::new(&format!("{RESERVED}_{name}"), Span::mixed_site())
}

/// The tokens with all of their spans at `span`.
pub(crate) fn moved(tokens: &impl ToTokens, span: Span) -> TokenStream {
    let tokens = tokens.to_token_stream().into_iter();
    tokens
        .map(|mut token| {
            token.set_span(span);
            token
        })
        .collect()
}

/// The path of the crate with its beginning at `span`, as errors at what begins with it are. Its names stay: where they
/// are unknown, each mention is then one and the same error.
pub(crate) fn moved_crate(krate: &impl ToTokens, span: Span) -> TokenStream {
    let tokens = krate.to_token_stream().into_iter().enumerate();
    tokens
        .map(|(at, mut token)| {
            if at == 0 || matches!(token, TokenTree::Punct(_)) {
                token.set_span(span);
            }
            token
        })
        .collect()
}

/// `inside` in braces that are where those of `block` are: of a body whose braces are generated the compiler does not
/// tell which lines of it have run.
pub(crate) fn in_braces_of(block: &Block, inside: TokenStream) -> TokenTree {
    let mut braces = Group::new(Delimiter::Brace, inside);
    braces.set_span(block.brace_token.span.join());
    braces.into()
}

/// Binds each of the names to the generated local of that name.
macro_rules! locals {
    ($($name:ident),+ $(,)?) => {
        $(let $name = &$crate::syntax::hygiene::local(stringify!($name));)+
    };
}
pub(crate) use locals;
