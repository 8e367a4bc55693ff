//! Which variables tokens mention. Tokens, not syntax: what stands in a macro call counts too.

use std::collections::BTreeSet;

use proc_macro2::{Spacing, TokenStream, TokenTree};

/// The names in `tokens` that may be variables: no fields, methods or parts of a path; and those
/// in the braces of format strings.
pub(crate) fn free_idents(tokens: TokenStream) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    collect(tokens, &mut names);
    names
}

fn collect(tokens: TokenStream, names: &mut BTreeSet<String>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut before = Before::Other;
    for (at, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Group(group) => collect(group.stream(), names),
            TokenTree::Literal(literal) => names.extend(captured(&literal.to_string())),
            TokenTree::Ident(ident) if before == Before::Other && !starts_path(&tokens, at) => {
                let name = ident.to_string();
                names.insert(name.strip_prefix("r#").map(str::to_owned).unwrap_or(name));
            }
            TokenTree::Ident(_) | TokenTree::Punct(_) => {}
        }
        before = before.then(token);
    }
}

/// What the tokens before one say of it.
#[derive(Clone, Copy, PartialEq)]
enum Before {
    /// One dot: a field or method follows.
    Dot,
    /// Two colons: a part of a path follows.
    Colons,
    /// The first of two colons, or of two dots.
    First(char),
    Other,
}

impl Before {
    fn then(self, token: &TokenTree) -> Before {
        let TokenTree::Punct(punct) = token else { return Before::Other };
        match (self, punct.as_char(), punct.spacing()) {
            (Before::First(':'), ':', _) => Before::Colons,
            // A range's second dot: what follows is a value.
            (Before::First('.'), '.', _) => Before::Other,
            (_, char @ ('.' | ':'), Spacing::Joint) => Before::First(char),
            (_, '.', Spacing::Alone) => Before::Dot,
            _ => Before::Other,
        }
    }
}

/// Whether the name at `at` has `::` behind it.
fn starts_path(tokens: &[TokenTree], at: usize) -> bool {
    let is_colon = |token: Option<&TokenTree>| matches!(token, Some(TokenTree::Punct(p)) if p.as_char() == ':');
    is_colon(tokens.get(at + 1)) && is_colon(tokens.get(at + 2))
}

/// The names that a format string captures: `{name}`, `{name:?}`, and as a width or a precision, `{:name$.name$}`.
fn captured(literal: &str) -> Vec<String> {
    let is_of_none = |c: char| !c.is_alphanumeric() && c != '_';
    let of_hole = |hole: &str| {
        let value = hole.split(is_of_none).next();
        let counts = hole.rsplit('$').skip(1).filter_map(|before| before.rsplit(is_of_none).next());
        // A zero in front of a width is a flag.
        let names = value.into_iter().chain(counts.map(|it| it.trim_start_matches('0')));
        names.map(str::to_owned).collect::<Vec<String>>()
    };
    let names = literal.split('{').skip(1).flat_map(of_hole);
    names.filter(|name| name.starts_with(|c: char| !c.is_numeric())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use quote::quote;

    #[track_caller]
    fn check(tokens: TokenStream, expected: &[&str]) {
        assert_eq!(free_idents(tokens), expected.iter().map(ToString::to_string).collect());
    }

    #[test]
    fn variables_are_found_wherever_they_stand() {
        check(quote! { &mut *items }, &["items", "mut"]);
        check(quote! { 0..n }, &["n"]);
        check(quote! { 0..=n }, &["n"]);
        check(quote! { vec![items.len(); 3] }, &["items", "vec"]);
        check(quote! { r#type }, &["type"]);
        check(quote! { "for {tenant} and {id:?} {} {0}" }, &["tenant", "id"]);
        check(quote! { "{:w$} {id:>1$.p$} {:0zeros$} {{}} 5$" }, &["w", "id", "p", "zeros"]);
    }

    #[test]
    fn fields_methods_and_paths_are_not_variables() {
        check(quote! { self.items.iter() }, &["self"]);
        check(quote! { items::all(a) }, &["a"]);
        check(quote! { crate::items }, &[]);
        check(quote! { x.items..items }, &["x", "items"]);
    }
}
