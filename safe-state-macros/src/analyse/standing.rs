//! Finds out whether a companion can stand beside a function.

use std::collections::BTreeSet;

use proc_macro2::Ident;
use quote::ToTokens;
use syn::visit::Visit;
use syn::{Error, FnArg, GenericParam, Item, ItemFn, Macro, Result};

use crate::analyse::plan::Plan;
use crate::syntax::bindings::bindings;
use crate::syntax::free_idents::free_idents;
use crate::syntax::std_macros::expressions;

/// Returns whether the function is a method, or mentions `Self`, as only a function in an `impl` or a trait can: no
/// companion can stand beside it.
pub(crate) fn stands_in_impl(function: &ItemFn) -> bool {
    struct MentionsSelf(bool);
    impl Visit<'_> for MentionsSelf {
        fn visit_ident(&mut self, ident: &Ident) {
            self.0 |= ident == "Self";
        }

        // What other macros make of it is not known.
        fn visit_macro(&mut self, it: &Macro) {
            for expr in &expressions(it) {
                self.visit_expr(expr);
            }
        }

        // In a nested item, `Self` is another type.
        fn visit_item(&mut self, _: &Item) {}
    }
    let mut found = MentionsSelf(function.sig.receiver().is_some());
    found.visit_item_fn(function);
    found.0
}

/// Returns whether a companion stands beside the function: one can, it can know the job's name, and the options do not say
/// otherwise.
pub(crate) fn stands_beside(function: &ItemFn, plan: &Plan) -> bool {
    !stands_in_impl(function)
        && plan.options.companion.as_ref().is_none_or(|it| it.wanted)
        && !is_named_by_type(function, plan)
}

/// Returns whether the job's name depends on a generic parameter that no argument in it tells: the companion, which takes
/// these arguments alone, could not know the name.
fn is_named_by_type(function: &ItemFn, plan: &Plan) -> bool {
    let Some(name) = &plan.options.name else { return false };
    let mentioned = free_idents(name.to_token_stream());
    let inputs = function.sig.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(it) => Some(it),
        FnArg::Receiver(_) => None,
    });
    let told =
        inputs.filter(|it| bindings(&it.pat).iter().any(|it| mentioned.contains(&it.name())));
    let told: BTreeSet<String> = told.flat_map(|it| free_idents(it.ty.to_token_stream())).collect();
    let parameters = function.sig.generics.params.iter().filter_map(|it| match it {
        GenericParam::Type(it) => Some(it.ident.to_string()),
        GenericParam::Const(it) => Some(it.ident.to_string()),
        GenericParam::Lifetime(_) => None,
    });
    parameters.into_iter().any(|it| mentioned.contains(&it) && !told.contains(&it))
}

/// Refuses the option `companion` where no companion can stand.
pub(crate) fn check(function: &ItemFn, plan: &Plan) -> Result<()> {
    match &plan.options.companion {
        Some(companion) if stands_in_impl(function) => {
            let text = "a method has no companion; ask `safe_state::Job::new(name)` instead";
            Err(Error::new(companion.span, text))
        }
        _ => Ok(()),
    }
}
