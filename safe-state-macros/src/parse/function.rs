//! Parses the function under the attribute: what kind it is, its arguments, what it returns.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::quote_spanned;
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::visit_mut::{self, VisitMut};
use syn::{
    Attribute, Error, Expr, ExprForLoop, ExprLet, ExprWhile, FnArg, ItemFn, Pat, Receiver,
    ReceiverKind, Result, ReturnType, Signature, TraitItemFn, Type, TypeImplTrait, parse_quote,
};

use crate::parse::parameters::MadeOf;
use crate::syntax::bindings::{Binding, bindings};
use crate::syntax::groups::KeptWhole;
use crate::syntax::hygiene::{IGNORED, RESERVED};

/// A variable that an argument binds.
pub(crate) struct Argument {
    pub(crate) ident: Ident,
    /// Whether the variable is bound by value as `mut`.
    pub(crate) is_mut: bool,
    /// The argument's type as written; none for the parts of a pattern.
    pub(crate) ty: Option<Type>,
    pub(crate) made_of: MadeOf,
    /// The `#[cfg(..)]` attributes that decide whether the argument exists.
    pub(crate) cfgs: Vec<Attribute>,
}

impl Argument {
    pub(crate) fn name(&self) -> String {
        self.ident.unraw().to_string()
    }

    /// Returns whether the argument is written as `_`.
    pub(crate) fn is_ignored(&self) -> bool {
        self.name().starts_with(IGNORED)
    }

    /// Returns the type of the argument's value: for a `&mut T`, the `T`.
    pub(crate) fn value_type(&self) -> Option<Type> {
        match self.ty.as_ref()? {
            Type::Reference(it) if it.mutability.is_some() => Some((*it.elem).clone()),
            ty => Some(ty.clone()),
        }
    }

    pub(crate) fn is_mut_reference(&self) -> bool {
        matches!(&self.ty, Some(Type::Reference(it)) if it.mutability.is_some())
    }
}

/// Parses the item, or returns an error that says what is wrong with it.
pub(crate) fn parse(item: TokenStream) -> Result<ItemFn> {
    let mut function = syn::parse2::<ItemFn>(item.clone())
        .or_else(|error| syn::parse2(blocks_bare(item.clone())).map_err(|_| error))
        .map_err(|error| not_a_function(item).unwrap_or(error))?;
    check(&function)?;
    KeptWhole.visit_item_fn_mut(&mut function);
    InParens.visit_block_mut(&mut function.block);
    Ok(function)
}

/// A visitor that puts the alternatives in a loop's pattern in parentheses: the loop's items are bound by a `let`,
/// which needs them.
struct InParens;

impl InParens {
    fn change(pat: &mut Pat) {
        let Pat::Or(alternatives) = pat else { return };
        alternatives.leading_vert = None;
        let mut cases = std::mem::take(&mut alternatives.cases);
        *pat = match cases.pop() {
            Some(only) if cases.is_empty() => only,
            last => {
                cases.extend(last);
                parse_quote!((#cases))
            }
        };
    }
}

impl VisitMut for InParens {
    fn visit_expr_for_loop_mut(&mut self, it: &mut ExprForLoop) {
        InParens::change(&mut it.pat);
        visit_mut::visit_expr_for_loop_mut(self, it);
    }

    fn visit_expr_while_mut(&mut self, it: &mut ExprWhile) {
        if let Expr::Let(ExprLet { pat, .. }) = &mut *it.cond
            && let Pat::TupleStruct(some) = &mut **pat
        {
            some.elems.iter_mut().for_each(InParens::change);
        }
        visit_mut::visit_expr_while_mut(self, it);
    }
}

/// Returns the tokens, in which the blocks that a `macro_rules!` passes on as `$body:block` stand outside of their
/// invisible groups: no statement may follow these.
fn blocks_bare(tokens: TokenStream) -> TokenStream {
    let bare = |token: TokenTree| {
        let TokenTree::Group(group) = token else { return token };
        let inside = blocks_bare(group.stream());
        let mut tokens = inside.clone().into_iter();
        match (group.delimiter(), tokens.next(), tokens.next()) {
            (Delimiter::None, Some(TokenTree::Group(block)), None)
                if block.delimiter() == Delimiter::Brace =>
            {
                block.into()
            }
            _ => {
                let mut bare = Group::new(group.delimiter(), inside);
                bare.set_span(group.span());
                bare.into()
            }
        }
    };
    tokens.into_iter().map(bare).collect()
}

fn check(function: &ItemFn) -> Result<()> {
    let sig = &function.sig;
    if let Some(token) = &sig.constness {
        return Err(Error::new(
            token.span,
            "a `const fn` can't save its progress; remove the `const`",
        ));
    }
    if let Some(variadic) = &sig.variadic {
        return Err(Error::new_spanned(
            variadic,
            "a variadic function can't be resumable; pass a slice",
        ));
    }
    if let Some(second) = function.attrs.iter().find(|attr| is_resumable(attr)) {
        return Err(Error::new_spanned(second, "`#[resumable]` is given twice; remove one"));
    }
    Ok(())
}

pub(crate) fn is_resumable(attribute: &Attribute) -> bool {
    attribute.path().segments.last().is_some_and(|segment| segment.ident == "resumable")
}

/// Returns the place of syntax that can't be read in an item that looks like a function with a body. The compiler has
/// read the item before, and has reported the mistake itself, unless it knows more of the language.
pub(crate) fn unreadable(item: &TokenStream) -> Option<Span> {
    let error = syn::parse2::<ItemFn>(item.clone()).err()?;
    let is_read = syn::parse2::<ItemFn>(blocks_bare(item.clone())).is_ok();
    let tokens: Vec<TokenTree> = item.clone().into_iter().collect();
    let has_body =
        matches!(tokens.last(), Some(TokenTree::Group(it)) if it.delimiter() == Delimiter::Brace);
    let looks_like_one = has_body && has_fn(&tokens) && item_keyword(item.clone()).is_none();
    (!is_read && looks_like_one).then(|| error.span())
}

fn has_fn(tokens: &[TokenTree]) -> bool {
    tokens.iter().any(|token| matches!(token, TokenTree::Ident(it) if it == "fn"))
}

/// Returns the error for an item that is no function with a body; none if it looks like one, as the parser's error then
/// says more.
fn not_a_function(item: TokenStream) -> Option<Error> {
    if let Ok(TraitItemFn { semi_token: Some(semi), default: None, .. }) = syn::parse2(item.clone())
    {
        let text = "this function has no body; put `#[resumable]` on its implementation";
        return Some(Error::new(semi.span, text));
    }
    let tokens: Vec<TokenTree> = item.clone().into_iter().collect();
    let Some(keyword) = item_keyword(item) else {
        let text =
            "`#[resumable]` goes on a function; put it on the one whose loop is to be resumed";
        return tokens.first().filter(|_| !has_fn(&tokens)).map(|it| Error::new(it.span(), text));
    };
    let text = match keyword.to_string().as_str() {
        "impl" | "trait" => {
            "`#[resumable]` goes on a function; put it on the method whose loop is to be resumed"
        }
        _ => "`#[resumable]` goes on a function; put it on the one whose loop is to be resumed",
    };
    Some(Error::new(keyword.span(), text))
}

/// Returns the keyword that says what an item is; none if it is `fn`, or if the item has none.
fn item_keyword(item: TokenStream) -> Option<Ident> {
    const KEYWORDS: &[&str] = &[
        "struct",
        "enum",
        "union",
        "mod",
        "impl",
        "trait",
        "use",
        "static",
        "const",
        "type",
        "macro_rules",
        "extern",
    ];
    let mut words = item.into_iter().filter_map(|token| match token {
        TokenTree::Ident(ident) => Some(ident),
        _ => None,
    });
    let first = words.find(|word| KEYWORDS.iter().any(|keyword| word == keyword))?;
    // The keyword is a qualifier in `const fn` and `extern "C" fn`.
    let is_qualifier = words.next().is_some_and(|next| {
        ["fn", "unsafe", "async", "extern"].iter().any(|qualifier| next == qualifier)
    });
    Some(first).filter(|_| !is_qualifier)
}

/// Returns the signature with a name for each argument that is `_`. Without a name, an argument can't be taken into the
/// closure that the body becomes, and would be dropped after all others.
pub(crate) fn with_names(sig: &Signature) -> Signature {
    let mut sig = sig.clone();
    for (at, input) in sig.inputs.iter_mut().enumerate() {
        if let FnArg::Typed(typed) = input
            && let Pat::Wild(wild) = &*typed.pat
        {
            let span = crate::syntax::hygiene::at(wild.underscore_token.span);
            let name = Ident::new(&format!("{IGNORED}{at}"), span);
            *typed.pat = syn::parse_quote_spanned! {span=> #name };
        }
    }
    sig
}

/// Returns the variables that the arguments bind, in order, `self` first.
pub(crate) fn arguments(sig: &Signature) -> Result<Vec<Argument>> {
    let mut arguments = Vec::new();
    for input in &sig.inputs {
        let (attrs, found) = match input {
            FnArg::Receiver(receiver) => (&receiver.attrs, vec![received(receiver)]),
            FnArg::Typed(typed) => (&typed.attrs, bound(typed)),
        };
        let cfgs: Vec<Attribute> =
            attrs.iter().filter(|attr| attr.path().is_ident("cfg")).cloned().collect();
        for (Binding { ident, is_mut }, ty) in found {
            let name = ident.to_string();
            if name.starts_with(RESERVED) && !name.starts_with(IGNORED) {
                let text = format!(
                    "names that begin with `{RESERVED}` are kept for generated code; rename it"
                );
                return Err(Error::new(ident.span(), text));
            }
            let made_of = ty.as_ref().map_or(MadeOf::Others, |ty| MadeOf::of(ty, &sig.generics));
            arguments.push(Argument { ident, is_mut, ty, made_of, cfgs: cfgs.clone() });
        }
    }
    Ok(arguments)
}

fn received(receiver: &Receiver) -> (Binding, Option<Type>) {
    let ident = Ident::from(receiver.self_token);
    let ty = match &receiver.kind {
        ReceiverKind::Reference(and, _, mutability) => {
            let site = Span::mixed_site();
            syn::parse2(quote_spanned! {site=> #and #mutability Self }).ok()
        }
        ReceiverKind::Typed(_, ty) => Some((**ty).clone()),
        _ => None,
    };
    (Binding { ident, is_mut: receiver.mutability.is_some() }, ty)
}

fn bound(typed: &syn::PatType) -> Vec<(Binding, Option<Type>)> {
    let is_plain = matches!(&*typed.pat, Pat::Ident(_));
    let ty = || is_plain.then(|| (*typed.ty).clone());
    bindings(&typed.pat).into_iter().map(|binding| (binding, ty())).collect()
}

/// The return type of a function, as generated code can write it.
pub(crate) enum Returned {
    /// A type, with `_` for each `impl Trait` in it.
    Type(Box<Type>),
    /// `impl Trait` alone: nothing is known but that it is one type.
    Opaque,
    /// `!`: the function does not return.
    Never,
}

impl Returned {
    pub(crate) fn of(output: &ReturnType) -> Self {
        match output {
            ReturnType::Default => {
                Returned::Type(Box::new(syn::parse_quote_spanned!(Span::mixed_site()=> ())))
            }
            ReturnType::Type(_, ty) => Returned::of_type(ty),
        }
    }

    pub(crate) fn of_type(ty: &Type) -> Self {
        match ty {
            Type::Never(_) => Returned::Never,
            Type::ImplTrait(_) => Returned::Opaque,
            written => {
                let mut ty = written.clone();
                ForgetImpl.visit_type_mut(&mut ty);
                Returned::Type(Box::new(ty))
            }
        }
    }

    /// Returns the type, if it is written as an `Option`.
    pub(crate) fn option(&self) -> Option<&Type> {
        self.path_type().filter(|(name, _)| *name == "Option").map(|(_, ty)| ty)
    }

    /// Returns the type, if it has a name other than `Result`: it may be an `Option`.
    pub(crate) fn maybe_option(&self) -> Option<&Type> {
        self.path_type().filter(|(name, _)| *name != "Result").map(|(_, ty)| ty)
    }

    /// Returns the last name of the type, and the type, if it has a name.
    fn path_type(&self) -> Option<(&Ident, &Type)> {
        let Returned::Type(ty) = self else { return None };
        let Type::Path(path) = &**ty else { return None };
        path.path.segments.last().map(|segment| (&segment.ident, &**ty))
    }
}

/// A visitor that replaces `impl Trait`, which only a signature can write, by `_`.
struct ForgetImpl;

impl VisitMut for ForgetImpl {
    fn visit_type_mut(&mut self, ty: &mut Type) {
        if let Type::ImplTrait(TypeImplTrait { .. }) = ty {
            let span = crate::syntax::hygiene::at(ty.span());
            *ty = syn::parse_quote_spanned!(span=> _);
        }
        visit_mut::visit_type_mut(self, ty);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quote::{ToTokens, quote};

    fn refused(item: TokenStream) -> String {
        parse(item).map(|_| ()).unwrap_err().to_string()
    }

    #[test]
    fn what_is_no_function_is_said() {
        assert!(refused(quote! { pub(crate) struct S; }).contains("goes on a function"));
        assert!(refused(quote! { const F: fn() = f; }).contains("goes on a function"));
        assert!(refused(quote! { unsafe extern "C" {} }).contains("goes on a function"));
        assert!(refused(quote! { extern "C" fn f(x: u8, ...) {} }).contains("pass a slice"));
        assert!(!refused(quote! { extern "C" fn f() }).contains("goes on a function"));
        assert!(refused(quote! { impl S {} }).contains("on the method"));
        assert!(refused(quote! { fn f(&self); }).contains("on its implementation"));
        assert!(refused(quote! { const fn f() {} }).contains("remove the `const`"));
        assert!(refused(quote! { #[safe_state::resumable] fn f() {} }).contains("twice"));
    }

    #[test]
    fn every_variable_of_the_arguments_is_found() {
        let sig = parse(quote! { fn f(&self, (a, items): (u32, Vec<u32>), _: u8, mut b: u8) {} })
            .unwrap()
            .sig;
        let names: Vec<String> = arguments(&sig).unwrap().iter().map(Argument::name).collect();
        assert_eq!(names, ["self", "a", "items", "b"]);
    }

    #[test]
    fn impl_trait_is_forgotten_where_it_cannot_be_written() {
        let output: ReturnType = syn::parse_quote!(-> Result<impl Iterator<Item = u8>, E>);
        let Returned::Type(ty) = Returned::of(&output) else { unreachable!() };
        assert_eq!(ty.to_token_stream().to_string(), "Result < _ , E >");
        assert!(matches!(Returned::of(&syn::parse_quote!(-> impl Fn())), Returned::Opaque));
        assert!(matches!(Returned::of(&syn::parse_quote!(-> !)), Returned::Never));
    }
}
