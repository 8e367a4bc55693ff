//! Files of users: those that jobs write, those that are published whole, and those that commands are given.

pub(crate) mod named;
pub(crate) mod output;
pub(crate) mod publish;
