//! Finds the lists that code reads at an index: `rows[i]`, `self.rows[i as usize]`, `rows.get(i)`.

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};
use syn::ext::IdentExt;
use syn::{Index, Member};

use crate::parse::options::variable::Variable;

/// Returns the lists that the tokens read at `index`, also within macros. With `as_watermark`, they may also be read from the
/// index on, as in `rows[index..end]`.
pub(crate) fn lists_at(tokens: TokenStream, index: &Ident, as_watermark: bool) -> Vec<Variable> {
    let mut found: Vec<Variable> = Vec::new();
    let mut path = Path::default();
    for token in tokens {
        if let TokenTree::Group(group) = &token {
            let within = group.stream();
            let is_at = at_index(&within, index, as_watermark);
            let list = match group.delimiter() {
                Delimiter::Bracket if is_at => path.place(),
                Delimiter::Parenthesis if is_at => path.receiver_of_get(),
                _ => None,
            };
            let inner = lists_at(within, index, as_watermark);
            for list in list.into_iter().chain(inner) {
                if !found.contains(&list) {
                    found.push(list);
                }
            }
        }
        path.extend(&token);
    }
    found
}

/// A variable with fields behind it, while its tokens are read.
#[derive(Default)]
struct Path {
    names: Vec<Member>,
    /// The number of dots, or of colons, that were read last.
    dots: u8,
    colons: u8,
    /// Whether what stands before it makes it another thing than a variable, as a call or a module does.
    is_broken: bool,
}

impl Path {
    fn extend(&mut self, token: &TokenTree) {
        let (dots, colons) = (self.dots, self.colons);
        (self.dots, self.colons) = (0, 0);
        let member = match token {
            TokenTree::Ident(it) => Some(Member::Named(it.clone())),
            TokenTree::Literal(it) => {
                let index = it.to_string().parse().ok();
                index.map(|index| Member::Unnamed(Index { index, span: it.span() }))
            }
            TokenTree::Punct(it) if it.as_char() == '.' => {
                self.dots = dots + 1;
                return;
            }
            TokenTree::Punct(it) => {
                self.colons = if it.as_char() == ':' { colons + 1 } else { 0 };
                None
            }
            TokenTree::Group(_) => None,
        };
        let goes_on = dots == 1;
        if !goes_on {
            self.names.clear();
        }
        self.is_broken =
            if goes_on { self.is_broken || self.names.is_empty() } else { colons == 2 };
        match member {
            Some(member) => self.names.push(member),
            None => self.names.clear(),
        }
    }

    fn place(&self) -> Option<Variable> {
        let (first, fields) = self.names.split_first().filter(|_| !self.is_broken)?;
        let Member::Named(root) = first else { return None };
        Some(Variable { root: root.clone(), fields: fields.to_vec() })
    }

    /// Returns the variable in `rows.get`.
    fn receiver_of_get(&self) -> Option<Variable> {
        let mut place = self.place()?;
        match place.fields.pop()? {
            Member::Named(name) if name == "get" => Some(place),
            _ => None,
        }
    }
}

/// Returns whether the tokens are the index, alone or as another number; with `as_watermark`, also a range that begins with
/// it.
fn at_index(tokens: &TokenStream, index: &Ident, as_watermark: bool) -> bool {
    let mut tokens = tokens.clone().into_iter().peekable();
    if !matches!(tokens.next(), Some(TokenTree::Ident(it)) if it.unraw() == index.unraw()) {
        return false;
    }
    match tokens.next() {
        None => true,
        Some(TokenTree::Ident(it)) => it == "as",
        Some(TokenTree::Punct(it)) => {
            let is_dots = |it: Option<&TokenTree>| matches!(it, Some(TokenTree::Punct(it)) if it.as_char() == '.');
            as_watermark && it.as_char() == '.' && is_dots(tokens.peek())
        }
        Some(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lists(text: &str, as_watermark: bool) -> Vec<String> {
        let index = Ident::new("i", proc_macro2::Span::call_site());
        let found = lists_at(text.parse().unwrap(), &index, as_watermark);
        found.iter().map(Variable::name).collect()
    }

    #[test]
    fn lists_read_at_an_index_are_seen() {
        assert_eq!(lists("work(&rows[i])?; names[i as usize]", false), ["rows", "names"]);
        assert_eq!(
            lists("println!(\"{}\", self.pairs.0[i]); rows.get(i)", false),
            ["self.pairs.0", "rows"]
        );
        assert_eq!(lists("work(&rows[i..end])?", true), ["rows"]);
        for text in [
            "rows[i - 1]",
            "others[j]",
            "f(x)[i]",
            "f(x).rows[i]",
            "Rows::ALL[i]",
            "rows[i..end]",
            "[i]",
            "vec![i]",
            "rows.swap(i)",
            "get(i)",
            "rows[j].get(i).len()[k]",
        ] {
            assert!(lists(text, false).is_empty(), "{text} {:?}", lists(text, false));
        }
    }
}
