//! The reports of a run: events, spans, bars and meters. They read the run, and never steer it.

#[cfg(feature = "progress")]
pub mod bars;
#[cfg(not(feature = "progress"))]
#[path = "observe/bars/none.rs"]
pub(crate) mod bars;
pub(crate) mod events;
pub(crate) mod hooks;
#[cfg_attr(not(feature = "metrics"), path = "observe/meters/none.rs")]
mod meters;
mod observer;
pub(crate) mod service;
mod shown;
pub(crate) mod shows;
pub(crate) mod spans;
pub(crate) mod summary;

pub(crate) use observer::Observer;
pub(crate) use shown::Shown;
