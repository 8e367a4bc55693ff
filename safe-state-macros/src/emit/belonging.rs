//! What of a function's arguments belongs to its job: what can be compared, and is not what its loops walk. And which
//! instance of it.
//!
//! ```text
//! let job = Job::new("notify");    // becomes, of `fn notify<T>(by: &str, customers: &[T])` that walks `customers`
//! let job = Job::new("notify").argument("<T>", type_fingerprint::<T>()).argument("by", argument_fingerprint!(&by));
//! ```

use std::collections::BTreeSet;

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::visit::{self, Visit};
use syn::{Block, Expr, GenericParam, ItemFn, Local, Type, TypeArray};

use crate::analyse::heads::Heads;
use crate::analyse::plan::Plan;
use crate::analyse::standing;
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
    targets: &[Target],
) -> TokenStream {
    // In manual mode it is not known what is iterated.
    if plan.options.manual.is_some() {
        return TokenStream::new();
    }
    let krate = &plan.krate;
    let heads = heads(plan, targets);
    let lists = lists(plan, block, &heads);
    let site = Span::mixed_site();
    let told = plan.arguments.iter().filter(|it| mentioned.contains(&it.name()));
    let arguments = told.filter(|it| !is_excepted(plan, it)).filter_map(|it| {
        let (ident, name) = (&it.ident, it.name());
        let fingerprint = if lists.contains(&name) {
            return None;
        } else if heads.walked.contains(&name) {
            quote_spanned! {site=> #krate::__private::head_fingerprint!(&#ident, walked) }
        } else if heads.asked.contains(&name) {
            quote_spanned! {site=> #krate::__private::head_fingerprint!(&#ident) }
        } else if heads.taken.contains(&name) {
            quote_spanned! {site=> #krate::__private::head_fingerprint!(&#ident, bound) }
        } else if heads.bounds.contains(&name) {
            return None;
        } else {
            quote_spanned! {site=> #krate::__private::argument_fingerprint!(&#ident) }
        };
        Some(quote_spanned! {site=> .argument(#name, #fingerprint) })
    });
    let compared = |root: &String| {
        let argument = plan.arguments.iter().find(|it| it.name() == *root);
        argument.is_some_and(|it| !is_excepted(plan, it))
    };
    let fields = heads.fields.iter().filter(|(_, (root, _))| compared(root));
    let fields = fields.map(|(name, (_, field))| {
        quote_spanned! {site=> .argument(#name, #krate::__private::head_fingerprint!(&#field)) }
    });
    arguments.chain(fields).collect()
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

/// What tells one instance of the function from another: its parameters, and under a name that is given, those of the type
/// that it is a method of. The type of an argument itself, as of an iterator, and the length of one may be another in every
/// run.
pub(crate) fn instance(plan: &Plan, function: &ItemFn) -> TokenStream {
    if plan.options.manual.is_some() {
        return TokenStream::new();
    }
    let krate = &plan.krate;
    let site = Span::mixed_site();
    let types = || plan.arguments.iter().filter_map(|it| it.ty.as_ref());
    let whole: BTreeSet<String> = types().filter_map(parameter).collect();
    let mut lengths = Lengths::default();
    types().for_each(|ty| lengths.visit_type(ty));
    let told = move |parameter: &GenericParam| match parameter {
        GenericParam::Type(it) if !whole.contains(&it.ident.to_string()) => {
            let (ty, name) = (&it.ident, format!("<{}>", it.ident));
            Some(quote_spanned! {site=>
                .argument(#name, #krate::__private::type_fingerprint::<#ty>())
            })
        }
        GenericParam::Const(it) if !lengths.0.contains(&it.ident.to_string()) => {
            let (value, name) = (&it.ident, format!("<{}>", it.ident));
            Some(quote_spanned! {site=>
                .argument(#name, #krate::__private::argument_fingerprint!(&#value))
            })
        }
        _ => None,
    };
    // The name that is not given has them.
    let is_fresh = plan.options.restored.fresh.iter().any(|it| it.root == "self");
    let is_named = plan.options.name.is_some() && standing::stands_in_impl(function);
    let of_type = (is_named && !is_fresh).then(|| {
        quote_spanned! {site=>
            .argument("<Self>", #krate::__private::self_fingerprint::<Self>())
        }
    });
    function.sig.generics.params.iter().filter_map(told).chain(of_type).collect()
}

/// The names in the lengths of arrays.
#[derive(Default)]
struct Lengths(BTreeSet<String>);

impl Visit<'_> for Lengths {
    fn visit_type_array(&mut self, it: &TypeArray) {
        self.0.extend(free_idents(it.len.to_token_stream()));
        visit::visit_type_array(self, it);
    }
}

/// What the heads of the loops mention.
fn heads(plan: &Plan, targets: &[Target]) -> Heads {
    let mut heads = Heads::default();
    let found = targets.iter().filter_map(|target| plan.originals.get(&target.at).and_then(head));
    found.for_each(|head| heads.add(head));
    heads
}

/// The arguments that are written as lists, and from which a `let` makes what stands in a head.
fn lists(plan: &Plan, block: &Block, heads: &Heads) -> BTreeSet<String> {
    let mut lets = Lets(Vec::new());
    lets.visit_block(block);
    let mut sources = heads.names();
    // The last ones first, so that what they are made of is known where that is declared.
    for (bound, made_of) in lets.0.iter().rev() {
        if bound.iter().any(|name| sources.contains(name)) {
            sources.extend(made_of.iter().cloned());
        }
    }
    let lists = plan.arguments.iter().filter(|it| it.ty.as_ref().is_some_and(is_list));
    lists.map(Argument::name).filter(|name| sources.contains(name)).collect()
}

/// The expression that a loop walks.
fn head(it: &Expr) -> Option<&Expr> {
    match it {
        Expr::ForLoop(it) => Some(&it.expr),
        Expr::While(it) => while_let(it).map(|(_, expr)| expr),
        _ => None,
    }
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
