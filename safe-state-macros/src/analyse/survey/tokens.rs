//! Looks for loops and markers in tokens that the survey does not go into.

use proc_macro2::{TokenStream, TokenTree};
use syn::Attribute;
use syn::parse::Parser;

use crate::syntax::loop_forms::is_marker;

/// Returns the `#[resume]` markers anywhere in the tokens.
pub(super) fn markers(tokens: TokenStream) -> Vec<Attribute> {
    let mut found = Vec::new();
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match (token, tokens.peek()) {
            (TokenTree::Punct(hash), Some(TokenTree::Group(group))) if hash.as_char() == '#' => {
                let attribute =
                    TokenStream::from_iter([hash.into(), TokenTree::from(group.clone())]);
                let parsed = Attribute::parse_outer.parse2(attribute).unwrap_or_default();
                found.extend(parsed.into_iter().filter(is_marker));
            }
            (TokenTree::Group(group), _) => found.extend(markers(group.stream())),
            _ => {}
        }
    }
    found
}

/// Returns whether the tokens hold a `for` loop anywhere. `for<'a>` and `impl X for Y` do not count.
pub(crate) fn holds_for(tokens: TokenStream) -> bool {
    let mut after_for = false;
    for token in tokens {
        match token {
            TokenTree::Ident(ident) if ident == "for" => after_for = true,
            TokenTree::Ident(ident) if ident == "in" && after_for => return true,
            TokenTree::Group(group) if holds_for(group.stream()) => return true,
            _ => {}
        }
    }
    false
}
