//! Finds out whether a companion can stand beside a function.

use proc_macro2::Ident;
use syn::visit::Visit;
use syn::{Error, Item, ItemFn, Result};

use crate::analyse::plan::Plan;

/// Returns whether the function is a method, or mentions `Self`, as only a function in an `impl` or a trait can: no
/// companion can stand beside it.
pub(crate) fn stands_in_impl(function: &ItemFn) -> bool {
    struct MentionsSelf(bool);
    impl Visit<'_> for MentionsSelf {
        fn visit_ident(&mut self, ident: &Ident) {
            self.0 |= ident == "Self";
        }

        // In a nested item, `Self` is another type.
        fn visit_item(&mut self, _: &Item) {}
    }
    let mut found = MentionsSelf(function.sig.receiver().is_some());
    found.visit_item_fn(function);
    found.0
}

/// Returns whether a companion stands beside the function: one can, and the options do not say otherwise.
pub(crate) fn stands_beside(function: &ItemFn, plan: &Plan) -> bool {
    !stands_in_impl(function) && plan.options.companion.as_ref().is_none_or(|it| it.wanted)
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
