//! The code that the compiler can't check: memory that two processes share, `fork`, signals, and a crashed thread's
//! stack. Apart from `mapped.rs` of the page, this is the only file with `unsafe` in it.
#![expect(unsafe_code, reason = "no crate offers these without")]

use std::fs::File;
use std::io;
use std::mem::MaybeUninit;
use std::ops::Range;
use std::os::fd::{AsFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Command, ExitStatus};
use std::sync::OnceLock;
#[cfg(feature = "minidump")]
use std::sync::atomic::AtomicU32;
use std::sync::atomic::{AtomicU64, Ordering, fence};
use std::{ptr, slice};

use crash_handler::{CrashContext, CrashEventResult, CrashHandler};
use memmap2::{Advice, MmapOptions, MmapRaw};

use super::memory::Memory;

/// The pages of a file that two processes have mapped.
#[derive(Debug)]
pub(super) struct Pages(MmapRaw);

impl Pages {
    /// Maps `len` bytes of the file, which must never become shorter: the caller has sealed it. Core dumps leave them
    /// out, as they would contain all of them, used or not.
    pub(super) fn map(file: &File, len: usize) -> io::Result<Pages> {
        let pages = MmapOptions::new().len(len).map_raw(file)?;
        // A kernel without core dumps may refuse this, which does no harm.
        let _ = pages.advise(Advice::DontDump);
        Ok(Pages(pages))
    }

    fn word(&self, word: usize) -> &AtomicU64 {
        assert!(word < self.0.len() / 8, "word {word} of {} bytes", self.0.len());
        #[expect(clippy::cast_ptr_alignment, reason = "pages are aligned")]
        // SAFETY: the word lies within the mapping, which lives as long as `self`, and is aligned, as pages are. Words
        // are only ever accessed as atomics: no range of `write` or `read` contains one.
        let word = unsafe { AtomicU64::from_ptr(self.0.as_mut_ptr().cast::<u64>().add(word)) };
        word
    }

    /// Returns the first 32 bits of a word that the layout uses as a half.
    #[cfg(feature = "minidump")]
    pub(super) fn half(&self, word: usize) -> &AtomicU32 {
        assert!(word < self.0.len() / 8, "word {word} of {} bytes", self.0.len());
        // SAFETY: the word lies within the mapping and is aligned, as in `word`. It is never accessed as a whole.
        unsafe { AtomicU32::from_ptr(self.0.as_mut_ptr().add(word * 8).cast()) }
    }

    fn at(&self, bytes: &Range<usize>) -> *mut u8 {
        assert!(bytes.start <= bytes.end && bytes.end <= self.0.len(), "bytes {bytes:?}");
        // SAFETY: the address lies within the mapping, or at its end.
        unsafe { self.0.as_mut_ptr().add(bytes.start) }
    }
}

impl Memory for Pages {
    fn load(&self, word: usize, order: Ordering) -> u64 {
        self.word(word).load(order)
    }

    fn store(&self, word: usize, value: u64, order: Ordering) {
        self.word(word).store(value, order);
    }

    fn exchange(&self, word: usize, current: u64, new: u64) -> Result<u64, u64> {
        self.word(word).compare_exchange(current, new, Ordering::AcqRel, Ordering::Acquire)
    }

    fn fence(&self) {
        fence(Ordering::SeqCst);
    }

    fn write<R>(&self, bytes: Range<usize>, write: impl FnOnce(&mut [u8]) -> R) -> R {
        // SAFETY: the range lies within the mapping. The protocol gives these bytes to the writer alone, which is one
        // thread at a time, until it has published them (see `writer`).
        write(unsafe { slice::from_raw_parts_mut(self.at(&bytes), bytes.len()) })
    }

    fn read<R>(&self, bytes: Range<usize>, read: impl FnOnce(&[u8]) -> R) -> R {
        // SAFETY: the range lies within the mapping. The protocol keeps the writer off these bytes while they are read
        // (see `reader`), or the writer is dead.
        read(unsafe { slice::from_raw_parts(self.at(&bytes), bytes.len()) })
    }
}

/// Takes ownership of an open file that this process has inherited, and that nothing in it has taken yet.
pub(super) fn adopt(inherited: RawFd) -> OwnedFd {
    // SAFETY: the guard passed it on for its child to take, which does so once.
    unsafe { OwnedFd::from_raw_fd(inherited) }
}

/// Starts the command. `prepare` is called in the new process before its program starts. It may make system calls and
/// touch shared memory, but not allocate or take a lock.
pub(super) fn spawn(
    command: &mut Command,
    prepare: impl FnMut() -> io::Result<()> + Send + Sync + 'static,
) -> io::Result<u32> {
    // SAFETY: `prepare` keeps to what is allowed between `fork` and `exec`, as the caller promises.
    unsafe { command.pre_exec(prepare) };
    command.spawn().map(|child| child.id())
}

/// Waits for the end of a child, and returns its status and what it has used.
pub(super) fn reap(pid: u32) -> io::Result<(ExitStatus, libc::rusage)> {
    let mut status = 0;
    let mut usage = MaybeUninit::<libc::rusage>::zeroed();
    loop {
        // SAFETY: both pointers are to places of the right types, written only during the call.
        let reaped =
            unsafe { libc::wait4(pid.cast_signed(), &raw mut status, 0, usage.as_mut_ptr()) };
        if reaped >= 0 {
            // SAFETY: zeroes are a valid value of the type, and the call has filled it in.
            return Ok((ExitStatus::from_raw(status), unsafe { usage.assume_init() }));
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
}

/// The action that a signal had before our handler. Dropping this restores it.
pub(super) struct Disposition {
    signal: i32,
    before: libc::sigaction,
}

impl Disposition {
    /// Makes `handler` the handler of the signal. Its second argument says whether the kernel itself sent the signal. It
    /// may make system calls and touch atomics, and nothing else. The first handler that is given serves all signals.
    pub(super) fn replace(signal: i32, handler: fn(i32, bool)) -> io::Result<Disposition> {
        HANDLER.get_or_init(|| handler);
        // SAFETY: zeroes are a valid value of both. The function set below has the type that `SA_SIGINFO` asks for.
        let (mut action, mut before) = unsafe { (zeroed_action(), zeroed_action()) };
        action.sa_sigaction = handle as *const () as usize;
        action.sa_flags = libc::SA_SIGINFO | libc::SA_RESTART | libc::SA_ONSTACK;
        // SAFETY: both values live through the call.
        let done = unsafe { libc::sigaction(signal, &raw const action, &raw mut before) };
        if done == 0 {
            return Ok(Disposition { signal, before });
        }
        Err(io::Error::last_os_error())
    }
}

impl Drop for Disposition {
    fn drop(&mut self) {
        // SAFETY: the action came from the kernel.
        unsafe { libc::sigaction(self.signal, &raw const self.before, ptr::null_mut()) };
    }
}

unsafe fn zeroed_action() -> libc::sigaction {
    // SAFETY: the fields are integers, an empty set of signals, and pointers that may be null.
    unsafe { MaybeUninit::zeroed().assume_init() }
}

/// The function that `handle` calls: the first one given, which is never replaced.
static HANDLER: OnceLock<fn(i32, bool)> = OnceLock::new();

extern "C" fn handle(signal: i32, info: *mut libc::siginfo_t, _: *mut libc::c_void) {
    // SAFETY: `SA_SIGINFO` is set, so the kernel passes this information.
    let code = unsafe { (*info).si_code };
    if let Some(handler) = HANDLER.get() {
        handler(signal, code == libc::SI_KERNEL);
    }
}

/// Sends the process the signal once more, which arrives after the running handler.
pub(super) fn raise(signal: i32) {
    // SAFETY: a system call without pointers.
    unsafe { libc::raise(signal) };
}

/// Sends a signal to the process `pid`. May be called in a signal handler.
pub(super) fn send(pid: i32, signal: i32) {
    // SAFETY: a system call without pointers.
    unsafe { libc::kill(pid, signal) };
}

/// Makes a thread that crashes call `note` on its own stack for signals. It may touch atomics, and call [`trace`],
/// [`raise`] and [`die_after`].
pub(super) fn on_crash(
    note: impl Fn(&CrashContext) + Send + Sync + 'static,
) -> Result<CrashHandler, crash_handler::Error> {
    // SAFETY: `note` keeps to what a signal handler may do, as the caller promises.
    let event = unsafe {
        crash_handler::make_crash_event(move |context| {
            note(context);
            // The handlers from before come next: Rust's own reports a stack overflow.
            CrashEventResult::Handled(false)
        })
    };
    CrashHandler::attach(event)
}

/// Makes the process die in `seconds` seconds, if it has not died by then.
pub(super) fn die_after(seconds: u32) {
    // SAFETY: these system calls take no pointers to our memory.
    unsafe {
        libc::signal(libc::SIGALRM, libc::SIG_DFL);
        libc::alarm(seconds);
    }
}

/// Passes the return addresses on the stack of a crashed thread to `next`, from the handler outwards, as long as `next`
/// returns `true`.
pub(super) fn trace(mut next: impl FnMut(usize) -> bool) {
    // SAFETY: no other thread crashes at the same time, as the handler holds a lock. The trace takes no lock that the
    // crashed thread may hold, if the C library has `_dl_find_object` (glibc 2.35). If it hangs nevertheless,
    // `die_after` ends the process.
    unsafe { backtrace::trace_unsynchronized(|frame| next(frame.ip().addr())) };
}

/// Returns the address of the instruction that crashed; 0 on other processors than these.
pub(super) fn crashed_at(context: &CrashContext) -> usize {
    let registers = &context.context.uc_mcontext;
    #[cfg(target_arch = "x86_64")]
    let at = registers.gregs[libc::REG_RIP as usize].cast_unsigned();
    #[cfg(target_arch = "aarch64")]
    let at = registers.pc;
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    let at = (registers, 0).1;
    usize::try_from(at).unwrap_or(0)
}

/// Makes a file stay open in the program that the process becomes.
pub(super) fn pass_on(file: impl AsFd) -> io::Result<()> {
    Ok(rustix::io::fcntl_setfd(file, rustix::io::FdFlags::empty())?)
}
