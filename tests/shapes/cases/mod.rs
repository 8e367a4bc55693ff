//! Collects the shapes, by topic. The crate that includes them says what `resumable` is.

#![deny(warnings)]

use super::resumable;

pub(crate) mod arguments;
pub(crate) mod asynchronous;
pub(crate) mod attributes;
#[no_implicit_prelude]
pub(crate) mod bare;
pub(crate) mod control_flow;
pub(crate) mod drop_order;
pub(crate) mod failing;
pub(crate) mod generics;
pub(crate) mod heads;
pub(crate) mod hidden;
pub(crate) mod identity;
pub(crate) mod inputs;
pub(crate) mod macros;
pub(crate) mod methods;
pub(crate) mod mutable;
pub(crate) mod named;
pub(crate) mod nesting;
pub(crate) mod positions;
pub(crate) mod returns;
pub(crate) mod several;
pub(crate) mod shadowed;
pub(crate) mod strict;
pub(crate) mod told;
pub(crate) mod worklists;
