//! Holds helpers over syntax and tokens. This is the lowest layer, which knows nothing of the attribute.

pub(crate) mod bindings;
pub(crate) mod free_idents;
pub(crate) mod free_variables;
pub(crate) mod groups;
pub(crate) mod hygiene;
pub(crate) mod leaving;
pub(crate) mod loop_forms;
pub(crate) mod parens;
pub(crate) mod rewrite;
pub(crate) mod std_macros;
pub(crate) mod text;
