//! The notes that a crashing thread leaves for the guard. They are written as plain words, as nothing else is reliable
//! there.

use std::sync::Arc;
use std::sync::atomic::Ordering::{Relaxed, Release, SeqCst};

use crash_handler::CrashContext;

use super::layout::CRASH;
use super::memory::Memory;
use super::sys::{self, Pages};

/// The numbers of the words in the area for a crash.
mod part {
    /// The signal. It is written after all others but the stack.
    pub(super) const SIGNAL: usize = super::CRASH.start / 8;
    pub(super) const ADDRESS: usize = SIGNAL + 1;
    pub(super) const AT: usize = SIGNAL + 2;
    pub(super) const THREAD: usize = SIGNAL + 3;
    /// The number of stack addresses that follow.
    pub(super) const DEPTH: usize = SIGNAL + 4;
    pub(super) const STACK: usize = SIGNAL + 5;
}

/// The most addresses noted of a stack. An endless recursion has more.
const DEEPEST: usize = 128;
/// The time that the notes may take, in seconds. The process then dies anyway.
const SECONDS: u32 = 10;

/// A crash, as the job has noted it.
#[derive(Clone, Debug)]
pub(super) struct Crash {
    pub(super) signal: i32,
    /// The address that was accessed.
    pub(super) address: u64,
    /// The system's number of the thread.
    pub(super) thread: u64,
    /// The addresses of the calls, from the crash outwards.
    pub(super) stack: Vec<u64>,
}

/// Notes crashes of this process from now on, until it ends. The thread that has crashed then calls `then`.
pub(super) fn note(memory: Arc<Pages>, then: fn(&Pages, &CrashContext)) {
    let handler = sys::on_crash(move |context| {
        sys::die_after(SECONDS);
        write(&memory, context);
        then(&memory, context);
        // A breakpoint does not trap again when the handler returns, while any other crash happens again.
        if context.siginfo.ssi_signo == libc::SIGTRAP.cast_unsigned() {
            sys::raise(libc::SIGTRAP);
        }
    });
    // Dropping the handler would remove it. If the program has a handler of its own, that one stays.
    if let Ok(handler) = handler {
        std::mem::forget(handler);
    }
}

fn write(memory: &Pages, context: &CrashContext) {
    let info = &context.siginfo;
    // The crate reads the fields as those of another kernel type; on 64 bits the address lies in these two.
    let address = u64::from(info.ssi_uid) | u64::from(info.ssi_fd.cast_unsigned()) << 32;
    memory.store(part::ADDRESS, address, Relaxed);
    memory.store(part::AT, sys::crashed_at(context) as u64, Relaxed);
    memory.store(part::THREAD, u64::from(context.tid.cast_unsigned()), Relaxed);
    memory.store(part::SIGNAL, u64::from(info.ssi_signo), Release);
    let mut depth = 0;
    sys::trace(|ip| {
        memory.store(part::STACK + depth, ip as u64, Relaxed);
        depth += 1;
        memory.store(part::DEPTH, depth as u64, Release);
        depth < DEEPEST
    });
}

/// Returns the crash that the job has noted, if any.
pub(super) fn find(memory: &Pages) -> Option<Crash> {
    let signal =
        i32::try_from(memory.load(part::SIGNAL, SeqCst)).ok().filter(|signal| *signal > 0)?;
    let depth = usize::try_from(memory.load(part::DEPTH, SeqCst)).unwrap_or(0).min(DEEPEST);
    let stack: Vec<u64> = (0..depth).map(|at| memory.load(part::STACK + at, Relaxed)).collect();
    let at = memory.load(part::AT, Relaxed);
    // The frames before it belong to the handler.
    let first = stack.iter().position(|ip| *ip == at).unwrap_or(0);
    Some(Crash {
        signal,
        address: memory.load(part::ADDRESS, Relaxed),
        thread: memory.load(part::THREAD, Relaxed),
        stack: stack.into_iter().skip(first).collect(),
    })
}
