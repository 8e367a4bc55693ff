//! The calls of macros that may be ours.

use syn::Path;

use crate::analyse::survey::Scope;

/// A call of a macro that may be one of ours.
pub(crate) struct Call {
    pub(crate) path: Path,
    /// The names in scope where the call stands.
    pub(crate) scope: Scope,
}

/// Returns whether the calls of the macro are in [`Survey::calls`].
pub(crate) fn is_noted(path: &Path) -> bool {
    let last = path.segments.last().map(|last| last.ident.to_string());
    last.is_some_and(|name| ["step", "checkpoint", "commit"].contains(&name.as_str()))
}
