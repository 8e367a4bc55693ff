//! Stage 3, a failure: tells whether an item has failed and how, and decides what becomes of it.

mod context;
mod failures;
pub(crate) mod notes;
pub(crate) mod outcome;
mod poison;
mod policy;
pub(crate) mod reported;
pub(crate) mod returns;
pub(crate) mod stopping;
mod thrown;
pub(crate) mod try_trace;

pub use context::ErrorContext;
pub(crate) use failures::Failures;
pub(crate) use poison::poison;
pub(crate) use policy::Judgement;
pub use policy::{Action, Policy, Verdict, retry};
pub use thrown::{Caught, Thrown, ThrownError, ThrownInner, ThrownInnerSend, ThrownOther};
