//! Tests async functions under executors that know nothing of them: on one thread and on several, with futures that may
//! change threads and that may not, dropped wherever they wait.

mod anywhere;
mod beside;
mod committed;
mod dropped;
mod streams;
mod tasks;

use std::future::Future;

/// Runs a future to its end on a tokio runtime with one thread.
fn on_tokio<R>(future: impl Future<Output = R>) -> R {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(future)
}
