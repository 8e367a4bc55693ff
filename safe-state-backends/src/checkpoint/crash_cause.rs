//! The cause of a process's death.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The cause of a process's death, as far as it is known: from the process that watched it, or from the process itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum CrashCause {
    /// The process was killed by the signal with this number.
    Signal(i32),
    /// The process ended with this exit code.
    Exit(i32),
    /// The process was ended because an item took longer than its `item_timeout` of this many milliseconds.
    ItemTimeout(u64),
    /// The process was ended because it used this many bytes of memory, more than its `max_memory`.
    Memory(u64),
    /// The process was ended because it ran longer than the process that started it allowed.
    Timeout,
}

/// The names of the signals that show a fault in the program, or that end a process from outside.
const NAMES: [(i32, &str); 11] = [
    (1, "SIGHUP"),
    (2, "SIGINT"),
    (3, "SIGQUIT"),
    (4, "SIGILL"),
    (6, "SIGABRT"),
    (8, "SIGFPE"),
    (9, "SIGKILL"),
    (11, "SIGSEGV"),
    (13, "SIGPIPE"),
    (14, "SIGALRM"),
    (15, "SIGTERM"),
];

impl CrashCause {
    /// Returns whether the signal is a request to end that says nothing of the item: from a system that goes down, or from a
    /// supervisor. SIGINT does not count, because time limits use it to end a process that hangs.
    pub(crate) fn is_from_outside(self) -> bool {
        const SIGHUP: i32 = 1;
        const SIGTERM: i32 = 15;
        matches!(self, CrashCause::Signal(SIGHUP | SIGTERM))
    }
}

impl fmt::Display for CrashCause {
    /// Writes for example `signal 11 (SIGSEGV)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            CrashCause::Signal(number) => {
                let name = NAMES.iter().find(|(it, _)| *it == number);
                match name {
                    Some((_, name)) => write!(f, "signal {number} ({name})"),
                    None => write!(f, "signal {number}"),
                }
            }
            CrashCause::Exit(code) => write!(f, "exit code {code}"),
            CrashCause::ItemTimeout(millis) => {
                write!(f, "the item took longer than {:?}", Duration::from_millis(millis))
            }
            CrashCause::Memory(bytes) => {
                write!(f, "{} MiB of memory were in use, more than may be", bytes >> 20)
            }
            CrashCause::Timeout => f.write_str("it took longer than it may"),
        }
    }
}

/// The text by which one process tells the cause to another, for example `signal:11`.
impl CrashCause {
    /// Returns the cause as text, which `parse` reads back.
    pub fn to_text(self) -> String {
        match self {
            CrashCause::Signal(number) => format!("signal:{number}"),
            CrashCause::Exit(code) => format!("exit:{code}"),
            CrashCause::ItemTimeout(millis) => format!("item-timeout:{millis}"),
            CrashCause::Memory(bytes) => format!("memory:{bytes}"),
            CrashCause::Timeout => "timeout:".to_owned(),
        }
    }
}

impl FromStr for CrashCause {
    type Err = ();

    /// # Errors
    ///
    /// The text is no cause.
    fn from_str(text: &str) -> Result<Self, ()> {
        let (kind, number) = text.split_once(':').ok_or(())?;
        Ok(match kind {
            "signal" => CrashCause::Signal(number.parse().map_err(drop)?),
            "exit" => CrashCause::Exit(number.parse().map_err(drop)?),
            "item-timeout" => CrashCause::ItemTimeout(number.parse().map_err(drop)?),
            "memory" => CrashCause::Memory(number.parse().map_err(drop)?),
            "timeout" => CrashCause::Timeout,
            _ => return Err(()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_read_back() {
        let causes = [
            CrashCause::Signal(11),
            CrashCause::Exit(-3),
            CrashCause::ItemTimeout(30_000),
            CrashCause::Memory(1 << 40),
            CrashCause::Timeout,
        ];
        for cause in causes {
            assert_eq!(cause.to_text().parse(), Ok(cause));
        }
        for text in ["", "signal", "signal:", "signal:x", "other:1"] {
            assert_eq!(text.parse::<CrashCause>(), Err(()));
        }
    }

    #[test]
    fn causes_of_death_are_told_in_words() {
        assert_eq!(CrashCause::Signal(11).to_string(), "signal 11 (SIGSEGV)");
        assert_eq!(CrashCause::Signal(64).to_string(), "signal 64");
        assert_eq!(CrashCause::ItemTimeout(1500).to_string(), "the item took longer than 1.5s");
        let memory = CrashCause::Memory(3 << 30).to_string();
        assert_eq!(memory, "3072 MiB of memory were in use, more than may be");
    }
}
