//! Replaces `self`, and fields, by other names in the tokens of a copy: `self` can't be a local.

use proc_macro2::{Group, Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::visit_mut::{self, VisitMut};
use syn::{Expr, FieldValue, Member};

/// Writes `field: field` for each field that a struct expression gives by its name alone, so that the value can be replaced.
pub(crate) fn spell_out_fields(expr: &mut Expr) {
    struct Fields;
    impl VisitMut for Fields {
        fn visit_field_value_mut(&mut self, it: &mut FieldValue) {
            it.colon_token.get_or_insert_default();
            visit_mut::visit_field_value_mut(self, it);
        }
    }
    Fields.visit_expr_mut(expr);
}

/// A variable or field that gets another name.
#[derive(Clone)]
pub(crate) struct Renamed {
    pub(crate) root: String,
    pub(crate) fields: Vec<Member>,
    pub(crate) to: Ident,
}

impl Renamed {
    /// Returns how many of the first tokens are this variable or field; none if they are something else.
    fn matches(&self, tokens: &[TokenTree]) -> Option<usize> {
        let [TokenTree::Ident(root), rest @ ..] = tokens else { return None };
        if root.unraw() != self.root {
            return None;
        }
        let mut rest = rest;
        for field in &self.fields {
            let [TokenTree::Punct(dot), name, behind @ ..] = rest else { return None };
            if dot.as_char() != '.' || name.to_string() != field.to_token_stream().to_string() {
                return None;
            }
            rest = behind;
        }
        let is_punct = |at: usize, char| matches!(rest.get(at), Some(TokenTree::Punct(it)) if it.as_char() == char);
        let is_path = is_punct(0, ':') && is_punct(1, ':');
        let is_call = !self.fields.is_empty()
            && matches!(rest.first(), Some(TokenTree::Group(_)))
            && rest.first().is_some_and(is_parenthesized);
        (!is_path && !is_call).then(|| 1 + 2 * self.fields.len())
    }
}

/// Returns whether the token is in parentheses, so that the name before it names a method.
fn is_parenthesized(token: &TokenTree) -> bool {
    matches!(token, TokenTree::Group(group) if group.delimiter() == proc_macro2::Delimiter::Parenthesis)
}

/// Returns the tokens with the other names. If two names fit, the longer one is replaced.
pub(crate) fn rename(tokens: TokenStream, names: &[Renamed]) -> TokenStream {
    if names.is_empty() {
        return tokens;
    }
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut renamed: Vec<TokenTree> = Vec::new();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        let rest = tokens.get(at..).unwrap_or_default();
        let fitting = names.iter().filter_map(|name| Some((name.matches(rest)?, name)));
        let longest = fitting.max_by_key(|(length, _)| *length).filter(|_| !is_member(&renamed));
        match (longest, token) {
            (Some((length, name)), _) => {
                let mut to = name.to.clone();
                to.set_span(name.to.span().located_at(token.span()));
                renamed.push(to.into());
                at += length;
                continue;
            }
            (None, TokenTree::Group(group)) => {
                let mut inside = Group::new(group.delimiter(), rename(group.stream(), names));
                inside.set_span(group.span());
                renamed.push(inside.into());
            }
            (None, token) => renamed.push(token.clone()),
        }
        at += 1;
    }
    renamed.into_iter().collect()
}

/// Returns whether the tokens before end in a single dot, so that the name of a field or a method follows.
fn is_member(before: &[TokenTree]) -> bool {
    let is_dot = |token: Option<&TokenTree>| matches!(token, Some(TokenTree::Punct(it)) if it.as_char() == '.');
    let (last, before_last) =
        (before.last(), before.len().checked_sub(2).and_then(|at| before.get(at)));
    is_dot(last) && !is_dot(before_last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proc_macro2::Span;
    use quote::quote;

    #[test]
    fn the_longest_of_the_names_is_replaced() {
        let name = |root: &str, fields: Vec<Member>, to: &str| Renamed {
            root: root.to_owned(),
            fields,
            to: Ident::new(to, Span::call_site()),
        };
        let names = [
            name("self", Vec::new(), "this"),
            name("self", vec![syn::parse_quote! { total }], "total"),
            name("it", Vec::new(), "head"),
        ];
        let tokens = quote! { self.total += self.rate; self.total(x.self); log!(self); self::f(it..it, a.it) };
        let expected = quote! { total += this.rate; this.total(x.self); log!(this); self::f(head..head, a.it) };
        assert_eq!(rename(tokens, &names).to_string(), expected.to_string());
    }
}
