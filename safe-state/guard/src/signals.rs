//! Signals that the guard gets while its job runs are meant for the job, and are passed on.
//!
//! Signals from the kernel, as for Ctrl-C, go to the whole group of the terminal, so the job gets them as well. Signals
//! that others send to the guard alone are passed on.

use std::io;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::atomic::{AtomicI32, AtomicU32};
use std::sync::{Mutex, PoisonError};
use std::thread;

use super::sys::{self, Disposition};

/// The signals that ask a process to do something, and end it by default.
const SIGNALS: [i32; 6] =
    [libc::SIGHUP, libc::SIGINT, libc::SIGQUIT, libc::SIGTERM, libc::SIGUSR1, libc::SIGUSR2];

/// The process ids of the running jobs, or 0 for a free slot.
static JOBS: [AtomicI32; 64] = [const { AtomicI32::new(0) }; 64];
/// The signals that came before a job was there to pass them on to, one bit each.
static EARLY: AtomicU32 = AtomicU32::new(0);
/// The number of handlers that are running.
static HANDLING: AtomicU32 = AtomicU32::new(0);
/// The number of running guards, and the dispositions of the signals before the first of them.
static BEFORE: Mutex<(usize, Vec<Disposition>)> = Mutex::new((0, Vec::new()));

/// Makes the guard pass on signals as long as it lives.
#[derive(Debug)]
pub(super) struct PassedOn;

impl PassedOn {
    /// Replaces the signals' dispositions. From now on none of these signals ends the guard.
    pub(super) fn begin() -> io::Result<PassedOn> {
        let mut before = BEFORE.lock().unwrap_or_else(PoisonError::into_inner);
        if before.0 == 0 {
            EARLY.store(0, SeqCst);
            let replaced = SIGNALS.map(|signal| Disposition::replace(signal, pass_on));
            before.1 = replaced.into_iter().collect::<io::Result<_>>()?;
        }
        before.0 += 1;
        Ok(PassedOn)
    }
}

impl Drop for PassedOn {
    fn drop(&mut self) {
        let mut before = BEFORE.lock().unwrap_or_else(PoisonError::into_inner);
        before.0 -= 1;
        if before.0 == 0 {
            before.1.clear();
        }
    }
}

/// A job that signals are passed on to.
#[derive(Debug)]
pub(super) struct Recipient(Option<&'static AtomicI32>);

impl Recipient {
    /// Adds a job that has just begun. Drop the value before the job is reaped: its process id may be another process's
    /// then.
    pub(super) fn new(job: u32) -> Recipient {
        let job = job.cast_signed();
        let is_free = |slot: &&AtomicI32| slot.compare_exchange(0, job, SeqCst, SeqCst).is_ok();
        let recipient = Recipient(JOBS.iter().find(is_free));
        let early = EARLY.swap(0, SeqCst);
        for signal in SIGNALS.into_iter().filter(|signal| early & (1 << signal) != 0) {
            sys::send(job, signal);
        }
        recipient
    }
}

impl Drop for Recipient {
    fn drop(&mut self) {
        if let Some(slot) = self.0 {
            slot.store(0, SeqCst);
        }
        // Handlers that have read the process id before may still use it.
        while HANDLING.load(SeqCst) > 0 {
            thread::yield_now();
        }
    }
}

fn pass_on(signal: i32, is_of_kernel: bool) {
    if is_of_kernel {
        return;
    }
    HANDLING.fetch_add(1, SeqCst);
    let mut is_early = true;
    for job in JOBS.iter().map(|slot| slot.load(SeqCst)).filter(|job| *job != 0) {
        is_early = false;
        sys::send(job, signal);
    }
    if is_early {
        EARLY.fetch_or(1 << signal, SeqCst);
    }
    HANDLING.fetch_sub(1, SeqCst);
}
