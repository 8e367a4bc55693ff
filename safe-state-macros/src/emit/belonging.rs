//! Tells the job which of the function's arguments belong to it: those that can be compared, and are not what its loops
//! walk, unless they are carried. Also tells it which instance of a generic function it is.
//!
//! ```text
//! let job = Job::new("notify");    // becomes, of `fn notify<T>(by: &str, customers: &[T])` that walks `customers`
//! let job = Job::new("notify").argument("<T>", type_fingerprint::<T>()).argument("by", argument_fingerprint!(&by));
//! ```

use std::collections::BTreeSet;

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::visit::{self, Visit};
use syn::{Block, Expr, GenericParam, ItemFn, Local, Path, Type, TypeArray};

use crate::analyse::carried::{CarriedVariable, Source};
use crate::analyse::heads::Heads;
use crate::analyse::plan::Plan;
use crate::analyse::standing;
use crate::analyse::targets::Target;
use crate::parse::function::Argument;
use crate::syntax::bindings::{Binding, bindings};
use crate::syntax::free_idents::free_idents;
use crate::syntax::loop_forms::while_let;

/// Returns the calls that tell the job of the arguments that belong to it.
///
/// `block` is the function's block as it was written; `mentioned` has the names that it mentions.
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
    let carried = carried(plan);
    let (taken_from, walked) = heads.names().into_iter().partition(|it| carried.contains(it));
    let (rests, lists) = (lists(plan, block, taken_from), lists(plan, block, walked));
    let site = Span::mixed_site();
    let told = plan.arguments.iter().filter(|it| mentioned.contains(&it.name()));
    let arguments = told.filter(|it| !is_excepted(plan, it)).filter_map(|it| {
        let (ident, name) = (&it.ident, it.name());
        let fingerprint = if carried.contains(&name) {
            whole(krate, ident)
        } else if lists.contains(&name) {
            return None;
        } else if rests.contains(&name) {
            whole(krate, ident)
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
    let parts = carried_fields(plan).filter(|it| compared(&it.ident.to_string()));
    let parts = parts.map(|it| {
        let (name, fingerprint) = (it.name(), whole(krate, &it.named));
        quote_spanned! {site=> .argument(#name, #fingerprint) }
    });
    arguments.chain(fields).chain(parts).collect()
}

/// Returns the fingerprint of all of a carried argument, however long it is, as the item that differs may be its last.
fn whole(krate: &Path, argument: &impl ToTokens) -> TokenStream {
    quote_spanned! {Span::mixed_site()=>
        #krate::__private::argument_fingerprint!(&#argument, #krate::__private::WHOLE)
    }
}

/// Returns the names of the variables whose values are carried, without fields. A resumed run has their saved values, so
/// that no item of theirs shows that what the caller passes has changed.
fn carried(plan: &Plan) -> BTreeSet<String> {
    let values = plan.carried.iter().filter(|it| !it.is_handle() && it.named.is_whole());
    values.map(CarriedVariable::name).collect()
}

/// Returns the carried fields of arguments.
fn carried_fields(plan: &Plan) -> impl Iterator<Item = &CarriedVariable> {
    let values = plan.carried.iter().filter(|it| !it.is_handle() && !it.named.is_whole());
    values.filter(|it| matches!(it.source, Source::Argument { .. }))
}

/// Returns whether an argument is not compared: the next run may have another one, or it exists in some configurations
/// alone.
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

/// Returns the calls that tell one instance of the function from another: by its generic parameters and, if the job's
/// name is given, by the type that it is a method of. A parameter is left out if it is the whole type of an argument,
/// such as an iterator, or the length of an array: these may differ in each run.
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
    // A name that is not given contains the type.
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

/// Returns the names in the heads of the loops.
fn heads(plan: &Plan, targets: &[Target]) -> Heads {
    let mut heads = Heads::default();
    let found = targets.iter().filter_map(|target| plan.originals.get(&target.at).and_then(head));
    found.for_each(|head| heads.add(head));
    heads
}

/// Returns the arguments whose type is written as a list, and which are among `sources`, directly or through `let`s.
fn lists(plan: &Plan, block: &Block, mut sources: BTreeSet<String>) -> BTreeSet<String> {
    let mut lets = Lets(Vec::new());
    lets.visit_block(block);
    // From the last `let` to the first: what a variable is made of is known before the `let`s of those variables are
    // reached.
    for (bound, made_of) in lets.0.iter().rev() {
        if bound.iter().any(|name| sources.contains(name)) {
            sources.extend(made_of.iter().cloned());
        }
    }
    let lists = plan.arguments.iter().filter(|it| it.ty.as_ref().is_some_and(is_list));
    lists.map(Argument::name).filter(|name| sources.contains(name)).collect()
}

/// Returns the expression that a loop walks; none if it walks nothing.
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

/// Returns whether the type is written as a list, behind any references.
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

/// Returns the type's name, if it may name a generic parameter, behind any references.
fn parameter(ty: &Type) -> Option<String> {
    match ty {
        Type::Reference(it) => parameter(&it.elem),
        Type::Path(it) => it.path.get_ident().map(ToString::to_string),
        _ => None,
    }
}
