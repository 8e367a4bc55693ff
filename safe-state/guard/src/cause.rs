//! Why a job ended, and the time and memory that it used.

use std::fmt;
use std::os::unix::process::ExitStatusExt;
#[cfg(feature = "minidump")]
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Termination};
use std::sync::OnceLock;
use std::time::Duration;

use safe_state_backends::escape::Line;

use super::crash::{self, Crash};
use super::layout::{stage, word};
use super::memory::Memory;
use super::panic::{self, Panic};
use super::stack::{self, Frame, Module};
use super::sys::Pages;
use safe_state_base::secrets::masked;

/// Why a job ended.
///
/// Its `Display` is one line: `killed by signal 11 (SIGSEGV) at address 0x8`.
#[derive(Clone, Debug, Default)]
pub struct Cause {
    end: End,
    stage: u64,
    panic: Option<Panic>,
    crash: Option<Crash>,
    calls: Calls,
    usage: Usage,
    is_out_of_memory: bool,
    #[cfg(feature = "minidump")]
    minidump: Option<PathBuf>,
}

/// How the job's process ended.
#[derive(Clone, Debug)]
enum End {
    Status(ExitStatus),
    /// The cause as an autosave tells it, if the guard learnt it.
    Told(Option<String>),
}

impl Default for End {
    fn default() -> Self {
        End::Told(None)
    }
}

/// The calls that were under way when the job ended.
#[derive(Clone, Debug, Default)]
struct Calls {
    /// The files of code in the process's memory, which tell the functions' names.
    modules: Vec<Module>,
    /// The calls with their names, once somebody has asked for them.
    named: OnceLock<Vec<Frame>>,
}

/// The time and memory that a job has used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Usage {
    /// The time from the job's start to its end.
    pub wall_time: Duration,
    /// The processor time spent in the program.
    pub user_time: Duration,
    /// The processor time spent in the system.
    pub system_time: Duration,
    /// The most memory that the job had at any time, in bytes.
    pub peak_memory: u64,
}

impl Usage {
    pub(super) fn of(usage: &libc::rusage, wall_time: Duration) -> Usage {
        let time = |time: libc::timeval| {
            let micros = u64::try_from(time.tv_sec * 1_000_000 + time.tv_usec);
            Duration::from_micros(micros.unwrap_or(0))
        };
        Usage {
            wall_time,
            user_time: time(usage.ru_utime),
            system_time: time(usage.ru_stime),
            peak_memory: u64::try_from(usage.ru_maxrss).unwrap_or(0) * 1024,
        }
    }
}

impl Cause {
    /// Finds the cause of a job that has ended, by the notes that it left in memory.
    pub(super) fn find(
        memory: &Pages,
        status: ExitStatus,
        usage: Usage,
        is_out_of_memory: bool,
    ) -> Cause {
        let stage = memory.load(word::STAGE, std::sync::atomic::Ordering::SeqCst);
        // Other panics were caught, or happened in a thread whose result nobody asked for.
        let is_of_panic = stage == stage::PANICKED
            || status.signal() == Some(libc::SIGABRT)
            || stage != stage::RETURNED && status.code() == Some(101);
        Cause {
            end: End::Status(status),
            stage,
            panic: panic::find(memory).filter(|_| is_of_panic),
            crash: crash::find(memory),
            calls: Calls { modules: stack::find(memory), named: OnceLock::new() },
            usage,
            is_out_of_memory,
            #[cfg(feature = "minidump")]
            minidump: None,
        }
    }

    pub(super) fn of_status(status: ExitStatus) -> Cause {
        Cause { end: End::Status(status), stage: stage::RETURNED, ..Cause::default() }
    }

    #[cfg(feature = "autosave")]
    pub(super) fn of_autosave(told: Option<String>) -> Cause {
        Cause { end: End::Told(told), ..Cause::default() }
    }

    /// Returns the exit status; `None` if the cause was read from an autosave.
    fn status(&self) -> Option<ExitStatus> {
        match self.end {
            End::Status(status) => Some(status),
            End::Told(_) => None,
        }
    }

    /// Returns the exit code, if the job exited.
    pub fn exit_code(&self) -> Option<i32> {
        self.status()?.code()
    }

    /// Returns the signal that killed the job, if one did.
    pub fn signal(&self) -> Option<i32> {
        self.status()?.signal()
    }

    /// Returns whether the job's closure had returned. A process may also exit in the middle of it, for example by
    /// `process::exit`.
    pub fn has_returned(&self) -> bool {
        self.stage == stage::RETURNED
    }

    /// Returns whether the job has succeeded: its closure had returned, and it exited with 0.
    pub fn is_success(&self) -> bool {
        self.has_returned() && self.exit_code() == Some(0)
    }

    /// Returns the panic that ended the job, if one did.
    pub fn panic(&self) -> Option<&Panic> {
        self.panic.as_ref()
    }

    /// Returns whether the job was probably killed for want of memory: by SIGKILL, while the kernel killed some process
    /// for that reason.
    pub fn is_out_of_memory(&self) -> bool {
        self.is_out_of_memory
    }

    /// Returns the address whose access caused the crash, after a SIGSEGV or SIGBUS.
    pub fn address(&self) -> Option<u64> {
        let crash = self.crash.as_ref()?;
        matches!(crash.signal, libc::SIGSEGV | libc::SIGBUS).then_some(crash.address)
    }

    /// Returns the system's number of the thread that crashed.
    pub fn thread_id(&self) -> Option<u64> {
        self.crash.as_ref().map(|crash| crash.thread)
    }

    /// Returns the stack of the crash or the panic, from the innermost call outwards. It is empty if none was noted, as
    /// after SIGKILL. The first call looks up the names, which takes some ten milliseconds.
    pub fn stack(&self) -> &[Frame] {
        let Calls { modules, named } = &self.calls;
        named.get_or_init(|| match (&self.panic, &self.crash) {
            (Some(panic), _) => stack::frames(panic.stack(), modules, true),
            (None, Some(crash)) => stack::frames(&crash.stack, modules, false),
            (None, None) => Vec::new(),
        })
    }

    /// Returns the path of the minidump, if [`Guard::minidump`](super::Guard::minidump) asked for one and it could be
    /// written.
    #[cfg(feature = "minidump")]
    pub fn minidump(&self) -> Option<&Path> {
        self.minidump.as_deref()
    }

    #[cfg(feature = "minidump")]
    pub(super) fn with_minidump(self, minidump: Option<PathBuf>) -> Cause {
        Cause { minidump, ..self }
    }

    /// Returns the time and memory that the job used.
    pub fn usage(&self) -> Usage {
        self.usage
    }

    pub(super) fn has_reached(&self) -> bool {
        self.stage != 0
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let status = match &self.end {
            End::Status(status) => status,
            End::Told(told) => {
                return Line(told.as_deref().unwrap_or("ended together with its guard")).fmt(f);
            }
        };
        match (status.signal(), status.code()) {
            (Some(signal), _) => write!(f, "killed by signal {signal} ({})", name(signal))?,
            (_, Some(code)) if self.has_returned() || self.panic.is_some() => {
                write!(f, "exited with {code}")?;
            }
            (_, Some(code)) => write!(f, "exited with {code} before the job was done")?,
            (None, None) => f.write_str("ended")?,
        }
        if let Some(crash) = &self.crash
            && status.signal() != Some(crash.signal)
        {
            write!(f, " after signal {} ({})", crash.signal, name(crash.signal))?;
        }
        if let Some(address) = self.address() {
            write!(f, " at address {address:#x}")?;
        }
        if self.is_out_of_memory {
            f.write_str(", probably for want of memory")?;
        }
        match &self.panic {
            Some(panic) => {
                let (place, message) = (Line(panic.location()), masked(panic.message()));
                write!(f, ", panicked at {place}: {}", Line(message))
            }
            None => Ok(()),
        }
    }
}

fn name(signal: i32) -> &'static str {
    match signal {
        libc::SIGABRT => "SIGABRT",
        libc::SIGALRM => "SIGALRM",
        libc::SIGBUS => "SIGBUS",
        libc::SIGFPE => "SIGFPE",
        libc::SIGHUP => "SIGHUP",
        libc::SIGILL => "SIGILL",
        libc::SIGINT => "SIGINT",
        libc::SIGKILL => "SIGKILL",
        libc::SIGPIPE => "SIGPIPE",
        libc::SIGQUIT => "SIGQUIT",
        libc::SIGSEGV => "SIGSEGV",
        libc::SIGSYS => "SIGSYS",
        libc::SIGTERM => "SIGTERM",
        libc::SIGTRAP => "SIGTRAP",
        libc::SIGXCPU => "SIGXCPU",
        _ => "another signal",
    }
}

/// The end of a guard's job. Returned from `main`, it ends the program as the job ended: with its exit code, or with
/// 128 plus the number of the signal.
#[derive(Clone, Debug)]
#[must_use = "the program is to end as its job did"]
pub struct Ended {
    cause: Cause,
}

impl Ended {
    pub(super) fn new(cause: Cause) -> Self {
        Ended { cause }
    }

    /// Returns why the job ended.
    pub fn cause(&self) -> &Cause {
        &self.cause
    }

    /// Returns whether the job has succeeded.
    pub fn is_success(&self) -> bool {
        self.cause.is_success()
    }

    /// Returns the exit code, or 128 plus the number of the signal, as shells do; 1 if it is not known.
    pub fn code(&self) -> u8 {
        let signal = self.cause.signal().map(|signal| 128 + signal);
        let code = self.cause.exit_code().or(signal);
        code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1)
    }
}

impl Termination for Ended {
    fn report(self) -> std::process::ExitCode {
        self.code().into()
    }
}
