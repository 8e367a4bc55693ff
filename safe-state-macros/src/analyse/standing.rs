//! Where a function stands, and whether something can stand beside it.

use proc_macro2::Ident;
use syn::visit::Visit;
use syn::{Error, Item, ItemFn, Result};

use crate::analyse::plan::Plan;

/// Whether the function is a method, or so much as mentions `Self`: nothing can stand beside it.
pub(crate) fn stands_in_impl(function: &ItemFn) -> bool {
    struct MentionsSelf(bool);
    impl Visit<'_> for MentionsSelf {
        fn visit_ident(&mut self, ident: &Ident) {
            self.0 |= ident == "Self";
        }

        // Where it is another type.
        fn visit_item(&mut self, _: &Item) {}
    }
    let mut found = MentionsSelf(function.sig.receiver().is_some());
    found.visit_item_fn(function);
    found.0
}

/// Whether there is a companion, if one can stand there.
pub(crate) fn stands_beside(function: &ItemFn, plan: &Plan) -> bool {
    !stands_in_impl(function) && plan.options.companion.as_ref().is_none_or(|it| it.wanted)
}

/// Refuses to ask for a companion where there can be none.
pub(crate) fn check(function: &ItemFn, plan: &Plan) -> Result<()> {
    match &plan.options.companion {
        Some(companion) if stands_in_impl(function) => {
            let text = "a method has no companion; ask `safe_state::Job::new(name)` instead";
            Err(Error::new(companion.span, text))
        }
        _ => Ok(()),
    }
}
