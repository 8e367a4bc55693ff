//! What can go wrong with a guard, apart from what the job does.

use safe_state_backends::escape::Line;
use std::io;
use std::path::PathBuf;

/// Why a guard could not do what it was asked for.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum GuardError {
    /// The system refused something.
    #[error("cannot {action}")]
    System {
        /// What was tried.
        action: &'static str,
        /// What the system says.
        source: io::Error,
    },
    /// A guard was to run within the job of another.
    #[error(
        "the guard `{inner}` cannot run within the job of the guard `{outer}`; call it after that", inner = Line(inner), outer = Line(outer))]
    Nested {
        /// The one that was to run.
        inner: String,
        /// The one whose job this process is.
        outer: String,
    },
    /// The program has come to another guard than the one that started it.
    #[error(
        "the program was started again for the guard `{expected}`, and came to the guard `{found}` first; \
         let it come to its guards in the same order with the same arguments", expected = Line(expected), found = Line(found))]
    OtherGuard {
        /// The one that started it.
        expected: String,
        /// The one that it came to.
        found: String,
    },
    /// The program was started again for the guard, and ended before it came to it.
    #[error(
        "the program was started again for the guard `{name}`, and ended without coming to it ({ending}); \
         with the arguments {arguments:?} it has to come to the same guard, see `Guard::args`", name = Line(name), ending = Line(ending))]
    NotReached {
        /// The guard.
        name: String,
        /// How it ended.
        ending: String,
        /// What it was started with.
        arguments: Vec<String>,
    },
    /// The process was started by a guard, and what that passed on is gone.
    #[error(
        "the guard `{name}` has lost the memory it shares with the process that started this one; \
         close no files that you have not opened before the guard runs", name = Line(name))]
    Lost {
        /// The guard.
        name: String,
    },
    /// The name cannot be a guard's.
    #[error("a guard's name has 1 to 255 bytes, and `{name}` has {}", name.len(), name = Line(name))]
    Name {
        /// The name.
        name: String,
    },
    /// There is no room for a value.
    #[error(
        "there is no room for `{key}` in the {capacity} bytes of the guard's data; \
         remove something, or give it more by `Guard::max_size`", key = Line(key))]
    Full {
        /// The value's name.
        key: String,
        /// How much room there is for all.
        capacity: u64,
    },
    /// The memory for a guard's data is more than the system lets this process have.
    #[error(
        "cannot {action}, {bytes} bytes with room for {max_size} of data{}; \
         raise that limit, or ask for less by `Guard::max_size`",
        limit.as_ref().map(|limit| format!(": {limit}")).unwrap_or_default()
    )]
    NoMemory {
        /// What was tried.
        action: &'static str,
        /// How much memory that is.
        bytes: u64,
        /// What was asked for.
        max_size: u64,
        /// The limit that it is beyond, if that is known.
        limit: Option<String>,
        /// What the system says.
        source: io::Error,
    },
    /// More memory was asked for than there are addresses.
    #[error(
        "{max_size} bytes are more than a guard's data can have here; ask for less by `Guard::max_size`"
    )]
    TooLarge {
        /// What was asked for.
        max_size: u64,
    },
    /// A value's name is too long.
    #[error("a name of {len} bytes is too long for a value")]
    LongKey {
        /// Its length in bytes.
        len: usize,
    },
    /// A value cannot be serialised.
    #[error("`{key}` cannot be serialised: {reason}", key = Line(key), reason = Line(reason))]
    Unserializable {
        /// The value's name.
        key: String,
        /// What its `Serialize` says.
        reason: String,
    },
    /// A value is not of the type that was asked for.
    #[error("`{key}` cannot be read as `{type_name}`: {reason}", key = Line(key), reason = Line(reason))]
    OtherType {
        /// The value's name.
        key: String,
        /// The type.
        type_name: &'static str,
        /// What its `Deserialize` says.
        reason: String,
    },
    /// A change failed within an update, which was told then, so none of them was made.
    #[error("the update was undone, since one of its changes failed")]
    Undone,
    /// There is an autosave of a job that is running.
    #[error("the autosave `{}` belongs to a job that is running{holder}; wait for it, or stop it", Line(path.display()), holder = Line(holder))]
    Active {
        /// The file.
        path: PathBuf,
        /// Who runs it, if that is known.
        holder: String,
    },
    /// There is an autosave that was not recovered.
    #[error(
        "there is an autosave at `{}` that was not recovered; recover it by `guard::recover`, or remove it",
        Line(path.display()))]
    NotRecovered {
        /// The file.
        path: PathBuf,
    },
    /// There is no autosave.
    #[error("there is no autosave at `{}`", Line(path.display()))]
    NoAutosave {
        /// The file.
        path: PathBuf,
    },
    /// An autosave is damaged. The file is left as it is.
    #[error("the autosave `{}` is damaged: {reason}; it is left as it is", Line(path.display()), reason = Line(reason))]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A rescue has failed, of what an autosave holds. The file is left as it is.
    #[error("the rescue of the autosave `{}` has failed; it is left as it is", Line(path.display()))]
    RescueFailed {
        /// The file.
        path: PathBuf,
    },
    /// An autosave cannot be read or written.
    #[error("cannot {action} the autosave `{}`", Line(path.display()))]
    Autosave {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system says.
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
