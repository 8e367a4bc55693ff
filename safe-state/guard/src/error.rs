//! The errors of a guard itself, apart from failures of its job.

use safe_state_backends::escape::Line;
use std::io;
use std::path::PathBuf;

/// Why a guard could not do what was asked.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum GuardError {
    /// The system refused something.
    #[error("cannot {action}")]
    System {
        /// The action that failed.
        action: &'static str,
        /// The system's error.
        source: io::Error,
    },
    /// A guard was run within the job of another guard.
    #[error(
        "the guard `{inner}` cannot run within the job of the guard `{outer}`; call it after that", inner = Line(inner), outer = Line(outer))]
    Nested {
        /// The name of the guard that was run.
        inner: String,
        /// The name of the guard whose job this process is.
        outer: String,
    },
    /// The program was started again by one guard, and came to another guard first.
    #[error(
        "the program was started again for the guard `{expected}`, and came to the guard `{found}` first; \
         let it come to its guards in the same order with the same arguments", expected = Line(expected), found = Line(found))]
    OtherGuard {
        /// The name of the guard that started it.
        expected: String,
        /// The name of the guard that it came to.
        found: String,
    },
    /// The program was started again for the guard, and ended before it came to the guard.
    #[error(
        "the program was started again for the guard `{name}`, and ended without coming to it ({ending}); \
         with the arguments {arguments:?} it has to come to the same guard, see `Guard::args`", name = Line(name), ending = Line(ending))]
    NotReached {
        /// The name of the guard.
        name: String,
        /// The end of the program, as text.
        ending: String,
        /// The arguments that the program was started with.
        arguments: Vec<String>,
    },
    /// The process was started by a guard, and the memory passed on to it is gone.
    #[error(
        "the guard `{name}` has lost the memory it shares with the process that started this one; \
         close no files that you have not opened before the guard runs", name = Line(name))]
    Lost {
        /// The name of the guard.
        name: String,
    },
    /// The name can't be that of a guard.
    #[error("a guard's name has 1 to 255 bytes, and `{name}` has {}", name.len(), name = Line(name))]
    Name {
        /// The name that was given.
        name: String,
    },
    /// The data has no room for a value.
    #[error(
        "there is no room for `{key}` in the {capacity} bytes of the guard's data; \
         remove something, or give it more by `Guard::max_size`", key = Line(key))]
    Full {
        /// The value's name.
        key: String,
        /// The room for all data, in bytes.
        capacity: u64,
    },
    /// The memory for a guard's data is more than the system lets this process have.
    #[error(
        "cannot {action}, {bytes} bytes with room for {max_size} of data{}; \
         raise that limit, or ask for less by `Guard::max_size`",
        limit.as_ref().map(|limit| format!(": {limit}")).unwrap_or_default()
    )]
    NoMemory {
        /// The action that failed.
        action: &'static str,
        /// The memory that was needed, in bytes.
        bytes: u64,
        /// The room for data that was asked for, in bytes.
        max_size: u64,
        /// The limit that was exceeded, if it is known.
        limit: Option<String>,
        /// The system's error.
        source: io::Error,
    },
    /// More memory was asked for than can be addressed.
    #[error(
        "{max_size} bytes are more than a guard's data can have here; ask for less by `Guard::max_size`"
    )]
    TooLarge {
        /// The room for data that was asked for, in bytes.
        max_size: u64,
    },
    /// A value's name is too long.
    #[error("a name of {len} bytes is too long for a value")]
    LongKey {
        /// The length of the name in bytes.
        len: usize,
    },
    /// A value cannot be serialised.
    #[error("`{key}` cannot be serialised: {reason}", key = Line(key), reason = Line(reason))]
    Unserializable {
        /// The value's name.
        key: String,
        /// The error of its `Serialize`.
        reason: String,
    },
    /// A value is not of the type that was asked for.
    #[error("`{key}` cannot be read as `{type_name}`: {reason}", key = Line(key), reason = Line(reason))]
    OtherType {
        /// The value's name.
        key: String,
        /// The name of the type that was asked for.
        type_name: &'static str,
        /// The error of its `Deserialize`.
        reason: String,
    },
    /// A change within an update failed. That was reported then; none of the changes was made.
    #[error("the update was undone, since one of its changes failed")]
    Undone,
    /// The autosave belongs to a running job.
    #[error("the autosave `{}` belongs to a job that is running{holder}; wait for it, or stop it", Line(path.display()), holder = Line(holder))]
    Active {
        /// The path of the autosave.
        path: PathBuf,
        /// A text that says who runs the job, empty if that is not known.
        holder: String,
    },
    /// An autosave exists that was not recovered.
    #[error(
        "there is an autosave at `{}` that was not recovered; recover it by `guard::recover`, or remove it",
        Line(path.display()))]
    NotRecovered {
        /// The path of the autosave.
        path: PathBuf,
    },
    /// No autosave exists.
    #[error("there is no autosave at `{}`", Line(path.display()))]
    NoAutosave {
        /// The path of the autosave.
        path: PathBuf,
    },
    /// An autosave is damaged. The file is left as it is.
    #[error("the autosave `{}` is damaged: {reason}; it is left as it is", Line(path.display()), reason = Line(reason))]
    Damaged {
        /// The path of the autosave.
        path: PathBuf,
        /// The reason why the autosave can't be read.
        reason: String,
    },
    /// The rescue of an autosave's data has failed. The file is left as it is.
    #[error("the rescue of the autosave `{}` has failed; it is left as it is", Line(path.display()))]
    RescueFailed {
        /// The path of the autosave.
        path: PathBuf,
    },
    /// An autosave cannot be read or written.
    #[error("cannot {action} the autosave `{}`", Line(path.display()))]
    Autosave {
        /// The action that failed.
        action: &'static str,
        /// The path of the autosave.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
}

safe_state_backends::debug_is_one_line!(GuardError);

#[cfg(target_os = "linux")]
impl GuardError {
    pub(super) fn system(action: &'static str) -> impl FnOnce(io::Error) -> GuardError {
        move |source| GuardError::System { action, source }
    }
}
