//! Makes the spans and names of generated code.
//!
//! Each generated token has the span of the macro's definition, so that its names and the user's never meet, and no
//! lint takes it for the user's code. If an error should point at the user's code, the span is moved there.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::Block;

/// The beginning of generated names. Users may not begin the names of their arguments with it.
pub(crate) const RESERVED: &str = "__safe_state";

/// The beginning of the names that `_` arguments get.
pub(crate) const IGNORED: &str = "__safe_state_ignored_";

/// Returns a span for generated code whose errors point at `place`.
pub(crate) fn at(place: Span) -> Span {
    Span::mixed_site().located_at(place)
}

/// Returns the generated local for `name`.
pub(crate) fn local(name: &str) -> Ident {
    Ident::new(&format!("{RESERVED}_{name}"), Span::mixed_site())
}

/// Returns the tokens with their spans at `span`; tokens inside groups keep theirs.
pub(crate) fn moved(tokens: &impl ToTokens, span: Span) -> TokenStream {
    let tokens = tokens.to_token_stream().into_iter();
    tokens
        .map(|mut token| {
            token.set_span(span);
            token
        })
        .collect()
}

/// Returns the path of the crate with its beginning at `span`, where errors about what begins with it point. The names
/// behind the beginning keep their spans: if they are unknown, each mention of them is one and the same error.
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

/// Returns `inside` in braces that stand where those of `block` do: of a body whose braces are generated, the compiler
/// does not tell which lines have run.
pub(crate) fn in_braces_of(block: &Block, inside: TokenStream) -> TokenTree {
    let mut braces = Group::new(Delimiter::Brace, inside);
    braces.set_span(block.brace_token.span.join());
    braces.into()
}

/// Binds each name to the generated local for it.
macro_rules! locals {
    ($($name:ident),+ $(,)?) => {
        $(let $name = &$crate::syntax::hygiene::local(stringify!($name));)+
    };
}
pub(crate) use locals;
