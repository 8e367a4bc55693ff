//! The promises of a backend, as a test that runs on any backend.
//!
//! ```
//! use std::sync::Arc;
//! use safe_state_backends::conformance::Subject;
//! use safe_state_backends::MemoryBackend;
//!
//! let store = Arc::new(MemoryBackend::default());
//! Subject::new(move || Arc::clone(&store) as _).check();
//! ```
//!
//! Promises between processes, and after one is killed, need another process: see [`Subject::check_processes`].

// A broken promise is a panic, as in any test.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod leases;
mod processes;
mod storing;
mod subject;

pub use processes::answer_as_child;
pub use subject::Subject;

impl Subject {
    /// Checks all promises that show within one process.
    ///
    /// # Panics
    ///
    /// Panics if a promise is broken.
    pub fn check(&self) {
        storing::check(self);
        leases::check(self);
    }

    /// Checks the promises between processes. `child` returns a command whose process opens the same store and calls
    /// [`answer_as_child`].
    ///
    /// In a test, the child can be the test itself:
    ///
    /// ```no_run
    /// use std::process::Command;
    /// use std::sync::Arc;
    /// use safe_state_backends::conformance::{Subject, answer_as_child};
    /// use safe_state_backends::FileBackend;
    ///
    /// // #[test]
    /// fn it_keeps_its_promises_between_processes() {
    ///     let open = || Arc::new(FileBackend::new("/tmp/of-this-test")) as _;
    ///     if answer_as_child(open) {
    ///         return;
    ///     }
    ///     Subject::new(open).check_processes(|| {
    ///         let mut this = Command::new(std::env::current_exe().unwrap());
    ///         this.args(["it_keeps_its_promises_between_processes", "--exact", "--nocapture"]);
    ///         this
    ///     });
    /// }
    /// ```
    ///
    /// # Panics
    ///
    /// Panics if a promise is broken, or no child can be started.
    pub fn check_processes(&self, child: impl Fn() -> std::process::Command) {
        processes::check(self, &child);
    }
}
