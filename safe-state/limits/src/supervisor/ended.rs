//! The end of a supervised program, and how it came to that.

use std::fmt;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use safe_state_backends::CrashCause;

const SIGKILL: i32 = 9;

/// The end of one run of a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct End {
    cause: CrashCause,
    /// Whether the kernel has killed the program because the memory of its control group was all in use.
    by_kernel: bool,
}

/// The end of a supervised program, after all restarts.
#[derive(Clone, Debug)]
pub struct Supervised {
    status: ExitStatus,
    last: End,
    /// The ends after which the program was started again.
    before: Vec<End>,
    has_given_up: bool,
    asked_by: Option<i32>,
    /// The exit code for a run that was to stop, if that is why the program has ended.
    stopped: Option<u8>,
    /// The exit code if the program was to end by a warning that no program took in.
    unheard: Option<u8>,
}

impl End {
    /// Makes the end of a program with `status`. `limit` is the limit for which the supervisor ended it, if it did.
    /// `killed` is the limit of the control group, if the kernel has killed in the group meanwhile.
    pub(super) fn of(status: ExitStatus, limit: Option<CrashCause>, killed: Option<u64>) -> Self {
        if let (Some(SIGKILL), None, Some(memory)) = (status.signal(), limit, killed) {
            return End { cause: CrashCause::Memory(memory), by_kernel: true };
        }
        let by_itself = match status.signal() {
            Some(signal) => CrashCause::Signal(signal),
            None => CrashCause::Exit(status.code().unwrap_or_default()),
        };
        End { cause: limit.unwrap_or(by_itself), by_kernel: false }
    }

    /// Returns what the program died of: an exit code, a signal, or a limit of the supervisor.
    pub fn cause(self) -> CrashCause {
        self.cause
    }

    pub(super) fn is_by_itself(self) -> bool {
        matches!(self.cause, CrashCause::Exit(_))
    }
}

impl Supervised {
    pub(super) fn new(status: ExitStatus, last: End, before: Vec<End>, has_given_up: bool) -> Self {
        Supervised {
            status,
            last,
            before,
            has_given_up,
            asked_by: None,
            stopped: None,
            unheard: None,
        }
    }

    pub(super) fn asked_by(self, signal: Option<i32>) -> Self {
        Supervised { asked_by: signal, ..self }
    }

    /// Sets the exit code for a run that was to stop.
    pub(super) fn stopped(mut self, code: Option<u8>) -> Self {
        self.stopped = code;
        self
    }

    /// Sets the exit code for a warning that no program took in.
    pub(super) fn unheard(self, code: Option<u8>) -> Self {
        Supervised { unheard: code, ..self }
    }

    /// Returns whether the program succeeded in the end.
    pub fn success(&self) -> bool {
        self.status.success()
    }

    /// Returns how the program's last run ended, as the system tells it.
    pub fn status(&self) -> ExitStatus {
        self.status
    }

    /// Returns the code to exit with: the program's, or 128 plus the number of the signal that it died of. A program
    /// that exits with 1, as Rust programs do that return an error, and says that its run was to stop, gets the code
    /// for that. So does a program that had ended or was just being started when a warning came: it is to be run again.
    pub fn code(&self) -> u8 {
        if let Some(code) = self.unheard {
            return code;
        }
        if let Some(code) = self.stopped.filter(|_| self.status.code() == Some(1)) {
            return code;
        }
        let code = self.status.code().or_else(|| self.status.signal().map(|signal| 128 + signal));
        code.and_then(|code| u8::try_from(code & 0xff).ok()).unwrap_or(u8::MAX)
    }

    /// Returns how many times the program was started again.
    pub fn restarts(&self) -> usize {
        self.before.len()
    }

    /// Returns how each run of the program ended, the last one included.
    pub fn ends(&self) -> impl Iterator<Item = End> {
        self.before.iter().copied().chain([self.last])
    }

    /// Returns whether a signal has asked this process to end, which ended the supervision.
    pub fn was_asked_to_end(&self) -> bool {
        self.asked_by.is_some()
    }

    /// Returns whether the program's run was to stop: it was asked to end, cancelled, or at the end of its time.
    pub fn has_stopped(&self) -> bool {
        self.stopped.is_some()
    }

    /// Returns whether the program failed after all allowed restarts.
    pub fn has_given_up(&self) -> bool {
        self.has_given_up
    }
}

impl fmt::Display for End {
    /// Shows what the program ended by: `signal 11 (SIGSEGV)`, `its timeout`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.cause {
            CrashCause::Memory(bytes) if self.by_kernel => write!(
                f,
                "signal 9 (SIGKILL) from the kernel, as the {} MiB of memory that its control group may have were in use",
                bytes >> 20
            ),
            CrashCause::Timeout => f.write_str("its timeout"),
            CrashCause::Memory(bytes) => {
                write!(f, "its limit on memory, with {} MiB in use", bytes >> 20)
            }
            CrashCause::ItemTimeout(_) => f.write_str("the timeout of an item"),
            by_itself => by_itself.fmt(f),
        }
    }
}

impl fmt::Display for Supervised {
    /// Shows `gave up after 5 restarts; it ended by signal 11 (SIGSEGV) (4 times), exit code 1 (2 times)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let outcome = match (self.success(), self.has_given_up) {
            (true, _) => "succeeded",
            (false, true) => "gave up",
            (false, false) if self.has_stopped() => "stopped, as it was to,",
            (false, false) => "ended",
        };
        let restarts = self.restarts();
        let plural = if restarts == 1 { "" } else { "s" };
        match self.asked_by {
            Some(signal) => {
                write!(f, "was asked to end by {}, and {outcome}", CrashCause::Signal(signal))
            }
            None => f.write_str(outcome),
        }?;
        write!(f, " after {restarts} restart{plural}")?;
        let mut counts: Vec<(End, usize)> = Vec::new();
        let failed = self.before.iter().chain(Some(&self.last).filter(|_| !self.success()));
        for end in failed {
            match counts.iter_mut().find(|(known, _)| known == end) {
                Some((_, count)) => *count += 1,
                None => counts.push((*end, 1)),
            }
        }
        for (at, (end, count)) in counts.iter().enumerate() {
            f.write_str(if at == 0 { "; it ended by " } else { ", " })?;
            write!(f, "{end}")?;
            if *count > 1 {
                write!(f, " ({count} times)")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(raw: i32) -> End {
        End::of(ExitStatus::from_raw(raw), None, None)
    }

    /// A kill by somebody else, or a crash while another process was killed, does not count as one by the kernel.
    #[test]
    fn what_the_kernel_has_killed_for_memory_is_told_as_that() {
        let ended = |raw, limit, killed| End::of(ExitStatus::from_raw(raw), limit, killed);
        let killed = ended(9, None, Some(128 << 20));
        assert_eq!(killed.cause(), CrashCause::Memory(128 << 20));
        let text = "signal 9 (SIGKILL) from the kernel, as the 128 MiB of memory that its control group may have \
                    were in use";
        assert_eq!(killed.to_string(), text);
        assert_eq!(ended(9, None, None).cause(), CrashCause::Signal(9));
        assert_eq!(ended(11, None, Some(1)).cause(), CrashCause::Signal(11));
        let limit = Some(CrashCause::Timeout);
        assert_eq!(ended(9, limit, Some(1)).cause(), CrashCause::Timeout);
    }

    #[test]
    fn the_end_of_a_program_is_told_in_words() {
        let status = ExitStatus::from_raw(11);
        let given_up = Supervised::new(status, end(11), vec![end(11), end(1 << 8), end(11)], true);
        let text =
            "gave up after 3 restarts; it ended by signal 11 (SIGSEGV) (3 times), exit code 1";
        assert_eq!((given_up.to_string().as_str(), given_up.code()), (text, 139));
        let limits = [CrashCause::Timeout, CrashCause::Timeout, CrashCause::Memory(300 << 20)]
            .map(|limit| End::of(status, Some(limit), None));
        let limited = Supervised::new(status, end(9), limits.to_vec(), true);
        let text = "gave up after 3 restarts; it ended by its timeout (2 times), \
                    its limit on memory, with 300 MiB in use, signal 9 (SIGKILL)";
        assert_eq!(limited.to_string(), text);
        let asked = Supervised::new(status, end(7 << 8), Vec::new(), false).asked_by(Some(15));
        let text = "was asked to end by signal 15 (SIGTERM), and ended after 0 restarts; it ended by exit code 7";
        assert_eq!(asked.to_string(), text);
        let done = Supervised::new(ExitStatus::from_raw(0), end(0), Vec::new(), false);
        assert_eq!((done.to_string().as_str(), done.code()), ("succeeded after 0 restarts", 0));
    }
}
