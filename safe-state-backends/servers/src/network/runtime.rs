//! A runtime for async drivers that are called by a thread without one.

use std::time::Duration;

use tokio::runtime::{Builder, RuntimeFlavor};

use super::Trouble;

/// The time to wait for connections to end.
const ENDING: Duration = Duration::from_millis(500);

/// A runtime that runs its tasks during calls, or all the time.
#[derive(Debug)]
pub(crate) struct Runtime(Option<tokio::runtime::Runtime>);

impl Runtime {
    /// Creates a runtime on the caller's thread, which runs tasks during calls.
    #[cfg(any(test, feature = "postgres", feature = "mysql"))]
    pub(crate) fn new() -> Result<Self, Trouble> {
        let runtime = Builder::new_current_thread().enable_all().build();
        runtime.map(|runtime| Runtime(Some(runtime))).map_err(Trouble::permanent)
    }

    /// Creates a runtime with a thread of its own, for connections that many callers share.
    #[cfg(feature = "object-store")]
    pub(crate) fn in_background() -> Result<Self, Trouble> {
        let mut builder = Builder::new_multi_thread();
        let runtime =
            builder.worker_threads(1).thread_name("safe-state objects").enable_all().build();
        runtime.map(|runtime| Runtime(Some(runtime))).map_err(Trouble::permanent)
    }

    /// Returns whether a runtime can be entered on this thread, which is not possible within another one.
    pub(crate) fn may_run_here() -> bool {
        tokio::runtime::Handle::try_current().is_err()
    }

    /// Runs `call` to its end; returns an error if that takes longer than `limit`.
    pub(crate) fn within<T, E: Into<Trouble>>(
        &self,
        limit: Duration,
        call: impl Future<Output = Result<T, E>>,
    ) -> Result<T, Trouble> {
        let Some(runtime) = &self.0 else { unreachable!("it is there until it is dropped") };
        // The timeout is created within the runtime, as it has to use the runtime's clock.
        match runtime.block_on(async { tokio::time::timeout(limit, call).await }) {
            Ok(done) => done.map_err(E::into),
            Err(_) => Err(Trouble::no_answer(limit)),
        }
    }

    /// Enters the runtime, for a driver that starts tasks when it is dropped.
    #[cfg(feature = "mysql")]
    pub(crate) fn enter(&self) -> Option<tokio::runtime::EnterGuard<'_>> {
        self.0.as_ref().map(tokio::runtime::Runtime::enter)
    }
}

impl Drop for Runtime {
    /// Lets connections that a caller's driver has given up end as their protocol asks: a pooler closes, or hands to the next
    /// client, a server's connection whose answers were not read to the end. All else ends without waiting: looking up a name
    /// has no time limit of its own.
    fn drop(&mut self) {
        let Some(runtime) = self.0.take() else { return };
        let has_own_thread = runtime.handle().runtime_flavor() == RuntimeFlavor::MultiThread;
        if !has_own_thread && Runtime::may_run_here() {
            let metrics = runtime.metrics();
            let ended = async {
                tokio::task::yield_now().await;
                while metrics.num_alive_tasks() > 0 {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            };
            // A server that does not answer can't be waited for.
            let _ = runtime.block_on(async { tokio::time::timeout(ENDING, ended).await });
        }
        runtime.shutdown_background();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_has_its_limit() {
        let runtime = Runtime::new().unwrap();
        let answered = runtime.within(Duration::from_secs(9), async { Ok::<_, Trouble>(7) });
        assert_eq!(answered.unwrap(), 7);
        let limit = Duration::from_millis(10);
        let silence = runtime.within(limit, std::future::pending::<Result<(), Trouble>>());
        let Err(Trouble::Transient(reason)) = silence else { panic!("{silence:?}") };
        assert_eq!(reason.to_string(), "there was no answer within 10ms");
    }
}
