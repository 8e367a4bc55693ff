//! The job's side: what surrounds the closure in the process that does it.

use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::{self, ExitCode, Termination};
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;

use super::data::Data;
use super::layout::{Layout, stage, word};
use super::memory::Memory;
use super::sys::Pages;
use super::{crash, panic, stack};

/// What `main` exits with after a panic.
const PANICKED: i32 = 101;

/// Does the job, and ends the process as its outcome says.
pub(super) fn run<T: Termination>(
    memory: &Arc<Pages>,
    layout: Layout,
    job: impl FnOnce(&Data) -> T,
) -> ! {
    stack::note(memory);
    panic::note(Arc::clone(memory));
    crash::note(Arc::clone(memory));
    let data = Data::new(Arc::clone(memory), layout);
    let (code, stage) = match catch_unwind(AssertUnwindSafe(|| job(&data).report())) {
        Ok(code) => (number(code), stage::RETURNED),
        Err(payload) => {
            // Its drop may panic again.
            mem::forget(payload);
            (PANICKED, stage::PANICKED)
        }
    };
    memory.store(word::STAGE, stage, SeqCst);
    process::exit(code)
}

/// The number of an exit code, which does not tell it but by comparison.
fn number(code: ExitCode) -> i32 {
    let number = (0..=u8::MAX).find(|number| ExitCode::from(*number) == code);
    number.unwrap_or(1).into()
}
