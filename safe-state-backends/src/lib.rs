//! The checkpoint of [`safe-state`](https://docs.rs/safe-state): its contents, its file format, and the backends that store it.
//!
//! A program that resumes batch work depends on `safe-state`, which re-exports what it needs from here. Depend on this crate to
//! write a [`Backend`] of your own, or a tool that reads checkpoints:
//!
//! ```
//! use safe_state_backends::{Backend, Checkpoint, FileBackend};
//!
//! # let dir = tempfile::tempdir()?;
//! # let state_dir = dir.path();
//! let backend = FileBackend::new(state_dir);
//! match backend.load("nightly-import")? {
//!     Some(bytes) => println!("{}", Checkpoint::decode(&bytes)?),
//!     None => println!("no such job, or it has finished"),
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![cfg_attr(docsrs, feature(doc_cfg))]
#![deny(missing_docs)]
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)
)]

mod backend;
mod bounded;
mod carried;
mod checkpoint;
#[cfg(feature = "conformance")]
pub mod conformance;
mod dir;
mod effects;
#[doc(hidden)]
#[cfg(feature = "encrypt")]
mod encrypt;
mod error;
pub mod escape;
mod file;
pub mod format;
mod given;
mod journal;
mod lease;
mod limits;
mod loading;
mod memory;
#[doc(hidden)]
pub mod name;
mod operations;
mod outputs;
#[cfg(target_os = "linux")]
mod page;
mod requests;
// The path of a list's type is stored with it, so these two modules stay at the root.
mod redacted;
mod results;
#[cfg(test)]
mod sample;
mod shared;
#[doc(hidden)]
pub mod size;
#[cfg(feature = "sqlite")]
mod sqlite;
mod statements;
mod store;
#[doc(hidden)]
pub mod tables;
mod timestamp;
pub mod value;
mod worklist;

#[doc(hidden)]
pub use backend::Listing;
pub use backend::{Appended, Backend, Durability, Lease, LeaseOptions};
pub use carried::{Carried, CarriedChange, CarriedError, Carry, StoredResults, ValueAt};
#[doc(hidden)]
pub use carried::{Rewritten, write_cursor};
pub use checkpoint::completed::Completed;
pub use checkpoint::dead_letters::{DeadLetter, DeadLetters, DeadLettersIter};
pub use checkpoint::failure::{Captured, Failure, FailureKind};
pub use checkpoint::{
    Attempts, CONSUMED, Checkpoint, CrashCause, Cut, DeadLetterNotRetryable, InFlight,
    ItemQuantiles, ItemTimes, LoopEnd, LoopProgress, Mark, Measured, MeasuredRun, Merge, NotByHand,
    PastRun, Progress, RunEnd, Sampled, Samples, Slices, SlowItem, Suspect, Timings,
};
#[doc(hidden)]
pub use dir::is_shared;
pub use effects::{Bounds, EffectState, EffectStore};
#[cfg(feature = "encrypt")]
pub use encrypt::{Encrypted, EncryptionKeys, IntoKeys};
pub use error::Error;
/// The parts of a failure's report: its chain of errors, values, stack frames and source excerpts.
pub mod details {
    pub use crate::checkpoint::failure::details::{
        Details, Excerpt, Fact, Frame, Link, Origin, Place, Span, Step, Value,
    };
}
pub use checkpoint::keys::Keys;
#[doc(hidden)]
pub use checkpoint::range_of_slice;
#[doc(hidden)]
pub use error::reason::serialize_reason;
#[doc(hidden)]
pub use error::sentence::one_line;
pub use file::FileBackend;
#[doc(hidden)]
pub use file::{extend_by_page, with_pages_in};
pub use given::{BackendOrUrl, IntoBackend};
pub use lease::holder::Holder;
#[doc(hidden)]
pub use lease::lock::Lock;
#[doc(hidden)]
#[cfg(unix)]
pub use lease::presence::Presence;
#[doc(hidden)]
pub use lease::process::Process;
pub use memory::MemoryBackend;
#[doc(hidden)]
pub use name::check_job;
#[doc(hidden)]
pub use outputs::named::{
    read_named, read_own, read_stdin, reopen_named, write_named, write_named_once,
};
#[doc(hidden)]
pub use outputs::output::{
    FileId, OutputLock, Taken, claim_output, is_output_of, move_outputs, release_output, writer_of,
};
pub use outputs::publish::{Publication, publish, publish_once, skip_if_exists};
pub use redacted::redacted;
pub use requests::press::Press;
pub use requests::request::Request;
pub use requests::signs::Signs;
pub use results::Results;
#[cfg(target_os = "linux")]
#[doc(hidden)]
pub use safe_state_page::{Advanced, LoopKeys, Page, Window};
#[doc(hidden)]
pub use shared::{BegunSlice, FinishedSlice, Head, PutBack, SharedJob, begun_slices, whole};
#[cfg(feature = "sqlite")]
pub use sqlite::SqliteBackend;
#[doc(hidden)]
pub use statements::Outstanding;
pub use statements::{Dialect, Ended, Parameter, Save, Statement, Statements};
#[cfg(target_os = "linux")]
#[doc(hidden)]
pub use store::InPage;
pub use store::{Opening, Store};
pub use timestamp::Timestamp;

pub use worklist::Worklist;
