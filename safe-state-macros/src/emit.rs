//! From the plan to generated code: calls into the runtime, and no logic of their own.

pub(crate) mod arguments;
pub(crate) mod belonging;
pub(crate) mod carry;
pub(crate) mod commits;
pub(crate) mod companion;
pub(crate) mod control_flow;
pub(crate) mod cursors;
pub(crate) mod fingerprint;
pub(crate) mod function;
pub(crate) mod items;
pub(crate) mod job;
pub(crate) mod kept_values;
pub(crate) mod lending;
pub(crate) mod lower_loop;
pub(crate) mod lowered;
pub(crate) mod policy;
pub(crate) mod proof;
pub(crate) mod restore;
pub(crate) mod returns;
pub(crate) mod run;
pub(crate) mod save_points;
pub(crate) mod steps;
pub(crate) mod try_operators;
pub(crate) mod undo;
