#![doc = include_str!("../docs/crate.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![deny(missing_docs)]

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
mod ascending;
mod attempt;
mod companion;
mod control;
mod effects;
mod failure;
mod items;
mod job;
#[cfg(feature = "limits")]
pub mod limits;
mod observe;
mod parallel;
mod progress;
mod proof;
mod run;
mod save;
mod shared;
#[cfg(feature = "testing")]
pub mod testing;

pub use control::rate::Rate;
pub use effects::{commit, idempotency, reconnect, transaction};
pub use failure::{Action, ErrorContext};
/// The former name of [`Effect`], for programs that still use it.
#[doc(hidden)]
pub use idempotency::Effect as Once;
pub use idempotency::{Effect, IdempotencyCache};
pub use items::terms::OnChange;
pub use job::Job;
pub use job::by_hand::{ByHand, CompletedKeys};
pub use job::defaults::{Defaults, defaults};
pub use job::shared::OnIdle;
#[cfg(feature = "progress")]
pub use observe::bars;
pub use observe::shows::{ProgressLines, ShowProgress};
pub use observe::summary::{RunItems, RunSaves, RunSummary};
pub use parallel::{JobStream, ParIter};
pub use safe_state_backends::{
    Attempts, Backend, Captured, CarriedError, Carry, Checkpoint, Completed, CrashCause,
    DeadLetter, DeadLetterNotRetryable, DeadLetters, DeadLettersIter, Durability, Failure,
    FailureKind, FileBackend, ItemQuantiles, ItemTimes, Keys, LoopEnd, LoopProgress, Measured,
    MeasuredRun, MemoryBackend, NotByHand, PastRun, Progress, Publication, Request, Results,
    RunEnd, SlowItem, StoredResults, Suspect, Timestamp, Timings, Worklist, publish, publish_once,
    skip_if_exists,
};
pub use safe_state_base::exit::ExitCodes;
#[cfg(feature = "signals")]
pub use safe_state_base::signals::EndSignals;
pub use safe_state_base::status::{
    Death, State, Status, StatusAsked, StatusDetails, StatusHolder, StatusItemTimes, StatusLoop,
    StatusMeasured, StatusPace, StatusProgress, StatusRuns, StatusSaving, StatusSlowItem,
    StatusTimings,
};
pub use safe_state_base::{Backoff, Error, StopReason};
use safe_state_base::{bounded, error, secrets};
#[cfg(feature = "cli")]
#[doc(inline)]
pub use safe_state_cli as cli;
#[cfg(feature = "guard")]
#[doc(inline)]
pub use safe_state_guard as guard;
#[cfg(all(unix, feature = "supervisor"))]
#[doc(inline)]
pub use safe_state_limits::{Supervisor, supervisor};
/// ```
/// use std::io::{self, Write};
/// use std::path::Path;
/// use safe_state::{idempotent, publish, skip_if_exists};
///
/// #[idempotent(check = skip_if_exists(to))]
/// fn render(page: &str, to: &Path) -> io::Result<()> {
///     publish(to, |file| file.write_all(page.as_bytes()))
/// }
/// # let dir = tempfile::tempdir()?;
/// # let to = dir.path().join("page.html");
/// render("one", &to)?;
/// render("two", &to)?; // does nothing
/// assert_eq!(std::fs::read_to_string(&to)?, "one");
/// # Ok::<(), io::Error>(())
/// ```
pub use safe_state_macros::idempotent;
/// ```
/// use safe_state::limits::check;
/// use safe_state::mem_guard;
///
/// #[mem_guard(max_memory = "16GiB")]
/// fn index(pages: &[&str]) -> anyhow::Result<usize> {
///     let mut length = 0;
///     for page in pages {
///         check()?;
///         length += page.len();
///     }
///     Ok(length)
/// }
/// # assert_eq!(index(&["a", "bc"])?, 3);
/// # Ok::<(), anyhow::Error>(())
/// ```
#[cfg(feature = "limits")]
pub use safe_state_macros::mem_guard;
pub use safe_state_macros::resumable;
/// ```
/// use safe_state::limits::{check, progress};
/// use safe_state::time_guard;
///
/// #[time_guard(timeout = "90s")]
/// fn import(rows: &[u64]) -> anyhow::Result<u64> {
///     let mut sum = 0;
///     for row in rows {
///         check()?;
///         sum += row;
///         progress();
///     }
///     Ok(sum)
/// }
/// # assert_eq!(import(&[1, 2])?, 3);
/// # Ok::<(), anyhow::Error>(())
/// ```
#[cfg(feature = "limits")]
pub use safe_state_macros::time_guard;
#[cfg(feature = "report")]
#[doc(inline)]
pub use safe_state_report as report;
#[cfg(feature = "serve")]
#[doc(inline)]
pub use safe_state_serve as serve;
pub use save::schedule::SaveEvery;

/// Returns the exit code for `main`, which tells a batch system whether to run the program again: 75 if a run stopped
/// that is to go on later, 76 if nothing was left for a worker, 77 if the run was cancelled or has ended itself, and 1
/// for any other error. [`ExitCodes`] changes them, and so does the environment.
///
/// ```
/// use std::process::ExitCode;
/// # use safe_state::resumable;
/// #
/// # #[resumable(name = "import")]
/// # fn import(rows: &[u32]) -> anyhow::Result<()> {
/// #     for _ in rows {}
/// #     Ok(())
/// # }
///
/// fn main() -> ExitCode {
///     safe_state::exit_code(run())
/// }
///
/// fn run() -> anyhow::Result<()> {
///     import(&[1, 2, 3])
/// }
/// ```
pub fn exit_code<T, E: std::fmt::Debug>(ended: Result<T, E>) -> std::process::ExitCode {
    ExitCodes::new().of(ended)
}

/// The storage of checkpoints: the trait, and the backends that come with the crate.
pub mod backend {
    #[cfg(feature = "sqlite")]
    pub use safe_state_backends::SqliteBackend;
    #[cfg(feature = "conformance")]
    pub use safe_state_backends::conformance;
    pub use safe_state_backends::{
        Appended, Backend, Durability, Error, FileBackend, Holder, IntoBackend, Lease,
        LeaseOptions, MemoryBackend,
    };
    #[cfg(feature = "encrypt")]
    pub use safe_state_backends::{Encrypted, EncryptionKeys, IntoKeys};
    pub use safe_state_base::url::from_url;
    #[cfg(any(feature = "mysql", feature = "sqlx-mysql"))]
    pub use safe_state_servers::MySqlBackend;
    #[cfg(feature = "object-store")]
    pub use safe_state_servers::ObjectStoreBackend;
    #[cfg(any(feature = "postgres", feature = "sqlx-postgres"))]
    pub use safe_state_servers::PostgresBackend;
    #[cfg(any(feature = "mysql", feature = "sqlx-mysql"))]
    pub use safe_state_servers::mysql_async;
    #[cfg(feature = "network")]
    pub use safe_state_servers::network;
    #[cfg(any(feature = "postgres", feature = "sqlx-postgres"))]
    pub use safe_state_servers::tokio_postgres;
    #[cfg(feature = "redis")]
    pub use safe_state_servers::{RedisBackend, redis_driver};
}
