//! From the function to the [`plan::Plan`]: which loops are resumed, which variables are carried, and where their values
//! are needed. All that can be refused by the source alone is refused here, before anything is generated.

pub(crate) mod accumulators;
pub(crate) mod borrowed;
pub(crate) mod carried;
pub(crate) mod changes;
pub(crate) mod closures;
pub(crate) mod durable;
pub(crate) mod hoist;
pub(crate) mod mutations;
pub(crate) mod places;
pub(crate) mod premutation;
pub(crate) mod survey;
pub(crate) mod taking;
pub(crate) mod targets;
pub(crate) mod worklists;
