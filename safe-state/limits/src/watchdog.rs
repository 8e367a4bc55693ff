//! One thread that watches all limits of the process. It sleeps until the first of them is due for a look.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::Instant;

/// A limit that the watchdog looks at.
pub(crate) trait Watch: Send + Sync {
    /// Looks, and takes the steps that are due. Returns when to look again; `None` if never.
    fn look(&self, now: Instant) -> Option<Instant>;

    /// Ends the watch. No further step is taken once this has returned.
    fn end(&self);
}

/// Keeps something watched until this is dropped.
pub(crate) struct Watched {
    number: u64,
    watch: Arc<dyn Watch>,
}

/// All watches, and when each is due.
#[derive(Default)]
struct Rounds {
    last: u64,
    watches: HashMap<u64, (Instant, Arc<dyn Watch>)>,
    due: BTreeSet<(Instant, u64)>,
    is_running: bool,
}

static ROUNDS: OnceLock<(Mutex<Rounds>, Condvar)> = OnceLock::new();

fn rounds() -> (MutexGuard<'static, Rounds>, &'static Condvar) {
    let (rounds, sooner) = ROUNDS.get_or_init(Default::default);
    (rounds.lock().unwrap_or_else(PoisonError::into_inner), sooner)
}

impl Watched {
    /// Makes the watchdog look at `watch` from `first` on. Starts the thread for the first watch of the process.
    ///
    /// # Errors
    ///
    /// The thread can't be started.
    pub(crate) fn start(watch: Arc<dyn Watch>, first: Instant) -> io::Result<Self> {
        let (mut rounds, sooner) = rounds();
        if !rounds.is_running {
            thread::Builder::new().name("safe-state-watchdog".to_owned()).spawn(walk)?;
            rounds.is_running = true;
        }
        rounds.last += 1;
        let number = rounds.last;
        let is_first = rounds.due.first().is_none_or(|(due, _)| first < *due);
        rounds.due.insert((first, number));
        rounds.watches.insert(number, (first, Arc::clone(&watch)));
        drop(rounds);
        if is_first {
            sooner.notify_one();
        }
        Ok(Watched { number, watch })
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.watch.end();
        let (mut rounds, _) = rounds();
        if let Some((due, _)) = rounds.watches.remove(&self.number) {
            rounds.due.remove(&(due, self.number));
        }
    }
}

impl Rounds {
    /// Returns a watch that is due by `now`, if there is one.
    fn take_due(&mut self, now: Instant) -> Option<(u64, Arc<dyn Watch>)> {
        let &(_, number) = self.due.first().filter(|(due, _)| *due <= now)?;
        self.due.pop_first();
        self.watches.get(&number).map(|(_, watch)| (number, Arc::clone(watch)))
    }

    /// Sets when a watch is looked at again, unless it has ended meanwhile; none ends it.
    fn put_off(&mut self, number: u64, until: Option<Instant>) {
        match (self.watches.get_mut(&number), until) {
            (Some((due, _)), Some(until)) => {
                *due = until;
                self.due.insert((until, number));
            }
            (Some(_), None) => _ = self.watches.remove(&number),
            (None, _) => {}
        }
    }
}

/// Runs in the watchdog's thread. It looks without holding the lock, so that nobody who enters or leaves a limit has to
/// wait for the steps of another limit.
fn walk() {
    let (mut held, sooner) = rounds();
    loop {
        let now = Instant::now();
        if let Some((number, watch)) = held.take_due(now) {
            drop(held);
            let again = watch.look(now);
            held = rounds().0;
            held.put_off(number, again);
            continue;
        }
        held = match held.due.first() {
            Some(&(due, _)) => {
                let waited = sooner.wait_timeout(held, due - now);
                waited.unwrap_or_else(PoisonError::into_inner).0
            }
            None => sooner.wait(held).unwrap_or_else(PoisonError::into_inner),
        };
    }
}

impl fmt::Debug for Watched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Watched").field(&self.number).finish()
    }
}
