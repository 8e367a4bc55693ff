//! The error of a limit that was exceeded.

use std::fmt;
use std::io::ErrorKind;
use std::time::Duration;

use bytesize::ByteSize;
use safe_state_backends::escape::Line;

/// The work took longer, or used more memory, than its limit allows.
///
/// `limits::check` and futures under a limit return this inside [`Error::Limit`](crate::Error::Limit).
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LimitExceeded {
    /// The work made no progress for this time.
    #[error(
        "there was no progress for {used:.1?}, and {limit:?} are the limit {place}; \
         call `progress()` where it goes on, or raise the limit", place = Line(place))]
    ExecutionTimeout {
        /// The longest time without progress.
        limit: Duration,
        /// The time without progress when it was noticed.
        used: Duration,
        /// The place where the limit was set: `at src/main.rs:14:5`, or the item and the job that it is for.
        place: String,
    },
    /// More memory was in use than the limit allows.
    #[error(
        "{memory} has {} of memory in use, and {} are the limit {place}; \
         free some, work in smaller parts, or raise the limit",
        readable(*used),
        readable(*limit), place = Line(place))]
    MemoryLimitExceeded {
        /// The largest amount that may be in use, in bytes.
        limit: u64,
        /// The amount in use when it was noticed, in bytes.
        used: u64,
        /// The owner of the measured memory.
        memory: Memory,
        /// The place where the limit was set.
        place: String,
    },
}

safe_state_backends::debug_is_one_line!(LimitExceeded);

impl LimitExceeded {
    /// Returns the kind of the `io::Error` that this error converts to.
    pub(super) fn kind(&self) -> ErrorKind {
        match self {
            LimitExceeded::ExecutionTimeout { .. } => ErrorKind::TimedOut,
            LimitExceeded::MemoryLimitExceeded { .. } => ErrorKind::OutOfMemory,
        }
    }
}

/// The memory that a limit measures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Memory {
    /// The process's own memory: the resident part, without what is shared with files and other processes. Memory of child
    /// processes does not count.
    #[default]
    Process,
    /// The memory of all processes in the control group, which in most cases is the container. Caches that the kernel can drop
    /// do not count. If the group uses more than nine tenths of what it may, any limit is exceeded.
    Cgroup,
}

impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Memory::Process => "the process",
            Memory::Cgroup => "the control group",
        })
    }
}

/// Returns a size for people, for example `2.0 GiB`.
fn readable(bytes: u64) -> impl fmt::Display {
    ByteSize(bytes).display().iec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_limits_say_what_and_where_and_what_to_do() {
        let place = || "at src/main.rs:14:5".to_owned();
        let (limit, used) = (Duration::from_secs(60), Duration::from_millis(60_003));
        let timeout = LimitExceeded::ExecutionTimeout { limit, used, place: place() };
        let text = "there was no progress for 60.0s, and 60s are the limit at src/main.rs:14:5; \
                    call `progress()` where it goes on, or raise the limit";
        assert_eq!(timeout.to_string(), text);
        let (limit, memory) = (2 << 30, Memory::Process);
        let memory =
            LimitExceeded::MemoryLimitExceeded { limit, used: 5 << 29, memory, place: place() };
        let text = "the process has 2.5 GiB of memory in use, and 2.0 GiB are the limit at src/main.rs:14:5; \
                    free some, work in smaller parts, or raise the limit";
        assert_eq!(memory.to_string(), text);
    }
}
