//! Signals that the guard gets while its job runs: they are the job's.
//!
//! What the kernel sends, as for Ctrl-C, it sends to the whole group of the terminal, and the job has got it
//! as well. What others send to the guard alone is passed on.

use std::io;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::atomic::{AtomicI32, AtomicU32};
use std::sync::{Mutex, PoisonError};
use std::thread;

use super::sys::{self, Disposition};

/// Those that ask a process for something, and whose default is its end.
const SIGNALS: [i32; 6] =
    [libc::SIGHUP, libc::SIGINT, libc::SIGQUIT, libc::SIGTERM, libc::SIGUSR1, libc::SIGUSR2];

/// The jobs that are running, or 0.
static JOBS: [AtomicI32; 64] = [const { AtomicI32::new(0) }; 64];
/// The signals that came before there was a job to pass them on to.
static EARLY: AtomicU32 = AtomicU32::new(0);
/// How many handlers are running.
static HANDLING: AtomicU32 = AtomicU32::new(0);
/// What the signals did before the first of the guards that are running.
static BEFORE: Mutex<(usize, Vec<Disposition>)> = Mutex::new((0, Vec::new()));

/// Passes on signals while it lives.
#[derive(Debug)]
pub(super) struct PassedOn;

impl PassedOn {
    /// From here on no signal ends the guard.
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
    /// A job that has just begun. It is to be dropped before the job is waited for: its number may then be
    /// another's.
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
        // Those that have read the number before.
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
