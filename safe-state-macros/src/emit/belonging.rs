//! What of a function's arguments belongs to its job: what can be compared, and is not iterated.
//!
//! ```text
//! let job = Job::new("notify");    // becomes, of `fn notify<T>(by: &str, customers: &[T])` that walks `customers`
//! let job = Job::new("notify").argument("by", argument_fingerprint!(&by)).argument("<T>", type_fingerprint::<T>());
//! ```

use std::collections::BTreeSet;

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::ext::IdentExt;
use syn::visit::{self, Visit};
use syn::visit_mut::{self, VisitMut};
use syn::{Block, Expr, GenericParam, Generics, Local, Type};

use crate::analyse::plan::Plan;
use crate::analyse::targets::Target;
use crate::parse::function::Argument;
use crate::syntax::bindings::{Binding, bindings};
use crate::syntax::free_idents::free_idents;
use crate::syntax::loop_forms::while_let;

/// Tells the job of the arguments that belong to it.
///
/// `block` is the function's, as it was written, with the names that it mentions.
pub(crate) fn belonging(
    plan: &Plan,
    (block, mentioned): (&Block, &BTreeSet<String>),
    generics: &Generics,
    targets: &[Target],
) -> TokenStream {
    // In manual mode it is not known what is iterated.
    if plan.options.manual.is_some() {
        return TokenStream::new();
    }
    let krate = &plan.krate;
    let iterated = iterated(plan, block, targets);
    let belongs = |argument: &&Argument| {
        let name = argument.name();
        let is_told = mentioned.contains(&name) && !iterated.contains(&name);
        is_told && !is_excepted(plan, argument)
    };
    let site = Span::mixed_site();
    let arguments = plan.arguments.iter().filter(belongs).map(|Argument { ident, .. }| {
        let name = ident.unraw().to_string();
        quote_spanned! {site=> .argument(#name, #krate::__private::argument_fingerprint!(&#ident)) }
    });
    let types = instance(plan, generics).map(|ty| {
        let name = format!("<{ty}>");
        quote_spanned! {site=> .argument(#name, #krate::__private::type_fingerprint::<#ty>()) }
    });
    arguments.chain(types).collect()
}

/// Whether it may be another one in the next run, or stands there for some configurations alone.
fn is_excepted(plan: &Plan, argument: &Argument) -> bool {
    let name = argument.name();
    let is_named = |named: &[crate::parse::options::variable::Variable]| {
        named.iter().any(|variable| variable.root == name.as_str())
    };
    let is_self_changed = name == "self" && plan.options.named().any(|it| it.root == "self");
    is_self_changed
        || is_named(&plan.options.restored.fresh)
        || is_named(&plan.options.restored.reconnect)
        || !argument.cfgs.is_empty()
        || argument
            .ty
            .as_ref()
            .is_some_and(|ty| matches!(ty, Type::Reference(it) if it.mutability.is_some()))
}

/// The type parameters that tell one instance of the function from another: those of an argument itself, as of
/// an iterator, may be another type in every run.
fn instance<'g>(plan: &Plan, generics: &'g Generics) -> impl Iterator<Item = &'g syn::Ident> {
    let whole: BTreeSet<String> =
        plan.arguments.iter().filter_map(|it| parameter(it.ty.as_ref()?)).collect();
    generics.params.iter().filter_map(move |parameter| match parameter {
        GenericParam::Type(it) if !whole.contains(&it.ident.to_string()) => Some(&it.ident),
        _ => None,
    })
}

/// The names of what the loops walk: of what stands in their heads, closures aside, and of lists from which a `let`
/// makes that.
fn iterated(plan: &Plan, block: &Block, targets: &[Target]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for target in targets {
        names.extend(plan.originals.get(&target.at).and_then(head).map(walked).unwrap_or_default());
    }
    let mut lets = Lets(Vec::new());
    lets.visit_block(block);
    let mut sources = names.clone();
    // The last ones first, so that what they are made of is known where that is declared.
    for (bound, made_of) in lets.0.iter().rev() {
        if bound.iter().any(|name| sources.contains(name)) {
            sources.extend(made_of.iter().cloned());
        }
    }
    let lists = plan.arguments.iter().filter(|it| it.ty.as_ref().is_some_and(is_list));
    names.extend(lists.map(Argument::name).filter(|name| sources.contains(name)));
    names
}

/// The expression that a loop walks.
fn head(it: &Expr) -> Option<&Expr> {
    match it {
        Expr::ForLoop(it) => Some(&it.expr),
        Expr::While(it) => while_let(it).map(|(_, expr)| expr),
        _ => None,
    }
}

/// What the head of a loop mentions outside of closures, which are about its items.
fn walked(head: &Expr) -> BTreeSet<String> {
    struct NoClosures;
    impl VisitMut for NoClosures {
        fn visit_expr_mut(&mut self, expr: &mut Expr) {
            if let Expr::Closure(_) = expr {
                *expr = Expr::Verbatim(TokenStream::new());
            }
            visit_mut::visit_expr_mut(self, expr);
        }
    }
    let mut head = head.clone();
    NoClosures.visit_expr_mut(&mut head);
    free_idents(head.to_token_stream())
}

/// The `let`s of a block, in order: what each binds, and what its initialiser mentions.
struct Lets(Vec<(BTreeSet<String>, BTreeSet<String>)>);

impl Visit<'_> for Lets {
    fn visit_local(&mut self, local: &Local) {
        if let Some(init) = &local.init {
            let bound = bindings(&local.pat).iter().map(Binding::name).collect();
            self.0.push((bound, free_idents(init.expr.to_token_stream())));
        }
        visit::visit_local(self, local);
    }
}

/// Whether the type is written as that of a list, references aside.
fn is_list(ty: &Type) -> bool {
    const LISTS: [&str; 9] = [
        "Vec",
        "VecDeque",
        "BTreeMap",
        "BTreeSet",
        "HashMap",
        "HashSet",
        "BinaryHeap",
        "LinkedList",
        "Box",
    ];
    match ty {
        Type::Reference(it) => is_list(&it.elem),
        Type::Slice(_) | Type::Array(_) | Type::ImplTrait(_) => true,
        Type::Path(it) => {
            it.path.segments.last().is_some_and(|last| LISTS.iter().any(|list| last.ident == list))
        }
        _ => false,
    }
}

/// The type's name, if it may be that of a parameter, references aside.
fn parameter(ty: &Type) -> Option<String> {
    match ty {
        Type::Reference(it) => parameter(&it.elem),
        Type::Path(it) => it.path.get_ident().map(ToString::to_string),
        _ => None,
    }
}
