//! What a thread that crashes leaves for the guard: words alone, as nothing else can be relied on there.

use std::sync::Arc;
use std::sync::atomic::Ordering::{Relaxed, Release, SeqCst};

use crash_handler::CrashContext;

use super::layout::CRASH;
use super::memory::Memory;
use super::sys::{self, Pages};

/// The first word of each part.
mod part {
    /// The signal; written last, but for the stack.
    pub(super) const SIGNAL: usize = super::CRASH.start / 8;
    pub(super) const ADDRESS: usize = SIGNAL + 1;
    pub(super) const AT: usize = SIGNAL + 2;
    pub(super) const THREAD: usize = SIGNAL + 3;
    /// How many addresses of the stack follow.
    pub(super) const DEPTH: usize = SIGNAL + 4;
    pub(super) const STACK: usize = SIGNAL + 5;
}

/// A stack that is deeper, as that of an endless recursion, is cut there.
const DEEPEST: usize = 128;
/// So long may it take before the process dies anyway.
const SECONDS: u32 = 10;

/// A crash, as the job has noted it.
#[derive(Clone, Debug)]
pub(super) struct Crash {
    pub(super) signal: i32,
    /// What was accessed.
    pub(super) address: u64,
    /// The thread's number.
    pub(super) thread: u64,
    /// From the crash outwards.
    pub(super) stack: Vec<u64>,
}

/// Notes crashes of this process from here on, for good.
pub(super) fn note(memory: Arc<Pages>) {
    let handler = sys::on_crash(move |context| {
        sys::die_after(SECONDS);
        write(&memory, context);
        #[cfg(feature = "minidump")]
        super::minidump::await_dump(&memory, context);
        // A breakpoint is passed, where any other crash happens once more.
        if context.siginfo.ssi_signo == libc::SIGTRAP.cast_unsigned() {
            sys::raise(libc::SIGTRAP);
        }
    });
    // Dropping it would detach it. If the program has a handler of its own, that one stays.
    if let Ok(handler) = handler {
        std::mem::forget(handler);
    }
}

fn write(memory: &Pages, context: &CrashContext) {
    let info = &context.siginfo;
    // The fields are those of another type of the kernel's; on 64 bits an address lies in these two.
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

/// The crash that the job has noted.
pub(super) fn find(memory: &Pages) -> Option<Crash> {
    let signal =
        i32::try_from(memory.load(part::SIGNAL, SeqCst)).ok().filter(|signal| *signal > 0)?;
    let depth = usize::try_from(memory.load(part::DEPTH, SeqCst)).unwrap_or(0).min(DEEPEST);
    let stack: Vec<u64> = (0..depth).map(|at| memory.load(part::STACK + at, Relaxed)).collect();
    let at = memory.load(part::AT, Relaxed);
    // The frames before are the handler's.
    let first = stack.iter().position(|ip| *ip == at).unwrap_or(0);
    Some(Crash {
        signal,
        address: memory.load(part::ADDRESS, Relaxed),
        thread: memory.load(part::THREAD, Relaxed),
        stack: stack.into_iter().skip(first).collect(),
    })
}
