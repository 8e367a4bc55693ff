//! Describes the variables that the function's `let`s bind.

use quote::ToTokens;
use syn::ext::IdentExt;
use syn::{Expr, ExprClosure, Ident, Pat, Type};

use crate::analyse::collections::{is_of_std, makes_channel, makes_collection};
use crate::analyse::opening::Opening;
use crate::analyse::place::{is_place, part};
use crate::analyse::survey::{beside, mentions};
use crate::syntax::bindings::Binding;

/// A variable that a `let` binds.
#[derive(Clone)]
pub(crate) struct Local {
    pub(crate) binding: Binding,
    /// The number of the variable's `let` among all `let`s of the body, from 0.
    pub(crate) at: usize,
    /// Whether the `let` binds nothing else, and has an initialiser.
    pub(crate) is_plain: bool,
    /// Whether the `let` has an `else`, as its pattern may not match.
    pub(crate) is_refutable: bool,
    /// The variable's type, if the source writes it.
    pub(crate) ty: Option<Type>,
    /// Whether the variable's type, or its initialiser, is written as a `&mut`.
    pub(crate) is_mut_reference: bool,
    pub(crate) init: Init,
    /// The loops around the `let`, from the outside in, by their index in the survey.
    pub(crate) around: Vec<usize>,
}

/// The facts about an initialiser that its text shows.
#[derive(Clone)]
pub(crate) struct Init {
    kind: Initialiser,
    pub(crate) opening: Opening,
    /// The variable that the initialiser is, or refers to without `mut`, as a whole or by a field.
    pub(crate) refers_to: Option<String>,
    /// The variable that the initialiser is, is a part of, or is made of by methods.
    pub(crate) made_of: Option<String>,
    /// The field of `made_of` that a pattern binds to the variable: `a.b` in `let S { a: T { b: x }, .. } = s`.
    pub(crate) part: Option<String>,
    /// A method in the initialiser whose items come in the order in which they complete.
    pub(crate) beside: Option<Ident>,
    /// Whether the variable has nothing in it, of a type that may be told only behind the place.
    pub(crate) is_empty: bool,
}

/// The kind of value that a variable begins with.
#[derive(Clone)]
pub(crate) enum Initialiser {
    /// The variable has no value yet.
    None,
    Closure(Box<ExprClosure>),
    /// An expression that makes a collection whose methods are known.
    Collection,
    /// A literal, such as a number or a text.
    Literal,
    /// The value of a `step!`.
    Step,
    /// The call of a function that makes a channel.
    Channel,
    Other,
}

impl Local {
    /// Returns whether the variable has a value from its declaration on.
    pub(crate) fn has_value(&self) -> bool {
        !matches!(self.init.kind, Initialiser::None)
    }

    /// Returns the variable's initialiser, if it is a closure.
    pub(crate) fn closure(&self) -> Option<&ExprClosure> {
        match &self.init.kind {
            Initialiser::Closure(it) => Some(it),
            _ => None,
        }
    }

    /// Returns whether the variable begins with the value of a `step!`, which holds no references.
    pub(crate) fn is_of_step(&self) -> bool {
        matches!(self.init.kind, Initialiser::Step)
    }

    pub(crate) fn is_collection(&self) -> bool {
        matches!(self.init.kind, Initialiser::Collection)
    }

    /// Returns whether the variable is an end of a channel.
    pub(crate) fn is_channel(&self) -> bool {
        matches!(self.init.kind, Initialiser::Channel)
    }

    /// Returns whether the methods of the variable's type are known: it is a collection, a number or a text.
    pub(crate) fn is_of_std(&self) -> bool {
        let is_written = self.value_type().as_ref().is_some_and(is_of_std);
        is_written || matches!(self.init.kind, Initialiser::Collection | Initialiser::Literal)
    }

    /// Returns the variable that `binding` is, in the `let` with the number `at`, inside the loops `around`.
    pub(crate) fn of(local: &syn::Local, binding: Binding, at: usize, around: Vec<usize>) -> Self {
        let is_plain = is_plain(local);
        let ty = match &local.pat {
            Pat::Type(typed) => Some((*typed.ty).clone()),
            _ => None,
        };
        let init = local.init.as_ref().map(|init| &*init.expr);
        // A value that is borrowed mutably is changed through the reference.
        let is_mut_reference = is_plain && (is_mut_reference(ty.as_ref()) || borrows_mutably(init));
        let is_mut = binding.is_mut || is_mut_reference;
        let part = init.filter(|init| is_place(init)).and_then(|_| part_in(&local.pat, &binding));
        Local {
            binding: Binding { is_mut, ..binding },
            at,
            is_plain,
            is_refutable: local.init.as_ref().is_some_and(|init| init.diverge.is_some()),
            ty,
            is_mut_reference,
            init: Init { part, ..Init::of(init) },
            around,
        }
    }

    /// Returns the variable that a macro call behind `at` `let`s may declare, inside the loops `around`.
    pub(crate) fn of_macro(ident: Ident, at: usize, around: Vec<usize>) -> Self {
        let (kind, opening) = (Initialiser::Other, Opening::default());
        Local {
            binding: Binding { ident, is_mut: false },
            at,
            is_plain: false,
            is_refutable: false,
            ty: None,
            is_mut_reference: false,
            init: Init {
                kind,
                opening,
                refers_to: None,
                made_of: None,
                part: None,
                beside: None,
                is_empty: false,
            },
            around,
        }
    }

    /// Returns the written type of the variable's value: for a `&mut T`, the `T`.
    pub(crate) fn value_type(&self) -> Option<Type> {
        match self.ty.as_ref()? {
            Type::Reference(it) if it.mutability.is_some() => Some((*it.elem).clone()),
            ty => Some(ty.clone()),
        }
    }
}

impl Init {
    pub(super) fn of(init: Option<&Expr>) -> Self {
        let kind = match init {
            None => Initialiser::None,
            Some(Expr::Closure(it)) => Initialiser::Closure(Box::new(it.clone())),
            Some(init) if makes_collection(init) => Initialiser::Collection,
            Some(init) if is_literal(init) => Initialiser::Literal,
            Some(init) if is_step(init) => Initialiser::Step,
            Some(init) if makes_channel(init) => Initialiser::Channel,
            Some(_) => Initialiser::Other,
        };
        let opening = init.map(Opening::of).unwrap_or_default();
        let beside = init.and_then(beside::beside);
        let made_of = init.and_then(part).map(|it| it.root.unraw().to_string());
        let is_empty = init.is_some_and(mentions::is_empty);
        let refers_to = init.and_then(referred);
        Init { kind, opening, refers_to, made_of, part: None, beside, is_empty }
    }
}

/// Returns the field that a pattern binds to a variable, with the fields that this is in.
fn part_in(pat: &Pat, binding: &Binding) -> Option<String> {
    let within = |name: String, pat: &Pat| match pat {
        Pat::Ident(it) if it.subpat.is_none() => (it.ident == binding.ident).then_some(name),
        _ => part_in(pat, binding).map(|rest| format!("{name}.{rest}")),
    };
    let of_tuple = |elems: &syn::punctuated::Punctuated<Pat, syn::Token![,]>| {
        let known = elems.iter().take_while(|it| !matches!(it, Pat::Rest(_)));
        known.enumerate().find_map(|(at, pat)| within(at.to_string(), pat))
    };
    match pat {
        Pat::Struct(it) => it
            .fields
            .iter()
            .find_map(|field| within(field.member.to_token_stream().to_string(), &field.pat)),
        Pat::Tuple(it) => of_tuple(&it.elems),
        Pat::Paren(it) => part_in(&it.pat, binding),
        _ => None,
    }
}

fn is_step(expr: &Expr) -> bool {
    match expr {
        Expr::Macro(it) => it.mac.path.segments.last().is_some_and(|last| last.ident == "step"),
        Expr::Try(it) => is_step(&it.expr),
        _ => false,
    }
}

fn is_literal(expr: &Expr) -> bool {
    match expr {
        Expr::Lit(_) => true,
        Expr::Unary(it) => is_literal(&it.expr),
        _ => false,
    }
}

/// Returns the variable in `x`, `&x` and `&x.a.b`.
fn referred(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Path(it) => it.path.get_ident().map(|ident| ident.unraw().to_string()),
        Expr::Field(it) => referred(&it.base),
        Expr::Reference(it) if it.mutability.is_none() => referred(&it.expr),
        Expr::Paren(it) => referred(&it.expr),
        _ => None,
    }
}

fn is_mut_reference(ty: Option<&Type>) -> bool {
    matches!(ty, Some(Type::Reference(it)) if it.mutability.is_some())
}

fn borrows_mutably(init: Option<&Expr>) -> bool {
    matches!(init, Some(Expr::Reference(it)) if it.mutability.is_some())
}

/// Returns whether the `let` is `let x = ..` or `let x: T = ..`.
fn is_plain(local: &syn::Local) -> bool {
    let pat = match &local.pat {
        Pat::Type(typed) => &*typed.pat,
        pat => pat,
    };
    let has_value = local.init.as_ref().is_some_and(|init| init.diverge.is_none());
    matches!(pat, Pat::Ident(it) if it.subpat.is_none() && it.by_ref.is_none()) && has_value
}
