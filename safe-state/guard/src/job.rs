//! The job's side: the code around the closure in the process that does the job.

use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::{self, ExitCode, Termination};
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;

use super::data::Data;
use super::layout::{Layout, stage, word};
use super::memory::Memory;
#[cfg(feature = "minidump")]
use super::minidump;
use super::sys::Pages;
use super::{crash, panic, stack};

/// The exit code of a program whose `main` panics.
const PANICKED: i32 = 101;

/// Does the job, and ends the process by its outcome.
pub(super) fn run<T: Termination>(
    memory: &Arc<Pages>,
    layout: Layout,
    job: impl FnOnce(&Data) -> T,
) -> ! {
    stack::note(memory);
    panic::note(Arc::clone(memory));
    #[cfg(feature = "minidump")]
    crash::note(Arc::clone(memory), minidump::await_dump);
    #[cfg(not(feature = "minidump"))]
    crash::note(Arc::clone(memory), |_, _| {});
    let data = Data::new(Arc::clone(memory), layout);
    let (code, stage) = match catch_unwind(AssertUnwindSafe(|| job(&data).report())) {
        Ok(code) => (number(code), stage::RETURNED),
        Err(payload) => {
            // Dropping the payload may panic again.
            mem::forget(payload);
            (PANICKED, stage::PANICKED)
        }
    };
    memory.store(word::STAGE, stage, SeqCst);
    process::exit(code)
}

/// Returns the number of an exit code, which can only be found by comparison.
fn number(code: ExitCode) -> i32 {
    let number = (0..=u8::MAX).find(|number| ExitCode::from(*number) == code);
    number.unwrap_or(1).into()
}
