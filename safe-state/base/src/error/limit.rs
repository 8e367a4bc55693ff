//! What is told of a limit that was passed.

use std::fmt;
use std::io::ErrorKind;
use std::time::Duration;

use bytesize::ByteSize;
use safe_state_backends::escape::Line;

/// Work took longer, or more, than it may.
///
/// `limits::check` and futures under a limit return it inside [`Error::Limit`](crate::Error::Limit).
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LimitExceeded {
    /// There was no progress for that long.
    #[error(
        "there was no progress for {used:.1?}, and {limit:?} are the limit {place}; \
         call `progress()` where it goes on, or raise the limit", place = Line(place))]
    ExecutionTimeout {
        /// How long it may take.
        limit: Duration,
        /// How long it took until it was noticed.
        used: Duration,
        /// Where the limit was set: `at src/main.rs:14:5`, or which item of which job it is for.
        place: String,
    },
    /// More memory was in use than may be.
    #[error(
        "{memory} has {} of memory in use, and {} are the limit {place}; \
         free some, work in smaller parts, or raise the limit",
        readable(*used),
        readable(*limit), place = Line(place))]
    MemoryLimitExceeded {
        /// How much may be in use, in bytes.
        limit: u64,
        /// How much was when it was noticed, in bytes.
        used: u64,
        /// Whose memory.
        memory: Memory,
        /// Where the limit was set.
        place: String,
    },
}

safe_state_backends::debug_is_one_line!(LimitExceeded);

impl LimitExceeded {
    /// The kind of the `io::Error` that it becomes.
    pub(super) fn kind(&self) -> ErrorKind {
        match self {
            LimitExceeded::ExecutionTimeout { .. } => ErrorKind::TimedOut,
            LimitExceeded::MemoryLimitExceeded { .. } => ErrorKind::OutOfMemory,
        }
    }
}

/// Whose memory a limit measures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Memory {
    /// What the process has of its own: what is resident, without what is shared with files and other
    /// processes. Its children's is not counted.
    #[default]
    Process,
    /// What all processes of its control group have: of the container, in most cases. Caches that the
    /// kernel can drop are not counted. Beyond nine tenths of what the group may have, any limit is passed.
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

/// A size as people write it: `2.0 GiB`.
fn readable(bytes: u64) -> impl fmt::Display {
    ByteSize(bytes).display().iec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_say_what_and_where_and_what_to_do() {
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
