//! Generates the companion of a function: a type with the function's name, whose functions ask about its job.
//!
//! The companion is a type and not a module, because a type's functions see what the function sees: types declared in
//! the same block, and what is in scope without a `use super::*`. Functions and types have separate namespaces, so one
//! `use` imports both.

use std::collections::BTreeSet;

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote_spanned};
use syn::ext::IdentExt;
use syn::{Attribute, FnArg, GenericParam, Generics, ItemFn, Path};

use crate::analyse::plan::Plan;
use crate::analyse::standing::stands_beside;
use crate::emit::run::JobExpr;
use crate::syntax::bindings::bindings;
use crate::syntax::free_idents::free_idents;
use crate::syntax::hygiene::RESERVED;

/// Returns the companion, if one is wanted and can stand beside the function.
pub(crate) fn beside(function: &ItemFn, plan: &Plan, job: &TokenStream) -> Option<TokenStream> {
    stands_beside(function, plan).then(|| generate(function, plan, job))
}

/// Returns the expression by which the function itself gets its `job`: from the companion, if that has the same job.
pub(crate) fn job_of(function: &ItemFn, plan: &Plan, job: TokenStream) -> JobExpr {
    let krate = &plan.krate;
    if !stands_beside(function, plan) || !used_inputs(function, &job).is_empty() {
        return JobExpr::By(job);
    }
    let marker = marker(function);
    JobExpr::Alone(quote_spanned! {Span::mixed_site()=> #krate::__private::job_of::<#marker>() })
}

/// Returns the inputs of the function that the job's tokens mention.
fn used_inputs<'f>(function: &'f ItemFn, job: &TokenStream) -> Vec<&'f FnArg> {
    let used = free_idents(job.clone());
    function.sig.inputs.iter().filter(|input| is_used(input, &used)).collect()
}

/// Returns the name of the type that stands for the job.
fn marker(function: &ItemFn) -> Ident {
    let name = function.sig.ident.unraw();
    Ident::new(&format!("{RESERVED}_job_of_{name}"), Span::call_site())
}

fn generate(function: &ItemFn, plan: &Plan, job: &TokenStream) -> TokenStream {
    let krate = &plan.krate;
    let (name, vis) = (&function.sig.ident, &function.vis);
    let inputs = used_inputs(function, job);
    let generics = used_generics(&function.sig.generics, &inputs);
    let (parameters, _, bounds) = generics.split_for_impl();
    let cfgs: Vec<_> = function.attrs.iter().filter(|attr| attr.path().is_ident("cfg")).collect();
    let site = Span::mixed_site();
    if inputs.is_empty() {
        return of_one_job(function, job, &cfgs, krate);
    }
    let ask = |question: &str, answer: TokenStream| {
        let doc = format!("See `safe_state::Job::{question}`.");
        let question = Ident::new(question, Span::call_site());
        quote_spanned! {site=>
            #[doc = #doc]
            #vis fn #question #parameters (#(#inputs),*) -> #answer #bounds {
                #krate::__private::Into::into(#job.#question())
            }
        }
    };
    let fallible = |ty| quote_spanned! {site=> #krate::__private::Result<#ty, #krate::Error> };
    let optional = |ty| quote_spanned! {site=> #krate::__private::Option<#ty> };
    let checkpoint = quote_spanned! {site=> #krate::Checkpoint };
    let questions = [
        ask("job_name", quote_spanned! {site=> #krate::__private::String }),
        ask("peek_checkpoint", fallible(optional(checkpoint))),
        ask("retry_dead_letters", fallible(quote_spanned! {site=> usize })),
        ask("clear_checkpoint", fallible(quote_spanned! {site=> () })),
        ask("checkpoint_path", optional(quote_spanned! {site=> #krate::__private::PathBuf })),
    ];
    // The arguments' tokens are the user's, so lints would report them as if they were about the function.
    quote_spanned! {site=>
        #(#cfgs)*
        #[doc(hidden)]
        #[allow(non_camel_case_types, dead_code)]
        #vis struct #name { never: #krate::__private::Infallible }
        #(#cfgs)*
        #[allow(unused, clippy::all, clippy::pedantic, clippy::nursery)]
        impl #name { #(#questions)* }
    }
}

/// Returns the companion of a function that has the same job whatever it is called with.
fn of_one_job(
    function: &ItemFn,
    job: &TokenStream,
    cfgs: &[&Attribute],
    krate: &Path,
) -> TokenStream {
    let (name, vis) = (&function.sig.ident, &function.vis);
    let marker = marker(function);
    quote_spanned! {Span::mixed_site()=>
        #(#cfgs)*
        #[doc(hidden)]
        #[allow(non_camel_case_types, dead_code)]
        #vis struct #marker;
        #(#cfgs)*
        #[allow(clippy::all, clippy::pedantic, clippy::nursery)]
        impl #krate::__private::OfJob for #marker {
            fn job() -> #krate::Job { #job }
        }
        #(#cfgs)*
        #[doc(hidden)]
        #[allow(non_camel_case_types, dead_code)]
        #vis type #name = #krate::__private::Companion<#marker>;
    }
}

fn is_used(input: &FnArg, used: &BTreeSet<String>) -> bool {
    match input {
        FnArg::Receiver(_) => false,
        FnArg::Typed(typed) => {
            bindings(&typed.pat).iter().any(|binding| used.contains(&binding.name()))
        }
    }
}

/// Returns the generic parameters that the inputs need, with their bounds. A parameter that no input needs could not be
/// inferred.
fn used_generics(generics: &Generics, inputs: &[&FnArg]) -> Generics {
    let mut needed = BTreeSet::new();
    for input in inputs {
        needed.extend(names(*input));
    }
    loop {
        let before = needed.len();
        for parameter in &generics.params {
            if needed.contains(&parameter_name(parameter)) {
                needed.extend(names(parameter));
            }
        }
        if needed.len() == before {
            break;
        }
    }
    let is_needed = |name: &String| needed.contains(name);
    let all: BTreeSet<String> = generics.params.iter().map(parameter_name).collect();
    let mut used = generics.clone();
    used.params =
        generics.params.iter().filter(|it| is_needed(&parameter_name(it))).cloned().collect();
    if let Some(clause) = &mut used.where_clause {
        let kept = clause
            .predicates
            .iter()
            .filter(|predicate| names(*predicate).intersection(&all).all(is_needed));
        clause.predicates = kept.cloned().collect();
    }
    used
}

fn parameter_name(parameter: &GenericParam) -> String {
    match parameter {
        GenericParam::Type(it) => it.ident.to_string(),
        GenericParam::Lifetime(it) => it.lifetime.ident.to_string(),
        GenericParam::Const(it) => it.ident.to_string(),
    }
}

/// Returns all identifiers in the tokens; lifetimes are without their apostrophe.
fn names(tokens: &impl ToTokens) -> BTreeSet<String> {
    fn collect(tokens: TokenStream, names: &mut BTreeSet<String>) {
        for token in tokens {
            match token {
                TokenTree::Ident(ident) => drop(names.insert(ident.to_string())),
                TokenTree::Group(group) => collect(group.stream(), names),
                _ => {}
            }
        }
    }
    let mut names = BTreeSet::new();
    collect(tokens.to_token_stream(), &mut names);
    names
}
