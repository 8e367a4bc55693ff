//! Parses what `carry`, `reconnect` and `fresh` name: a variable, or a field of one.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{Member, Result, Token};

use crate::syntax::hygiene::at;

/// A variable, such as `total`, or a field of one, such as `self.stats.total`.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Variable {
    /// The variable itself, or the one that has the field.
    pub(crate) root: Ident,
    pub(crate) fields: Vec<Member>,
}

impl Parse for Variable {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let root =
            if input.peek(Token![self]) { input.call(Ident::parse_any)? } else { input.parse()? };
        let mut fields = Vec::new();
        while input.peek(Token![.]) {
            input.parse::<Token![.]>()?;
            fields.push(input.parse()?);
        }
        Ok(Variable { root, fields })
    }
}

impl Variable {
    pub(crate) fn is_whole(&self) -> bool {
        self.fields.is_empty()
    }

    /// Returns whether this is the variable `ident`, as a whole.
    pub(crate) fn is(&self, ident: &Ident) -> bool {
        self.is_whole() && self.root == *ident
    }

    /// Returns whether it is `self` as a whole, also by the name that `#[async_trait]` gives it.
    pub(crate) fn is_self(&self) -> bool {
        self.is_whole() && (self.root == "self" || self.root == "__self")
    }

    /// Returns whether `place` is this variable or field, or a part of it.
    pub(crate) fn holds(&self, place: &Variable) -> bool {
        self.root == place.root && place.fields.starts_with(&self.fields)
    }

    /// Returns the name as it is written, without `r#`. The value is stored under this name.
    pub(crate) fn name(&self) -> String {
        let fields = self.fields.iter().map(|field| match field {
            Member::Named(name) => format!(".{}", name.unraw()),
            Member::Unnamed(index) => format!(".{}", index.index),
        });
        std::iter::once(self.root.unraw().to_string()).chain(fields).collect()
    }

    pub(crate) fn span(&self) -> Span {
        self.root.span()
    }

    /// Returns the variable or field as an expression of generated code.
    pub(crate) fn place(&self) -> TokenStream {
        let (root, fields) = (&self.root, &self.fields);
        quote_spanned! {at(root.span())=> #root #(.#fields)* }
    }
}

impl ToTokens for Variable {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        tokens.extend(self.place());
    }
}
