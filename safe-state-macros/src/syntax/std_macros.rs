//! Changes the expressions that macros of the standard library are given.
//!
//! Only macros whose arguments are expressions, and which evaluate them as they stand, are looked into. `assert!` and
//! `dbg!` show their arguments as text, and are left alone; so are macros of other crates, which may do anything.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::parse::{ParseStream, Parser};
use syn::{Expr, Macro, Path, Result, Token};

const EVALUATING: [&str; 17] = [
    "assert_eq",
    "assert_ne",
    "debug_assert_eq",
    "debug_assert_ne",
    "eprint",
    "eprintln",
    "format",
    "format_args",
    "panic",
    "print",
    "println",
    "todo",
    "unimplemented",
    "unreachable",
    "vec",
    "write",
    "writeln",
];

/// Changes the expressions in the call of a macro of the standard library, if a `?` is in them.
pub(crate) fn each_expression(mac: &mut Macro, mut change: impl FnMut(&mut Expr)) {
    if is_of_std(&mac.path) && has_question(mac.tokens.clone()) {
        change_list(mac, &mut change);
    }
}

/// Changes the expressions in the call of a macro, if it is given a list of them.
pub(crate) fn change_list(mac: &mut Macro, change: &mut impl FnMut(&mut Expr)) {
    let arguments = |input: ParseStream<'_>| changed(input, change);
    // Tokens that are no list of expressions are for the macro to refuse.
    if let Ok(tokens) = arguments.parse2(mac.tokens.clone()) {
        mac.tokens = tokens;
    }
}

/// Macros whose arguments are expressions, too, which are only to be read here: some show them as text, some are of other
/// crates.
const READING: [&str; 12] = [
    "anyhow",
    "assert",
    "bail",
    "dbg",
    "debug",
    "debug_assert",
    "ensure",
    "error",
    "eyre",
    "info",
    "trace",
    "warn",
];

/// Returns the expressions in the call of a macro that evaluates them. Of `name = value`, as `format!` takes it, the value
/// is one.
pub(crate) fn expressions(mac: &Macro) -> Vec<Expr> {
    let mut found = Vec::new();
    let name = mac.path.segments.last().map(|it| it.ident.to_string()).unwrap_or_default();
    if is_of_std(&mac.path) || READING.contains(&name.as_str()) {
        let mut note = |expr: &mut Expr| match expr {
            Expr::Assign(it) => found.push((*it.right).clone()),
            expr => found.push(expr.clone()),
        };
        let arguments = |input: ParseStream<'_>| changed(input, &mut note);
        if arguments.parse2(mac.tokens.clone()).is_err() {
            found.clear();
        }
    }
    found
}

/// Returns whether the path is one of [`EVALUATING`], by itself or behind the name of its crate.
pub(crate) fn is_of_std(path: &Path) -> bool {
    let names: Vec<String> = path.segments.iter().map(|it| it.ident.to_string()).collect();
    let name = match names.as_slice() {
        [name] => name,
        [krate, name] if matches!(krate.as_str(), "std" | "core" | "alloc") => name,
        _ => return false,
    };
    EVALUATING.contains(&name.as_str())
}

fn has_question(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Punct(punct) => punct.as_char() == '?',
        TokenTree::Group(group) => has_question(group.stream()),
        TokenTree::Ident(_) | TokenTree::Literal(_) => false,
    })
}

/// Returns the tokens of changed expressions with commas between them, or the semicolon of `vec!`. An argument with a
/// name, as `format!` takes it, is an assignment by its form.
fn changed(input: ParseStream<'_>, change: &mut impl FnMut(&mut Expr)) -> Result<TokenStream> {
    let mut tokens = TokenStream::new();
    while !input.is_empty() {
        let mut expr: Expr = input.parse()?;
        change(&mut expr);
        expr.to_tokens(&mut tokens);
        if input.peek(Token![;]) {
            input.parse::<Token![;]>()?.to_tokens(&mut tokens);
        } else if !input.is_empty() {
            input.parse::<Token![,]>()?.to_tokens(&mut tokens);
        }
    }
    Ok(tokens)
}

#[cfg(test)]
mod tests {
    use syn::parse_quote;

    use super::*;

    fn count(mut mac: Macro) -> (usize, String) {
        let mut count = 0;
        each_expression(&mut mac, |_| count += 1);
        (count, mac.tokens.to_string())
    }

    #[test]
    fn calls_come_out_as_they_were() {
        for mac in [
            parse_quote! { println!("{a} {} {b:?}", c()?, b = d()?,) },
            parse_quote! { std::vec![a()?; b()?] },
            parse_quote! { vec![a()?, b] },
        ] {
            let mac: Macro = mac;
            let tokens = mac.tokens.to_string();
            let (found, came_out) = count(mac);
            assert!(found > 1);
            assert_eq!(came_out, tokens);
        }
    }

    #[test]
    fn expressions_are_read_in_macros_that_evaluate_them() {
        let read = |mac: Macro| expressions(&mac).len();
        assert_eq!(read(parse_quote! { format!("{a} {} {b}", a.b, b = a.c) }), 3);
        assert_eq!(read(parse_quote! { anyhow::ensure!(a.b < c, "no {}", a.d) }), 3);
        assert_eq!(read(parse_quote! { info!(rate = %a.b, "so") }), 0);
        assert_eq!(read(parse_quote! { other!(a.b) }), 0);
    }

    #[test]
    fn what_is_not_known_is_left_alone() {
        for mac in [
            parse_quote! { assert!(a()?) },
            parse_quote! { other::println!("{}", a()?) },
            parse_quote! { println!("{}", a) },
            parse_quote! { vec![in bump; a()?] },
        ] {
            assert_eq!(count(mac).0, 0);
        }
    }
}
