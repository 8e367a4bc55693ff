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

mod apart;
mod backend;
mod bounded;
mod carried;
mod checkpoint;
mod completed;
#[cfg(feature = "conformance")]
pub mod conformance;
mod dead_letters;
mod dir;
mod effects;
#[doc(hidden)]
#[cfg(feature = "encrypt")]
mod encrypt;
mod error;
pub mod escape;
mod failure;
mod file;
pub mod format;
mod generation;
mod holder;
mod journal;
mod keys;
mod limits;
mod lock;
mod memory;
#[cfg(feature = "mysql")]
mod mysql;
mod name;
mod named;
#[cfg(feature = "network")]
pub mod network;
#[cfg(feature = "object-store")]
mod object_store;
mod output;
#[cfg(target_os = "linux")]
mod page;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(all(feature = "network", unix))]
mod presence;
mod presses;
mod process;
mod publish;
mod reason;
#[cfg(feature = "redis")]
mod redis;
mod request;
mod results;
#[cfg(test)]
mod sample;
mod sentence;
mod shared;
mod signs;
mod size;
#[cfg(feature = "sqlite")]
mod sqlite;
mod statements;
mod store;
mod stored;
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
mod tables;
mod timestamp;
mod url;
pub mod value;
mod wait;
mod worklist;

#[cfg(feature = "object-store")]
pub use self::object_store::{ObjectStoreBackend, Objects};
#[cfg(feature = "redis")]
pub use self::redis::{Redis, RedisBackend};
#[cfg(feature = "redis")]
pub use ::redis as redis_driver;
pub use backend::{Appended, Backend, Durability, Lease, LeaseOptions};
pub use carried::{Carried, CarriedChange, CarriedError, Carry, StoredResults, ValueAt};
pub use checkpoint::{
    Attempts, CONSUMED, Checkpoint, CrashCause, Cut, DeadLetterNotRetryable, InFlight, LoopEnd,
    LoopProgress, Mark, Merge, NotByHand, PastRun, Progress, RunEnd, Sampled, Samples, Slices,
    Suspect,
};
pub use completed::Completed;
pub use dead_letters::{DeadLetter, DeadLetters, DeadLettersIter};
#[doc(hidden)]
pub use dir::is_shared;
pub use effects::{Bounds, EffectState, EffectStore};
#[cfg(feature = "encrypt")]
pub use encrypt::{Encrypted, EncryptionKeys, IntoKeys};
pub use error::Error;
pub use failure::{Captured, Failure, FailureKind};
/// The parts of a failure's report: its chain of errors, values, stack frames and source excerpts.
pub mod details {
    pub use crate::failure::details::{
        Details, Excerpt, Fact, Frame, Link, Origin, Place, Span, Step, Value,
    };
}
pub use file::FileBackend;
#[doc(hidden)]
pub use file::{extend_by_page, with_pages_in};
pub use holder::Holder;
pub use keys::Keys;
#[doc(hidden)]
pub use lock::Lock;
pub use memory::MemoryBackend;
#[cfg(feature = "mysql")]
pub use mysql::{MySql, MySqlBackend};
#[cfg(feature = "mysql")]
pub use mysql_async;
#[doc(hidden)]
pub use named::{read_named, read_own, read_stdin, reopen_named, write_named, write_named_once};
#[doc(hidden)]
pub use output::{
    FileId, OutputLock, Taken, claim_output, is_output_of, move_outputs, release_output, writer_of,
};
#[cfg(feature = "postgres")]
pub use postgres::{Postgres, PostgresBackend};
pub use presses::Press;
pub use publish::{Publication, publish, publish_once, skip_if_exists};
#[doc(hidden)]
pub use reason::serialize_reason;
pub use request::Request;
pub use results::Results;
#[cfg(target_os = "linux")]
#[doc(hidden)]
pub use safe_state_page::{Advanced, Page};
#[doc(hidden)]
pub use sentence::one_line;
#[doc(hidden)]
pub use shared::{
    BegunSlice, FinishedSlice, PutBack, SharedJob, begun_slices, range_of_slice, whole,
};
pub use signs::Signs;
#[cfg(feature = "sqlite")]
pub use sqlite::SqliteBackend;
pub use statements::{Dialect, Ended, Parameter, Save, Statement, Statements};
#[cfg(target_os = "linux")]
#[doc(hidden)]
pub use store::InPage;
pub use store::{Opening, Store};
pub use timestamp::Timestamp;
#[cfg(feature = "postgres")]
pub use tokio_postgres;
pub use url::{IntoBackend, from_url, redacted};
pub use worklist::Worklist;
