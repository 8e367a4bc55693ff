//! Finds variables that a loop changes through a shared reference which a closure from before the loop has captured.
//!
//! ```text
//! let note = |size| { total.fetch_add(size, Relaxed); };
//! for row in rows { note(row.len()) }
//! ```
//!
//! The variable's type decides whether that changes it.

use std::collections::BTreeSet;

use proc_macro2::Ident;
use syn::ext::IdentExt;
use syn::visit::{self, Visit};
use syn::{ExprClosure, ExprMethodCall};

use crate::analyse::outer::{Kind, Outer};
use crate::analyse::place::root;
use crate::syntax::free_variables as free;

/// Methods that change what they are called on through a shared reference, beside those that begin with `fetch_` or
/// `compare_`. They leave the variable where it is, so that its type can be looked at behind the closure.
const CHANGING: [&str; 11] = [
    "get_or_init",
    "lock",
    "send",
    "set",
    "store",
    "swap",
    "try_lock",
    "try_send",
    "try_write",
    "write",
    "write_all",
];

/// Returns the names of the variables that the closures change which are among the `called` variables. A closure that
/// `is_named` may do as it likes.
pub(crate) fn changed_by_closures(
    outer: &[Outer<'_>],
    called: &BTreeSet<String>,
    is_named: impl Fn(&Ident) -> bool,
) -> BTreeSet<String> {
    let mut changed = Changed::default();
    let mut called = called.clone();
    // A closure can call only those from before it.
    for it in outer.iter().rev() {
        let Kind::Local(local) = it.kind else { continue };
        let is_lent = |it: &&ExprClosure| it.capture.is_none() && !local.binding.is_mut;
        let Some(closure) = local.closure().filter(is_lent) else { continue };
        if free::holds(&called, &it.ident) && !is_named(&it.ident) {
            changed.captured = free::names(|free| free.visit_expr_closure(closure));
            changed.visit_expr(&closure.body);
            called.append(&mut changed.captured);
        }
    }
    changed.found
}

#[derive(Default)]
struct Changed {
    /// The variables from outside of the closure.
    captured: BTreeSet<String>,
    found: BTreeSet<String>,
}

impl Visit<'_> for Changed {
    fn visit_expr_method_call(&mut self, it: &ExprMethodCall) {
        visit::visit_expr_method_call(self, it);
        let method = it.method.to_string();
        let changes = CHANGING.contains(&method.as_str())
            || ["fetch_", "compare_"].iter().any(|start| method.starts_with(start));
        let name = root(&it.receiver).map(|name| name.unraw().to_string());
        self.found.extend(name.filter(|name| changes && self.captured.contains(name)));
    }
}
