//! Sends signals to one thread of this process, or to the process.

#[cfg(unix)]
use safe_state_base::signals::{dying, end_if_asked};

use crate::escalation::Step;

/// The kernel's number of a thread; 0 stands for no thread.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ThreadId(pub(crate) i32);

/// Sends the signal of `step` to the thread, or to the process if the thread has ended or the kernel can't tell threads
/// apart. SIGKILL ends the process in any case.
#[cfg(unix)]
pub(crate) fn send(step: Step, thread: ThreadId) {
    use rustix::process::{Signal, getpid, kill_process};
    let signal = match step {
        Step::Cancel => return,
        Step::Interrupt => Signal::INT,
        Step::Terminate => Signal::TERM,
        Step::Kill => Signal::KILL,
    };
    if step == Step::Terminate {
        end_if_asked(signal.as_raw());
    }
    let ends = dying::is_by_default(signal.as_raw());
    if !thread.send(signal) {
        // A process may always send signals to itself.
        let _ = kill_process(getpid(), signal);
    }
    // The process is still there, as the kernel does not end process 1 by default.
    if ends && (step == Step::Kill || dying::is_first()) {
        dying::exit_as_by(signal.as_raw());
    }
}

/// Ends the process at the last step, on systems without signals.
#[cfg(not(unix))]
pub(crate) fn send(step: Step, _: ThreadId) {
    if matches!(step, Step::Terminate | Step::Kill) {
        std::process::abort();
    }
}

#[cfg(target_os = "linux")]
impl ThreadId {
    pub(crate) fn current() -> Self {
        thread_local! {
            static CURRENT: i32 = rustix::thread::gettid().as_raw_nonzero().get();
        }
        ThreadId(CURRENT.with(|id| *id))
    }

    /// Sends the signal, if the thread still belongs to this process. Returns whether it was sent.
    fn send(self, signal: rustix::process::Signal) -> bool {
        use rustix::process::{Pid, PidfdFlags, pidfd_open, pidfd_send_signal};
        /// `PIDFD_THREAD` of Linux 6.9: `O_EXCL`.
        const THREAD: PidfdFlags = PidfdFlags::from_bits_retain(0o200);
        let Some(id) = Pid::from_raw(self.0) else { return false };
        let Ok(fd) = pidfd_open(id, THREAD) else { return false };
        // The number of an ended thread may by now belong to another process. The thread that `fd` stands for can't
        // change any more.
        let is_ours = std::path::Path::new("/proc/self/task").join(self.0.to_string()).exists();
        is_ours && pidfd_send_signal(fd, signal).is_ok()
    }
}

#[cfg(all(unix, not(target_os = "linux")))]
impl ThreadId {
    pub(crate) fn current() -> Self {
        ThreadId(0)
    }

    fn send(self, _: rustix::process::Signal) -> bool {
        false
    }
}

#[cfg(not(unix))]
impl ThreadId {
    pub(crate) fn current() -> Self {
        ThreadId(0)
    }
}
