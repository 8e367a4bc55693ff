//! The variables that the call of a macro may declare.

use proc_macro2::{Ident, Spacing, TokenStream, TokenTree};
use syn::Macro;

use crate::syntax::std_macros::is_of_std;

/// Returns the names in a call that stand where a macro is told what to declare, as in `total!(sum)` and in
/// `pin! { let rows = rows(); }`. Macros of the standard library declare nothing.
pub(super) fn declared(mac: &Macro) -> Vec<Ident> {
    let mut names = Vec::new();
    if !is_of_std(&mac.path) {
        collect(mac.tokens.clone(), &mut names);
    }
    names
}

fn collect(tokens: TokenStream, names: &mut Vec<Ident>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut begins = true;
    for (at, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Group(group) => collect(group.stream(), names),
            TokenTree::Ident(it) if is_keyword(it) => {
                begins = true;
                continue;
            }
            TokenTree::Ident(it) if begins && ends(tokens.get(at + 1..).unwrap_or_default()) => {
                // A constant looks like this.
                names.extend(Some(it.clone()).filter(|it| !is_uppercase(it)));
            }
            _ => {}
        }
        begins = matches!(token, TokenTree::Punct(it) if [',', ';'].contains(&it.as_char()));
    }
}

fn is_keyword(ident: &Ident) -> bool {
    ident == "let" || ident == "mut" || ident == "ref"
}

fn is_uppercase(ident: &Ident) -> bool {
    ident.to_string().starts_with(char::is_uppercase)
}

/// Returns whether a declared name may end before the tokens: no call, path, field or operator begins there.
fn ends(rest: &[TokenTree]) -> bool {
    match rest {
        [] => true,
        [TokenTree::Punct(it), ..] => match it.as_char() {
            ',' | ';' => true,
            ':' | '=' => it.spacing() == Spacing::Alone,
            _ => false,
        },
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(mac: &Macro, expected: &[&str]) {
        let names: Vec<String> = declared(mac).iter().map(ToString::to_string).collect();
        assert_eq!(names, expected);
    }

    #[test]
    fn names_stand_where_they_may_be_declared() {
        check(&syn::parse_quote! { total!(sum) }, &["sum"]);
        check(
            &syn::parse_quote! { pin! { let rows = rows(); let mut b: u8 = f(c.d); } },
            &["rows", "b"],
        );
        check(&syn::parse_quote! { all!(a: u32, mut b = 1; (c, d) => e) }, &["a", "b", "c", "d"]);
        check(&syn::parse_quote! { info!(a.b, c::d, "{}", f(x + y)) }, &[]);
        check(&syn::parse_quote! { println!("{} {}", a, b) }, &[]);
    }
}
