//! Connections that nobody uses for a moment. The workers of a shared job take a lease for each slice, and one for each change
//! of the job's head: each of them on a new connection would cost more than what it does.

use std::collections::VecDeque;
use std::mem;
use std::process;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::Session;

/// The time for which a connection is kept. A server has few, and other programs need them.
const KEPT: Duration = Duration::from_secs(2);
/// The number of connections that are kept.
const MOST: usize = 2;

/// The idle connections of a backend.
pub(super) struct Idle<S: Session + Send + 'static>(Arc<Shared<S>>);

struct Shared<S> {
    kept: Mutex<Kept<S>>,
    changed: Condvar,
}

struct Kept<S> {
    /// The connections, each with the time when it was given back, the oldest first.
    sessions: VecDeque<(Instant, S)>,
    /// The thread that closes them; none if there is nothing to close.
    closing: Option<JoinHandle<()>>,
    /// The process that they belong to: a forked child has the same sockets, and neither the thread nor a right to use them.
    process: u32,
    is_over: bool,
}

impl<S> Shared<S> {
    fn lock(&self) -> MutexGuard<'_, Kept<S>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S> Kept<S> {
    /// Leaves the connections to the process that they belong to, if this is a forked child of it.
    fn leave_to_parent(&mut self) {
        if self.process != process::id() {
            mem::forget(mem::take(&mut self.sessions));
            mem::forget(self.closing.take());
            self.process = process::id();
        }
    }
}

impl<S: Session + Send + 'static> Idle<S> {
    /// Takes the connection that was given back last.
    pub(super) fn take(&self) -> Option<S> {
        let mut kept = self.0.lock();
        kept.leave_to_parent();
        kept.sessions.pop_back().map(|(_, session)| session)
    }

    /// Keeps a connection on which the last operation has succeeded for its next user, if it can have another; else closes it.
    pub(super) fn give_back(&self, mut session: S) {
        if !session.is_reusable() {
            return;
        }
        let mut kept = self.0.lock();
        kept.leave_to_parent();
        if kept.sessions.len() >= MOST {
            drop(kept);
            drop(session);
            return;
        }
        kept.sessions.push_back((Instant::now(), session));
        if kept.closing.is_none() {
            let shared = Arc::clone(&self.0);
            let closing = thread::Builder::new().name("safe-state idle".to_owned());
            kept.closing = closing.spawn(move || close(&shared)).ok();
            if kept.closing.is_none() {
                let sessions = mem::take(&mut kept.sessions);
                drop(kept);
                drop(sessions);
            }
        }
    }
}

/// Closes each connection when its time is up, until there is none.
fn close<S>(shared: &Shared<S>) {
    let mut kept = shared.lock();
    loop {
        let now = Instant::now();
        let is_over = kept.is_over;
        let is_old = |(since, _): &(Instant, S)| is_over || *since + KEPT <= now;
        let old = take_while(&mut kept.sessions, is_old);
        if !old.is_empty() {
            drop(kept);
            // Closing may take a message to the server, and must not happen within a runtime of the caller's.
            drop(old);
            kept = shared.lock();
            continue;
        }
        let Some((oldest, _)) = kept.sessions.front() else {
            // Whoever gives the next one back starts a thread again.
            drop(kept.closing.take());
            return;
        };
        let left = (*oldest + KEPT).saturating_duration_since(now);
        let waited = shared.changed.wait_timeout(kept, left);
        kept = waited.unwrap_or_else(PoisonError::into_inner).0;
    }
}

/// Takes elements from the front while `is_taken` holds.
fn take_while<T>(from: &mut VecDeque<T>, is_taken: impl Fn(&T) -> bool) -> Vec<T> {
    let count = from.iter().take_while(|it| is_taken(it)).count();
    from.drain(..count).collect()
}

impl<S: Session + Send + 'static> Default for Idle<S> {
    fn default() -> Self {
        let (sessions, process) = (VecDeque::new(), process::id());
        let kept = Kept { sessions, closing: None, process, is_over: false };
        Idle(Arc::new(Shared { kept: Mutex::new(kept), changed: Condvar::new() }))
    }
}

/// Closes all connections, and waits for that.
impl<S: Session + Send + 'static> Drop for Idle<S> {
    fn drop(&mut self) {
        let mut kept = self.0.lock();
        kept.leave_to_parent();
        kept.is_over = true;
        let closing = kept.closing.take();
        drop(kept);
        self.0.changed.notify_all();
        if let Some(closing) = closing {
            // A panic of the driver while it closed a connection concerns nobody.
            let _ = closing.join();
        }
    }
}
