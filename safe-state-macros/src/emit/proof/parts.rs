//! Finds variables of which a field may have been moved before the loop, and the fields that are still used.
//!
//! ```text
//! let files = args.files;    // of `args` only its other fields can be borrowed now
//! for file in files { send(file, args.rate)? }
//! ```

use proc_macro2::{Delimiter, Ident, Spacing, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::{Index, Member, Type};

use crate::analyse::outer::{Kind, Outer};
use crate::analyse::survey::Scope;
use crate::parse::options::variable::Variable;
use crate::syntax::free_idents::free_idents;
use crate::syntax::free_variables as free;

/// Returns the variables of which a field may have been moved. What is behind a reference can't be.
pub(crate) fn taken_apart<'o>(
    outer: impl IntoIterator<Item = &'o Outer<'o>>,
    scope: &Scope,
) -> Vec<Ident> {
    let owns = |it: &&'o Outer<'o>| {
        let ty = match it.kind {
            Kind::Argument(argument) => argument.ty.as_ref(),
            Kind::Local(local) => local.ty.as_ref(),
            Kind::Pattern(_) | Kind::OfMacro => None,
        };
        !matches!(ty, Some(Type::Reference(_)))
    };
    let is_one = |it: &&'o Outer<'o>| free::holds(&scope.apart, &it.ident) && owns(it);
    outer.into_iter().filter(is_one).map(|it| it.ident.clone()).collect()
}

/// Returns the fields by which the tokens use the variable; none if they use it as a whole.
pub(crate) fn used(tokens: TokenStream, variable: &Ident) -> Option<Vec<Variable>> {
    let mut fields = Vec::new();
    collect(tokens, variable, &mut fields)?;
    Some(fields)
}

/// Returns whether the tokens name a field or a method of the variable.
pub(crate) fn has_members(tokens: TokenStream, variable: &Ident) -> bool {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let within = |token: &TokenTree| matches!(token, TokenTree::Group(it) if has_members(it.stream(), variable));
    let is_member = |pair: &[TokenTree]| matches!(pair, [TokenTree::Ident(it), TokenTree::Punct(dot)] if it == variable && dot.as_char() == '.');
    tokens.windows(2).any(is_member) || tokens.iter().any(within)
}

fn collect(tokens: TokenStream, variable: &Ident, found: &mut Vec<Variable>) -> Option<()> {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    for (at, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Group(group) => collect(group.stream(), variable, found)?,
            TokenTree::Ident(it) if it.unraw() == variable.unraw() && !is_member(&tokens, at) => {
                let fields = fields(tokens.get(at + 1..).unwrap_or_default());
                let place = Variable { root: variable.clone(), fields };
                if place.is_whole() {
                    return None;
                }
                if !found.contains(&place) {
                    found.push(place);
                }
            }
            // A format string names whole variables.
            TokenTree::Literal(it) => {
                let names = free_idents(it.to_token_stream());
                if names.contains(&variable.unraw().to_string()) {
                    return None;
                }
            }
            _ => {}
        }
    }
    Some(())
}

/// Returns the fields that the tokens behind a variable name.
fn fields(mut rest: &[TokenTree]) -> Vec<Member> {
    let mut fields = Vec::new();
    while let [TokenTree::Punct(dot), name, behind @ ..] = rest {
        let is_dot = dot.as_char() == '.' && dot.spacing() == Spacing::Alone;
        let is_method = match behind.first() {
            Some(TokenTree::Group(group)) => group.delimiter() == Delimiter::Parenthesis,
            Some(TokenTree::Punct(it)) => it.as_char() == ':' && it.spacing() == Spacing::Joint,
            _ => false,
        };
        let members = match name {
            TokenTree::Ident(it) if it != "await" => vec![Member::Named(it.clone())],
            // Two numbers in a row are one token.
            TokenTree::Literal(it) => {
                let number = |it: &str| it.parse().ok();
                let numbers: Option<Vec<u32>> = it.to_string().split('.').map(number).collect();
                let member = |index| Member::Unnamed(Index { index, span: it.span() });
                numbers.into_iter().flatten().map(member).collect()
            }
            _ => Vec::new(),
        };
        if members.is_empty() || !is_dot || is_method {
            break;
        }
        fields.extend(members);
        rest = behind;
    }
    fields
}

/// Returns whether a single dot stands before the token, so that it names a field or a method.
fn is_member(tokens: &[TokenTree], at: usize) -> bool {
    let is_dot = |before: usize| {
        let token = at.checked_sub(before).and_then(|at| tokens.get(at));
        matches!(token, Some(TokenTree::Punct(it)) if it.as_char() == '.')
    };
    is_dot(1) && !is_dot(2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use quote::quote;

    #[track_caller]
    fn check(tokens: TokenStream, expected: Option<&[&str]>) {
        let used = used(tokens, &syn::parse_quote! { x });
        let names: Option<Vec<String>> = used.map(|used| used.iter().map(Variable::name).collect());
        let names = names.as_ref().map(|names| names.iter().map(String::as_str).collect());
        let names: Option<Vec<&str>> = names;
        assert_eq!(names.as_deref(), expected);
    }

    #[test]
    fn fields_are_told_from_the_whole() {
        check(quote! { f(x.a, &x.b.c.d(), x.a[1]) + y.x }, Some(&["x.a", "x.b.c"]));
        check(quote! { log!("{}", x.0); x.1.2.len() }, Some(&["x.0", "x.1.2"]));
        check(quote! { f(x.a, x) }, None);
        check(quote! { x.a(); }, None);
        check(quote! { log!("{x}") }, None);
        check(quote! { x.await }, None);
    }
}
