//! Tests half-typed code: whatever an editor hands over, the attribute answers with tokens and does not panic.

use proc_macro2::{Group, TokenStream, TokenTree};
use quote::quote;

use crate::{fallback, idempotent, resumable};
use proptest::prelude::*;
use proptest::sample::Index;

/// Returns pairs of options and functions for the tests to change.
fn seeds() -> Vec<(TokenStream, TokenStream)> {
    vec![
        (
            quote! { name = "a", save_every = 10 },
            quote! {
                #[doc = "x"] pub async fn f<'a, T: Into<u32>>(&'a mut self, #[cfg(x)] mut items: Vec<T>) -> Option<&'a u32>
                where T: Copy {
                    #![allow(unused)]
                    let items: Vec<u8> = items.into_iter().map(|x| x + 1).collect();
                    #[resume] 'o: for (i, x) in items.iter().enumerate() { continue 'o; return Some(x?); }
                    None
                }
            },
        ),
        (
            quote! { iter = b, crate = ::other, durability = "process", backend = x(), companion = false },
            quote! {
                fn f((a, b): (u32, Vec<u32>), _: impl Fn(u8) -> !, c: [u8; 2]) -> impl Future<Output = Result<(), E>> {
                    let n = 1;
                    Box::pin(async move {
                        for x in (Lines { b }) { while let Some(y) = c.next().await? { loop { break } } }
                        fn g(b: u8) { for y in b {} }
                        run!({ for z in b {} });
                        Ok(())
                    })
                }
            },
        ),
        (
            quote! { save_every = "250ms", version = 3, keep_on_success, verbose = true },
            quote! {
                unsafe extern "C" fn f(items: u8, extra: HashMap<u8, u8>) -> ! {
                    #[cfg(a)] for x in 0..items {}
                    #[cfg(b)] for x in 0..=items { async { for y in x {} }; const { for z in 0..1 {} } }
                }
            },
        ),
    ]
}

#[derive(Clone, Debug)]
enum Mutation {
    Remove(Index),
    Repeat(Index),
    Replace(Index, &'static str),
    Insert(Index, &'static str),
    Open(Index),
}

const TOKENS: &[&str] = &[
    "for",
    "in",
    "while",
    "let",
    "loop",
    "fn",
    "async",
    "move",
    "const",
    "impl",
    "self",
    "Self",
    "#",
    "!",
    "..",
    "::",
    "=",
    "=>",
    "->",
    "'a",
    "?",
    ".",
    ",",
    ";",
    "&",
    "|",
    "{}",
    "[]",
    "()",
    "[resume]",
    "[resume(a)]",
    "items",
    "_",
    "0",
    "-1",
    "1.5",
    "\"\"",
    "\"{x:\"",
    "\"{\"",
    "r#type",
    "name",
    "iter",
    "crate",
    "for x in items {}",
    "#[resume]",
    "return",
    "break",
];

fn mutation() -> impl Strategy<Value = Mutation> {
    let token = || proptest::sample::select(TOKENS);
    prop_oneof![
        any::<Index>().prop_map(Mutation::Remove),
        any::<Index>().prop_map(Mutation::Repeat),
        (any::<Index>(), token()).prop_map(|(at, token)| Mutation::Replace(at, token)),
        (any::<Index>(), token()).prop_map(|(at, token)| Mutation::Insert(at, token)),
        any::<Index>().prop_map(Mutation::Open),
    ]
}

fn count(tokens: &TokenStream) -> usize {
    let nested = |token: TokenTree| match token {
        TokenTree::Group(group) => count(&group.stream()),
        _ => 0,
    };
    tokens.clone().into_iter().map(|token| 1 + nested(token)).sum()
}

/// Replaces the token with the number `left`, counted into all groups, by what `change` makes of it.
fn at(
    tokens: TokenStream,
    left: &mut usize,
    change: &dyn Fn(TokenTree) -> TokenStream,
) -> TokenStream {
    let each = tokens.into_iter().map(|token| {
        let here = *left == 0;
        *left = left.wrapping_sub(1);
        match token {
            token if here => change(token),
            TokenTree::Group(group) => {
                let inside = at(group.stream(), left, change);
                TokenTree::from(Group::new(group.delimiter(), inside)).into()
            }
            token => token.into(),
        }
    });
    each.collect()
}

fn mutate(tokens: TokenStream, mutation: &Mutation) -> TokenStream {
    let count = count(&tokens);
    if count == 0 {
        return tokens;
    }
    let parsed = |text: &str| text.parse::<TokenStream>().unwrap();
    let (index, change): (&Index, Box<dyn Fn(TokenTree) -> TokenStream>) = match mutation {
        Mutation::Remove(index) => (index, Box::new(|_| TokenStream::new())),
        Mutation::Repeat(index) => (index, Box::new(|token| quote! { #token #token })),
        Mutation::Replace(index, text) => (index, Box::new(move |_| parsed(text))),
        Mutation::Insert(index, text) => {
            let inserted = parsed(text);
            (index, Box::new(move |token| quote! { #inserted #token }))
        }
        Mutation::Open(index) => (
            index,
            Box::new(|token| match token {
                TokenTree::Group(group) => group.stream(),
                token => token.into(),
            }),
        ),
    };
    at(tokens, &mut index.index(count), &change)
}

#[test]
fn without_a_mutation_there_is_no_error() {
    for (options, item) in seeds() {
        let expanded = resumable::resumable(options, item).unwrap();
        assert!(syn::parse2::<syn::File>(expanded).is_ok());
    }
}

/// A loop's pattern may begin with a bar, and the `let` that binds the items may not.
#[test]
fn a_bar_anywhere_is_an_error_or_code() {
    for (options, item) in seeds() {
        for place in 0..count(&item) {
            let bar = at(item.clone(), &mut { place }, &|token| quote! { | #token });
            if let Ok(expanded) = resumable::resumable(options.clone(), bar) {
                assert!(syn::parse2::<syn::File>(expanded).is_ok(), "at {place} of {item}");
            }
        }
    }
}

/// A number in a body need not be one that a field of a tuple can have.
#[test]
fn a_large_number_anywhere_is_an_error_or_code() {
    for (options, item) in seeds() {
        for place in 0..count(&item) {
            let large =
                at(item.clone(), &mut { place }, &|token| quote! { #token 6364136223846793005 });
            if let Ok(expanded) = resumable::resumable(options.clone(), large) {
                assert!(syn::parse2::<syn::File>(expanded).is_ok(), "at {place} of {item}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_input_makes_the_attribute_panic(
        seed in proptest::sample::select((0..seeds().len()).collect::<Vec<_>>()),
        to_options in proptest::collection::vec(mutation(), 0..3),
        to_item in proptest::collection::vec(mutation(), 0..6),
    ) {
        let (options, item) = seeds().swap_remove(seed);
        let options = to_options.iter().fold(options, mutate);
        let item = to_item.iter().fold(item, mutate);
        // The fallback is left out, as it would catch a panic.
        match resumable::resumable(options, item.clone()) {
            Ok(expanded) => prop_assert!(syn::parse2::<syn::File>(expanded).is_ok()),
            Err(error) => {
                let left = fallback::or_original(item.clone(), |_| Err(error)).to_string();
                let original = fallback::without_markers(item).to_string();
                let end = |text: &str| text.trim_end_matches([' ', '}']).to_owned();
                let is_kept = left.contains("compile_error") && end(&left).ends_with(&end(&original));
                // A function that can't be read says so in its body.
                prop_assert!(is_kept || left.contains("CodeThatTheAttributeCannotRead"));
            }
        }
    }

    #[test]
    fn no_input_makes_idempotent_panic(
        seed in proptest::sample::select((0..seeds().len()).collect::<Vec<_>>()),
        to_options in proptest::collection::vec(mutation(), 0..4),
        to_item in proptest::collection::vec(mutation(), 0..6),
    ) {
        let options = quote! { check = |a, b, c| a.is_some(), on_skip = f::<T>, crate = ::other };
        let options = to_options.iter().fold(options, mutate);
        let item = to_item.iter().fold(seeds().swap_remove(seed).1, mutate);
        if let Ok(expanded) = idempotent::idempotent(options, item) {
            prop_assert!(syn::parse2::<syn::File>(expanded).is_ok());
        }
    }
}
