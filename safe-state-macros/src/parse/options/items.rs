//! Parses the options about a loop's items: how the next run knows them, and what is recorded of one that fails. They
//! are given on the attribute, or in `#[resume(..)]` on the loop.

use proc_macro2::{Ident, Span};
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::visit_mut::VisitMut;
use syn::{Attribute, Error, Expr, ExprClosure, Meta, Pat, Result, Token};

use super::forms::{bare, value};
use super::policy::{self, PolicyOptions};
use super::side_by_side::{self, SideBySide};
use crate::syntax::groups::KeptWhole;

const NAMES: [&str; 7] =
    ["key", "cursor", "check", "consumed", "capture", "concurrency", "threads"];

/// Returns the names of the options about items.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    NAMES.into_iter().chain(policy::NAMES)
}

#[derive(Clone, Default)]
pub(crate) struct ItemOptions {
    pub(crate) identity: Identity,
    pub(crate) capture: Vec<Capture>,
    pub(crate) policy: PolicyOptions,
    pub(crate) side_by_side: Option<SideBySide>,
}

/// The way in which the next run knows an item again.
#[derive(Clone, Default)]
pub(crate) enum Identity {
    #[default]
    Index,
    /// By the index; what the closure makes of an item is compared.
    Check(OfItem),
    /// Not at all, as no item comes again. Holds the place of the option.
    Consumed(Span),
    Key(OfItem),
    Cursor(OfItem),
}

impl Identity {
    /// Returns the place of the option, if it is given.
    pub(crate) fn place(&self) -> Option<Span> {
        match self {
            Identity::Check(of_item) | Identity::Key(of_item) | Identity::Cursor(of_item) => {
                Some(of_item.option)
            }
            Identity::Consumed(option) => Some(*option),
            Identity::Index => None,
        }
    }
}

/// A closure of an item, such as `|row| row.id`.
#[derive(Clone)]
pub(crate) struct OfItem {
    /// The place of the option.
    pub(crate) option: Span,
    pub(crate) pat: Pat,
    pub(crate) body: Expr,
}

/// A value to record, as `tracing` writes its fields: `name = ?expr`.
#[derive(Clone)]
pub(crate) struct Capture {
    pub(crate) name: String,
    pub(crate) form: Form,
    pub(crate) expr: Expr,
}

/// The way in which a value becomes text.
#[derive(Clone, Copy)]
pub(crate) enum Form {
    /// By `Debug`, written as `?`.
    Debug,
    /// By `Display`, written as `%`.
    Display,
    /// By whichever of the two the value has.
    Any,
}

impl ItemOptions {
    /// Returns the options of a `#[resume]` or `#[resume(..)]`.
    pub(crate) fn of_marker(marker: &Attribute) -> Result<Self> {
        match &marker.meta {
            Meta::Path(_) => Ok(ItemOptions::default()),
            Meta::List(list) if marker.path().segments.len() == 1 => list.parse_args(),
            _ => {
                Err(Error::new_spanned(marker, "write it as `#[resume]`, or `#[resume(key = ..)]`"))
            }
        }
    }

    /// Returns the place of one of the options, if any is given. The option that says how items are known goes first.
    pub(crate) fn place(&self) -> Option<Span> {
        match &self.identity {
            Identity::Key(of_item) | Identity::Cursor(of_item) | Identity::Check(of_item) => {
                Some(of_item.option)
            }
            Identity::Consumed(option) => Some(*option),
            Identity::Index => {
                let capture = self.capture.first().map(|capture| capture.expr.span());
                let beside = self.side_by_side.as_ref().map(|it| it.option);
                capture.or_else(|| self.policy.place()).or(beside)
            }
        }
    }

    /// Parses the option, which is one of [`names`], and stores it.
    pub(crate) fn parse_one(&mut self, option: &Ident, input: ParseStream<'_>) -> Result<()> {
        if option == "capture" {
            self.capture = captures(option, input)?;
            return Ok(());
        }
        if side_by_side::NAMES.iter().any(|name| option == name) {
            return side_by_side::parse(&mut self.side_by_side, option, input);
        }
        let name = option.to_string();
        let make = match name.as_str() {
            "key" => Identity::Key,
            "cursor" => Identity::Cursor,
            "check" => Identity::Check,
            "consumed" => |of_item: OfItem| Identity::Consumed(of_item.option),
            _ => return self.policy.parse_one(option, input),
        };
        if !matches!(self.identity, Identity::Index) {
            let text = "items are known in one way: by `key`, by `cursor`, by their index with `check`, or not at \
                        all, as they are `consumed`; remove one";
            return Err(Error::new(option.span(), text));
        }
        self.identity = make(if option == "consumed" {
            OfItem::nothing(option)
        } else {
            OfItem::parse(option, value(option, input)?)?
        });
        Ok(())
    }
}

impl Parse for ItemOptions {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut options = ItemOptions::default();
        while !input.is_empty() {
            let option = Ident::parse_any(input)?;
            if !names().any(|name| option == name) {
                let text = format!(
                    "there is no `{option}` for one loop; expected one of {}",
                    names().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
                );
                return Err(Error::new(option.span(), text));
            }
            options.parse_one(&option, input)?;
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        options.policy.check()?;
        Ok(options)
    }
}

impl OfItem {
    /// Returns a closure that makes nothing of an item, for an option that takes no value.
    fn nothing(option: &Ident) -> Self {
        OfItem { option: option.span(), pat: syn::parse_quote!(_), body: syn::parse_quote!(()) }
    }

    fn parse(option: &Ident, value: Expr) -> Result<Self> {
        let span = option.span();
        match bare(value) {
            Expr::Closure(ExprClosure { inputs, body, .. }) if inputs.len() == 1 => {
                let pat = inputs.into_iter().next().ok_or_else(|| expected(option, option))?;
                Ok(OfItem { option: span, pat, body: *body })
            }
            Expr::Path(path) => {
                let item = crate::syntax::hygiene::local("item");
                Ok(OfItem {
                    option: span,
                    pat: syn::parse_quote!(#item),
                    body: syn::parse_quote!(#path(#item)),
                })
            }
            other => Err(expected(option, &other)),
        }
    }
}

fn expected(option: &Ident, place: &impl Spanned) -> Error {
    let text = format!("expected a closure of one item, such as `{option} = |row| row.id`");
    Error::new(place.span(), text)
}

fn captures(option: &Ident, input: ParseStream<'_>) -> Result<Vec<Capture>> {
    if !input.peek(syn::token::Paren) {
        let text =
            "`capture` needs what is to be recorded; write `capture(url = %item.url, ?item)`";
        return Err(Error::new(option.span(), text));
    }
    let fields;
    syn::parenthesized!(fields in input);
    let fields: Punctuated<Capture, Token![,]> =
        fields.parse_terminated(Capture::parse, Token![,])?;
    Ok(fields.into_iter().collect())
}

impl Parse for Capture {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let name = if input.peek(Ident::peek_any) && input.peek2(Token![=]) {
            let name = Ident::parse_any(input)?;
            input.parse::<Token![=]>()?;
            Some(name.unraw().to_string())
        } else {
            None
        };
        let form = if input.parse::<Option<Token![?]>>()?.is_some() {
            Form::Debug
        } else if input.parse::<Option<Token![%]>>()?.is_some() {
            Form::Display
        } else {
            Form::Any
        };
        let mut expr: Expr = input.parse()?;
        KeptWhole.visit_expr_mut(&mut expr);
        let name = name.unwrap_or_else(|| as_written(&expr));
        Ok(Capture { name, form, expr })
    }
}

/// Returns the expression as text, with spaces only between words.
fn as_written(expr: &Expr) -> String {
    let is_of_word = |c: char| c.is_alphanumeric() || c == '_';
    let tokens = expr.to_token_stream().to_string();
    let mut text = String::with_capacity(tokens.len());
    for part in tokens.split_whitespace() {
        if text.ends_with(is_of_word) && part.starts_with(is_of_word) {
            text.push(' ');
        }
        text.push_str(part);
    }
    text
}
