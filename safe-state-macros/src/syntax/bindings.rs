//! Finds the variables that patterns bind.

use std::collections::BTreeSet;

use proc_macro2::Ident;
use syn::ext::IdentExt;
use syn::visit::Visit;
use syn::{Block, Pat, PatIdent};

/// A variable that a pattern binds.
#[derive(Clone)]
pub(crate) struct Binding {
    pub(crate) ident: Ident,
    pub(crate) is_mut: bool,
}

impl Binding {
    pub(crate) fn name(&self) -> String {
        self.ident.unraw().to_string()
    }
}

/// Returns the variables that a pattern binds. A constant in a pattern is taken for one, which does no harm.
pub(crate) fn bindings(pat: &Pat) -> Vec<Binding> {
    struct Bindings(Vec<Binding>);
    impl Visit<'_> for Bindings {
        fn visit_pat_ident(&mut self, pat: &PatIdent) {
            let is_mut = pat.mutability.is_some() && pat.by_ref.is_none();
            self.0.push(Binding { ident: pat.ident.clone(), is_mut });
            syn::visit::visit_pat_ident(self, pat);
        }
    }
    let mut found = Bindings(Vec::new());
    found.visit_pat(pat);
    found.0
}

/// Returns the names that the patterns in the body bind.
pub(crate) fn own_names(body: &Block) -> BTreeSet<String> {
    struct Own(BTreeSet<String>);
    impl Visit<'_> for Own {
        fn visit_pat(&mut self, pat: &Pat) {
            self.0.extend(bindings(pat).iter().map(Binding::name));
            syn::visit::visit_pat(self, pat);
        }
    }
    let mut own = Own(BTreeSet::new());
    own.visit_block(body);
    own.0
}
