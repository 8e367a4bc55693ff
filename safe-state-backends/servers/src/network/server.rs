//! A server that stores checkpoints: how it is reached, and asked.

use std::fmt;
use std::thread;
use std::time::Duration;

use super::access::Access;
use super::limits::{Limits, OPENING};
use super::{Connect, Session, Timeouts, Trouble, retry};
use safe_state_backends::Error;
use safe_state_backends::size::SizeLimit;

/// A backend on the server that `C` connects to.
pub struct NetworkBackend<C: Connect> {
    pub(super) access: Access<C>,
}

impl<C: Connect> NetworkBackend<C> {
    /// Creates a backend on the server. It connects when a job needs it.
    pub fn on(connect: C) -> Self {
        let limits = Limits {
            lease: Duration::from_secs(30),
            retry: Duration::from_secs(30),
            timeouts: Timeouts::default(),
            size: SizeLimit::default(),
        };
        NetworkBackend { access: Access::new(connect, limits) }
    }

    #[cfg(any(feature = "postgres", feature = "mysql"))]
    pub(crate) fn connect(&self) -> &C {
        &self.access.connect
    }

    #[cfg(any(feature = "redis", feature = "postgres", feature = "mysql"))]
    pub(crate) fn connect_mut(&mut self) -> &mut C
    where
        C: Clone,
    {
        self.access.forget_idle();
        std::sync::Arc::make_mut(&mut self.access.connect)
    }

    /// Sets how long a lease lasts without renewal; 30 seconds by default. After a run was killed, a run on another machine can
    /// begin only when this time is up. A run may be cut off or paused for this time without losing its job to another.
    pub fn lease_time(mut self, time: Duration) -> Self {
        self.access.limits.lease = time;
        self
    }

    /// Sets how long a save is repeated that fails for a reason that may pass; 30 seconds by default. The last attempt begins
    /// within this time, and may take as long as the timeouts say.
    pub fn retry_time(mut self, time: Duration) -> Self {
        self.access.limits.retry = time;
        self
    }

    /// Sets how long one attempt may take; by default, 10 seconds to connect and 30 for a statement.
    pub fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.access.forget_idle();
        self.access.limits.timeouts = timeouts;
        self
    }

    /// Sets the largest size of a checkpoint in bytes; by default `$SAFE_STATE_MAX_CHECKPOINT`, else 1 GiB. A larger one is
    /// neither loaded nor saved.
    pub fn max_checkpoint(mut self, bytes: u64) -> Self {
        self.access.forget_idle();
        self.access.limits.size = SizeLimit::of(bytes);
        self
    }

    /// Asks the server a question, on a thread that ends with the answer.
    pub(super) fn ask<T: Send>(
        &self,
        action: &'static str,
        job: &str,
        question: impl Fn(&mut C::Session) -> Result<T, Trouble> + Send,
    ) -> Result<T, Error> {
        let Access { connect, limits, idle } = &self.access;
        let trouble = Trouble::at(action, job, &**connect);
        let limit = OPENING.min(limits.retry);
        let ask = move || {
            let (session, answer) = retry::until(limit, job, || self.access.on_any(&question))?;
            idle.give_back(session);
            Ok(answer)
        };
        let answer = thread::scope(|scope| {
            let asking =
                thread::Builder::new().spawn_scoped(scope, ask).map_err(Trouble::permanent)?;
            asking.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        });
        answer.map_err(trouble)
    }

    pub(super) fn load_key(&self, key: &str) -> Result<Option<Vec<u8>>, Error> {
        self.ask("loading", key, |session| self.access.limits.checked(session.load(key)?))
    }
}

impl<C: Connect> Clone for NetworkBackend<C> {
    fn clone(&self) -> Self {
        NetworkBackend { access: self.access.clone() }
    }
}

impl<C: Connect> fmt::Debug for NetworkBackend<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NetworkBackend")
            .field("place", &self.access.connect.place())
            .field("limits", &self.access.limits)
            .finish()
    }
}
