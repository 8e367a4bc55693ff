//! What is asked without a lease, on a connection that is kept for the next question.

use std::panic::resume_unwind;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use super::{Connect, Timeouts, Trouble, retry};

/// The connection that answered last, unless a question is under way on it.
pub(super) struct Questions<S: Send>(Mutex<Option<S>>);

impl<S: Send> Default for Questions<S> {
    fn default() -> Self {
        Questions(Mutex::new(None))
    }
}

impl<S: Send> Questions<S> {
    /// Asks the server something, on a thread that ends with the answer.
    pub(super) fn ask<C, T>(
        &self,
        connect: &C,
        timeouts: Timeouts,
        (job, limit): (&str, Duration),
        question: impl Fn(&mut S) -> Result<T, Trouble> + Sync,
    ) -> Result<T, Trouble>
    where
        C: Connect<Session = S>,
        T: Send,
    {
        let once = || {
            self.on_the_last(&question).unwrap_or_else(|| {
                let session = connect.connect(timeouts)?;
                self.on(session, &question)
            })
        };
        thread::scope(|scope| {
            let asking = thread::Builder::new()
                .spawn_scoped(scope, || retry::until(limit, job, once))
                .map_err(Trouble::lasting)?;
            asking.join().unwrap_or_else(|panic| resume_unwind(panic))
        })
    }

    /// None if there is no such connection, or it has broken since.
    fn on_the_last<T>(
        &self,
        question: impl Fn(&mut S) -> Result<T, Trouble>,
    ) -> Option<Result<T, Trouble>> {
        let session = self.0.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        Some(self.on(session, question))
            .filter(|answer| !matches!(answer, Err(Trouble::Passing(_))))
    }

    fn on<T>(
        &self,
        mut session: S,
        question: impl Fn(&mut S) -> Result<T, Trouble>,
    ) -> Result<T, Trouble> {
        let answer = question(&mut session)?;
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(session);
        Ok(answer)
    }
}

impl<S: Send> Drop for Questions<S> {
    /// A driver may say goodbye, which blocks: not on a thread that may be a runtime's.
    fn drop(&mut self) {
        let Some(session) = self.0.get_mut().unwrap_or_else(PoisonError::into_inner).take() else {
            return;
        };
        thread::scope(|scope| {
            let _ = thread::Builder::new().spawn_scoped(scope, || drop(session));
        });
    }
}
