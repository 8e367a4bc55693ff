//! Puts the labels around a loop, or a `step!`, around its copy too, for the ways out of the copy.
//!
//! ```text
//! 'outer: loop { the copy's loop; break 'outer; }
//! let _ = 'found: { the copy's loop; never() };
//! ```

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::quote_spanned;
use syn::{Lifetime, Path};

use crate::analyse::survey::Scope;

/// Returns `walk` within the labels of `scope` that `body` mentions.
pub(crate) fn around(
    walk: &TokenStream,
    body: &TokenStream,
    (scope, here): (&Scope, Span),
    krate: &Path,
) -> TokenStream {
    let is_meant = |label: &&Lifetime| mentions(body, label);
    let mut walk = walk.clone();
    for label in scope.block_labels.iter().filter(is_meant) {
        walk = quote_spanned! {here=>
            let _ = #label: { #walk #krate::__private::never() };
        };
    }
    for label in scope.loop_labels.iter().filter(is_meant) {
        walk = if breaks_with_a_value(body, label) {
            quote_spanned! {here=>
                let _ = #label: loop { #walk break #label #krate::__private::never(); };
            }
        } else {
            quote_spanned! {here=> #label: loop { #walk break #label; } }
        };
    }
    walk
}

/// Returns whether the tokens mention the label.
pub(crate) fn mentions(tokens: &TokenStream, label: &Lifetime) -> bool {
    any(tokens.clone(), &|_, token, _| matches!(token, TokenTree::Ident(it) if *it == label.ident))
}

fn breaks_with_a_value(tokens: &TokenStream, label: &Lifetime) -> bool {
    any(tokens.clone(), &|before, token, after| {
        let is_label = matches!(token, TokenTree::Ident(it) if *it == label.ident);
        let is_break =
            matches!(before, [.., TokenTree::Ident(it), TokenTree::Punct(_)] if it == "break");
        let has_value = !matches!(after.first(), None | Some(TokenTree::Punct(_)));
        is_label && is_break && has_value
    })
}

/// A question about the name of a lifetime, given the tokens before it, the name, and the tokens after it.
type LifetimeTest<'a> = &'a dyn Fn(&[TokenTree], &TokenTree, &[TokenTree]) -> bool;

/// Returns whether `is_it` holds for the name of any lifetime in the tokens.
fn any(tokens: TokenStream, is_it: LifetimeTest<'_>) -> bool {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    (0..tokens.len()).any(|at| {
        let (before, rest) = tokens.split_at(at);
        match rest.split_first() {
            Some((TokenTree::Group(group), _)) => any(group.stream(), is_it),
            Some((token, after)) => {
                let is_lifetime =
                    matches!(before.last(), Some(TokenTree::Punct(it)) if it.as_char() == '\'');
                is_lifetime && is_it(before, token, after)
            }
            None => false,
        }
    })
}
