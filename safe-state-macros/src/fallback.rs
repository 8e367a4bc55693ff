//! Emits the error after a mistake, and the function as it was, so that editors keep working on it and its callers do
//! not fail as well.

use std::panic::{AssertUnwindSafe, catch_unwind};

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use quote::{quote, quote_spanned};
use syn::parse::Parser;
use syn::{Attribute, Error, Expr, Result, parse2};

use crate::parse::function::unreadable;

/// Returns what `expand` makes of `item`, or its error beside the item without our markers.
pub(crate) fn or_original(
    item: TokenStream,
    expand: impl FnOnce(TokenStream) -> Result<TokenStream>,
) -> TokenStream {
    or(item, expand, without_markers)
}

/// Returns what `expand` makes of `item`, or its error beside the item as it is: for an attribute that has no markers,
/// those in the item are another's.
pub(crate) fn or_unchanged(
    item: TokenStream,
    expand: impl FnOnce(TokenStream) -> Result<TokenStream>,
) -> TokenStream {
    or(item, expand, |item| item)
}

fn or(
    item: TokenStream,
    expand: impl FnOnce(TokenStream) -> Result<TokenStream>,
    left: impl FnOnce(TokenStream) -> TokenStream,
) -> TokenStream {
    let original = item.clone();
    let expanded = catch_unwind(AssertUnwindSafe(|| expand(item))).unwrap_or_else(|_| {
        let text = "the attribute panicked on this function; this is a bug in safe-state, please report it";
        Err(Error::new(Span::call_site(), text))
    });
    expanded.unwrap_or_else(|error| {
        if let Some(place) = unreadable(&original) {
            return unread(left(original), place, &error);
        }
        let is_expression =
            matches!(parse2(original.clone()), Ok(it) if !matches!(it, Expr::Macro(_)));
        let mut tokens = error.to_compile_error();
        tokens.extend(left(original));
        // Without the braces, the rest of an expression behind the error would be one more error.
        if is_expression {
            quote! { { #tokens } }
        } else {
            tokens
        }
    })
}

/// Returns the function with code in it that reports that the attribute could not read it. The report comes only if
/// nothing else is wrong with the program: the compiler looks for lints, and evaluates a block of constants, only in a
/// program without errors.
fn unread(function: TokenStream, place: Span, error: &Error) -> TokenStream {
    let mut tokens: Vec<TokenTree> = function.into_iter().collect();
    let Some(TokenTree::Group(body)) = tokens.pop() else { return tokens.into_iter().collect() };
    let mut inside: Vec<TokenTree> = body.stream().into_iter().collect();
    let is = |at: usize, sign: char| matches!(inside.get(at), Some(TokenTree::Punct(it)) if it.as_char() == sign);
    let mut attributes = 0;
    // Inner attributes, `#![..]`, stay first.
    while is(attributes, '#') && is(attributes + 1, '!') {
        attributes += 3;
    }
    let rest = inside.split_off(attributes.min(inside.len()));
    let text = format!("the attribute can't read this function: {error}");
    let told = quote_spanned! {place=>
        {
            #[must_use = #text]
            struct CodeThatTheAttributeCannotRead;
            #[deny(unused_must_use)]
            #[allow(dead_code, path_statements)]
            fn told() {
                CodeThatTheAttributeCannotRead;
            }
            const { if true { ::core::panic!("{}", #text) } }
        }
    };
    tokens.push(self::inside(&body, |_| quote! { #(#inside)* #told #(#rest)* }));
    tokens.into_iter().collect()
}

/// Returns the tokens without our helper attributes, which nothing else would know, and with our macros told that
/// nothing will fill them in.
pub(crate) fn without_markers(tokens: TokenStream) -> TokenStream {
    let mut kept: Vec<TokenTree> = Vec::new();
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Punct(hash)
                if hash.as_char() == '#' && tokens.peek().is_some_and(is_marker) =>
            {
                tokens.next();
            }
            TokenTree::Group(group) if calls_ours(&kept) => kept.push(inside(&group, |tokens| {
                let tokens = without_markers(tokens);
                quote! { @as_is #tokens }
            })),
            TokenTree::Group(group) => kept.push(inside(&group, without_markers)),
            token => kept.push(token),
        }
    }
    kept.into_iter().collect()
}

/// Returns whether the tokens end in the name of one of our macros, and a `!`.
fn calls_ours(tokens: &[TokenTree]) -> bool {
    let [.., TokenTree::Ident(name), TokenTree::Punct(bang)] = tokens else { return false };
    bang.as_char() == '!'
        && ["step", "checkpoint", "cursor", "commit", "ahead"].iter().any(|ours| name == ours)
}

fn inside(group: &Group, change: impl FnOnce(TokenStream) -> TokenStream) -> TokenTree {
    let mut changed = Group::new(group.delimiter(), change(group.stream()));
    changed.set_span(group.span());
    changed.into()
}

/// Returns whether the token is the `[resume]` of a `#[resume]`, however the path is written.
fn is_marker(token: &TokenTree) -> bool {
    let TokenTree::Group(group) = token else { return false };
    let attribute = quote! { # #group };
    let parsed = Attribute::parse_outer.parse2(attribute).unwrap_or_default();
    group.delimiter() == Delimiter::Bracket
        && parsed.iter().any(crate::syntax::loop_forms::is_marker)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_keeps_the_function_and_drops_the_markers() {
        let item = quote! { fn f() { #[resume] for x in y {} #[allow(a)] for x in y {} } };
        let output = or_original(item, |_| Err(Error::new(Span::call_site(), "no")));
        let text = output.to_string();
        assert!(text.contains("compile_error"));
        assert!(
            text.ends_with(
                &quote! { fn f() { for x in y {} #[allow(a)] for x in y {} } }.to_string()
            )
        );
    }

    #[test]
    fn the_compiler_alone_tells_of_bad_syntax_unless_it_can_read_it() {
        let item = quote! { fn f(x: u8) { #![allow(a)] let x = ; } };
        let output =
            or_original(item, |item| Err(crate::parse::function::parse(item).err().unwrap()));
        let text = output.to_string();
        assert!(!text.contains("compile_error"), "{text}");
        let told = text.find("must_use").unwrap();
        assert!(text.find("allow (a)").unwrap() < told && told < text.find("let x").unwrap());
        for body in [quote! { { println!("a"); let x = ; } }, quote! { { a != b; let x = ; } }] {
            let item = quote! { fn f() #body };
            let output =
                or_original(item, |item| Err(crate::parse::function::parse(item).err().unwrap()));
            let statements = body.to_string();
            let statements = statements.trim_start_matches(['{', ' ']);
            assert!(output.to_string().ends_with(&format!("}} {statements}")), "{output}");
        }
        let closure = or_original(quote! { |x| {} }, |_| Err(Error::new(Span::call_site(), "no")));
        assert!(closure.to_string().starts_with("{ :: core :: compile_error"), "{closure}");
    }

    #[test]
    fn a_panic_is_an_error_that_says_whose_fault_it_is() {
        let output = or_original(quote! { fn f() {} }, |_| panic!("boom")).to_string();
        assert!(output.contains("a bug in safe-state"));
        assert!(output.ends_with("fn f () { }"));
    }
}
