//! Provides `#[resumable]` as if it did nothing: the function without the attribute.

use proc_macro::{Delimiter, Group, TokenStream, TokenTree};

/// Returns the item without the `#[resume]` in it.
#[proc_macro_attribute]
pub fn resumable(_: TokenStream, item: TokenStream) -> TokenStream {
    without_markers(item)
}

fn without_markers(tokens: TokenStream) -> TokenStream {
    let mut kept: Vec<TokenTree> = Vec::new();
    for token in tokens {
        match token {
            TokenTree::Group(group) if is_marker(&group) => drop(kept.pop()),
            TokenTree::Group(group) => kept.push(inside(&group).into()),
            token => kept.push(token),
        }
    }
    kept.into_iter().collect()
}

fn inside(group: &Group) -> Group {
    let mut changed = Group::new(group.delimiter(), without_markers(group.stream()));
    changed.set_span(group.span());
    changed
}

fn is_marker(group: &Group) -> bool {
    let first = group.stream().into_iter().next();
    let is_resume = first.is_some_and(|first| first.to_string() == "resume");
    group.delimiter() == Delimiter::Bracket && is_resume
}
