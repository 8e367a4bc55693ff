//! Tells the job which of the function's arguments belong to it: those that can be compared, and are not what its loops
//! walk, unless they are carried. Also tells it which instance of a generic function it is.
//!
//! ```text
//! let job = Job::new("notify");    // becomes, of `fn notify<T>(by: &str, customers: &[T])` that walks `customers`
//! let job = Job::new("notify").argument("<T>", type_fingerprint::<T>()).argument("by", argument_fingerprint!(&by));
//! ```

use std::collections::BTreeSet;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::visit::{self, Visit};
use syn::{Block, Expr, GenericParam, ItemFn, Local, Path, Type, TypeArray};

use crate::analyse::carried::{CarriedVariable, Source};
use crate::analyse::heads::Heads;
use crate::analyse::plan::Plan;
use crate::analyse::read_fields::ReadFields;
use crate::analyse::standing;
use crate::analyse::targets::Target;
use crate::parse::function::Argument;
use crate::parse::options::variable::Variable;
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
    let read = ReadFields::of(block);
    let told = plan.arguments.iter().filter(|it| mentioned.contains(&it.name()));
    let is_self_changed = has_named_field(plan, "self");
    let told = told.filter(|it| !(is_excepted(plan, it) || is_self_changed && it.name() == "self"));
    let arguments = told.filter_map(|it| {
        let (ident, name) = (&it.ident, it.name());
        let is_whole = carried.contains(&name) || rests.contains(&name);
        let in_heads = heads.roles().any(|role| role.contains(&name));
        if it.is_mut_reference() {
            let is_left = in_heads || lists.contains(&name) || read.is_changed(&name);
            return match is_whole {
                true => Some(lent(krate, ident, &name)),
                false if is_left || has_named_field(plan, &name) => None,
                false => Some(quote_spanned! {Span::mixed_site()=>
                    .argument(#name, #krate::__private::argument_fingerprint!(&&*#ident))
                }),
            };
        }
        let fingerprint = if is_whole {
            whole(krate, ident)
        } else if lists.contains(&name) {
            return None;
        } else {
            in_role(krate, it, &heads)?
        };
        Some(quote_spanned! {Span::mixed_site()=> .argument(#name, #fingerprint) })
    });
    let compared = |root: &String| {
        let argument = plan.arguments.iter().find(|it| it.name() == *root);
        argument.is_some_and(|it| !is_excepted(plan, it) && !it.is_mut_reference())
    };
    let fields = heads.fields.iter().filter(|(_, (root, _))| compared(root));
    let fields = fields.map(|(name, (_, field))| {
        quote_spanned! {Span::mixed_site()=> .argument(#name, #krate::__private::head_fingerprint!(&#field)) }
    });
    let parts = carried_fields(plan).filter(|it| compared(&it.ident.to_string()));
    let parts = parts.map(|it| {
        let (name, fingerprint) = (it.name(), whole(krate, &it.named));
        quote_spanned! {Span::mixed_site()=> .argument(#name, #fingerprint) }
    });
    let read = fields_read(plan, block, &heads, &read);
    arguments.chain(fields).chain(parts).chain(read).collect()
}

/// Returns the fingerprint of an argument that is not carried, by the part that it plays in the heads of loops; none if it
/// only bounds them.
fn in_role(krate: &Path, argument: &Argument, heads: &Heads) -> Option<TokenStream> {
    let (ident, name) = (&argument.ident, argument.name());
    let site = Span::mixed_site();
    let of_generic = argument.ty.as_ref().filter(|ty| is_generic(ty)).map(|ty| {
        let lent = (!matches!(ty, Type::Reference(_))).then(|| quote!(&));
        quote_spanned! {site=> #lent #ident }
    });
    Some(if heads.walked.contains(&name) {
        quote_spanned! {site=> #krate::__private::head_fingerprint!(&#ident, walked) }
    } else if heads.asked.contains(&name) {
        quote_spanned! {site=> #krate::__private::head_fingerprint!(&#ident) }
    } else if heads.taken.contains(&name) {
        quote_spanned! {site=> #krate::__private::head_fingerprint!(&#ident, bound) }
    } else if heads.bounds.contains(&name) {
        return None;
    } else if let Some(value) = of_generic {
        quote_spanned! {site=> #krate::__private::generic_fingerprint!(&#ident, #value) }
    } else {
        quote_spanned! {site=> #krate::__private::argument_fingerprint!(&#ident) }
    })
}

/// Returns the call that tells the job of what a carried `&mut` argument refers to. The address goes with it: a second call
/// in one process, with the same variable, has what the first has left in it.
fn lent(krate: &Path, ident: &Ident, name: &str) -> TokenStream {
    quote_spanned! {Span::mixed_site()=>
        .lent_argument(
            #name,
            #krate::__private::argument_fingerprint!(&&*#ident, #krate::__private::WHOLE),
            #krate::__private::address!(&*#ident),
        )
    }
}

/// Returns whether an option names a field of the argument, so that its other fields are compared alone.
fn has_named_field(plan: &Plan, name: &str) -> bool {
    plan.options.named().any(|it| !it.is_whole() && it.root == name)
}

/// Returns the calls that tell the job of the fields of arguments that the body mentions, for arguments that can't be
/// compared as a whole.
fn fields_read(plan: &Plan, block: &Block, heads: &Heads, read: &ReadFields) -> Vec<TokenStream> {
    let krate = &plan.krate;
    let site = Span::mixed_site();
    let in_heads: BTreeSet<String> = plan
        .originals
        .values()
        .filter_map(head)
        .flat_map(|head| ReadFields::of_expr(head).into_names())
        .collect();
    let sources = sources(block, heads.names());
    let is_whole = |name: &str| plan.options.named().any(|it| it.is_whole() && it.root == name);
    let is_named =
        |field: &Variable| plan.options.named().any(|it| it.holds(field) || field.holds(it));
    let has_fields = |it: &&Argument| {
        it.cfgs.is_empty() && it.ty.as_ref().is_none_or(has_fields) && !is_whole(&it.name())
    };
    // What is asked for in a head of what is changed elsewhere is not told there.
    let is_told_with_heads = |argument: &Argument, name: &String| {
        let is_left = argument.is_mut_reference() && heads.fields.contains_key(name);
        in_heads.contains(name) && !is_left
    };
    let mut told = Vec::new();
    for argument in plan.arguments.iter().filter(has_fields) {
        let whole = argument.name();
        let fields = read
            .of_argument(&whole)
            .filter(|(name, field)| !is_told_with_heads(argument, name) && !is_named(field))
            .filter(|(_, field)| !argument.is_mut_reference() || !read.is_field_changed(field));
        for (name, field) in fields {
            let fingerprint = if sources.contains(&whole) {
                quote_spanned! {site=> #krate::__private::head_fingerprint!(&#field) }
            } else {
                quote_spanned! {site=> #krate::__private::argument_fingerprint!(&#field) }
            };
            told.push(quote_spanned! {site=> .part_of_argument(#whole, #name, #fingerprint) });
        }
    }
    told
}

/// Returns whether a type may have fields, as far as it is written.
fn has_fields(ty: &Type) -> bool {
    const PLAIN: [&str; 20] = [
        "bool", "char", "str", "String", "Path", "PathBuf", "OsStr", "OsString", "u8", "u16",
        "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128", "isize",
    ];
    match ty {
        Type::Reference(it) => has_fields(&it.elem),
        Type::Path(it) => {
            !it.path.get_ident().is_some_and(|it| PLAIN.iter().any(|plain| it == plain))
        }
        Type::Slice(_) | Type::Array(_) | Type::ImplTrait(_) | Type::TraitObject(_) => false,
        _ => true,
    }
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

/// Returns the variables that `fresh(..)` names.
fn fresh(plan: &Plan) -> impl Iterator<Item = &Variable> {
    plan.options.restored.fresh.iter().filter(|it| !plan.connections.contains(it))
}

/// Returns whether an argument is not compared: the next run may have another one, or it exists in some configurations
/// alone.
fn is_excepted(plan: &Plan, argument: &Argument) -> bool {
    let name = argument.name();
    let is_named = |named: &[Variable]| named.iter().any(|variable| variable.root == name.as_str());
    fresh(plan).any(|variable| variable.root == name.as_str())
        || is_named(&plan.options.restored.reconnect)
        || !argument.cfgs.is_empty()
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
    let is_fresh = fresh(plan).any(|it| it.root == "self");
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
fn lists(plan: &Plan, block: &Block, sources: BTreeSet<String>) -> BTreeSet<String> {
    let sources = self::sources(block, sources);
    let lists = plan.arguments.iter().filter(|it| it.ty.as_ref().is_some_and(is_list));
    lists.map(Argument::name).filter(|name| sources.contains(name)).collect()
}

/// Returns the names of which `sources` are made, through `let`s, and `sources` themselves.
fn sources(block: &Block, mut sources: BTreeSet<String>) -> BTreeSet<String> {
    let mut lets = Lets(Vec::new());
    lets.visit_block(block);
    // From the last `let` to the first: what a variable is made of is known before the `let`s of those variables are
    // reached.
    for (bound, made_of) in lets.0.iter().rev() {
        if bound.iter().any(|name| sources.contains(name)) {
            sources.extend(made_of.iter().cloned());
        }
    }
    sources
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

/// Returns whether the type may be a generic parameter, behind any references.
fn is_generic(ty: &Type) -> bool {
    match ty {
        Type::Reference(it) => is_generic(&it.elem),
        Type::Paren(it) => is_generic(&it.elem),
        Type::Group(it) => is_generic(&it.elem),
        Type::ImplTrait(_) => true,
        _ => parameter(ty).is_some(),
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
