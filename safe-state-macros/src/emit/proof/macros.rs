//! Finds the macros of the function that a copy of its body needs as well. Declared in the copy, they name the copy's
//! variables.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Block, ItemMacro};

/// Returns the macros that the body calls, directly or through other macros.
pub(crate) fn called<'a>(macros: &'a [ItemMacro], body: &Block) -> Vec<&'a ItemMacro> {
    let mut tokens = vec![body.to_token_stream()];
    let mut called = vec![false; macros.len()];
    loop {
        let is_called = |it: &ItemMacro| {
            it.ident.as_ref().is_some_and(|name| tokens.iter().any(|tokens| calls(tokens, name)))
        };
        let mut numbered = macros.iter().zip(&mut called);
        let Some((next, seen)) = numbered.find(|(it, seen)| !**seen && is_called(it)) else {
            break;
        };
        *seen = true;
        tokens.push(next.mac.tokens.clone());
    }
    macros.iter().zip(called).filter(|(_, called)| *called).map(|(it, _)| it).collect()
}

fn calls(tokens: &TokenStream, name: &Ident) -> bool {
    let tokens: Vec<TokenTree> = tokens.clone().into_iter().collect();
    let is_call = |pair: &[TokenTree]| matches!(pair, [TokenTree::Ident(it), TokenTree::Punct(bang)] if it == name && bang.as_char() == '!');
    let within =
        |token: &TokenTree| matches!(token, TokenTree::Group(it) if calls(&it.stream(), name));
    tokens.windows(2).any(is_call) || tokens.iter().any(within)
}
