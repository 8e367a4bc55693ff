//! The notes that a panic leaves for the guard.

use std::panic::{self, PanicHookInfo};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use serde::{Deserialize, Serialize};

use super::layout::PANIC;
use super::note;
use super::sys::Pages;

/// The most bytes kept of a message.
const LONGEST: usize = 8 * 1024;
const DEEPEST: usize = 128;
/// The messages of Rust for a panic where it may not unwind, before it aborts.
const AFTER_ANOTHER: [&str; 2] =
    ["panic in a function that cannot unwind", "panic in a destructor during cleanup"];

/// A panic of the job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Panic {
    message: String,
    location: String,
    thread: Option<String>,
    stack: Vec<u64>,
}

impl Panic {
    /// Returns the panic's message.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Returns the panic's place in the source, such as `src/main.rs:14:5`.
    pub fn location(&self) -> &str {
        &self.location
    }

    /// Returns the name of the thread that panicked, if it has one.
    pub fn thread(&self) -> Option<&str> {
        self.thread.as_deref()
    }

    pub(super) fn stack(&self) -> &[u64] {
        &self.stack
    }

    fn of(info: &PanicHookInfo<'_>) -> Panic {
        let mut stack = Vec::new();
        backtrace::trace(|frame| {
            stack.push(frame.ip().addr() as u64);
            stack.len() < DEEPEST
        });
        Panic {
            message: message(info),
            location: info.location().map(ToString::to_string).unwrap_or_default(),
            thread: thread::current().name().map(str::to_owned),
            stack,
        }
    }
}

fn message(info: &PanicHookInfo<'_>) -> String {
    let payload = info.payload();
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    let text = text.unwrap_or("Box<dyn Any>");
    let mut end = text.len().min(LONGEST);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].to_owned()
}

/// Notes panics of this process from now on, and then calls the hook that was set before.
pub(super) fn note(memory: Arc<Pages>) {
    let before = panic::take_hook();
    // Two threads may panic at the same time.
    let noting = Mutex::new(memory);
    panic::set_hook(Box::new(move |info| {
        let panic = Panic::of(info);
        // The panic that led to the abort is the one before, and stays noted.
        if !AFTER_ANOTHER.contains(&panic.message()) {
            let memory = noting.lock().unwrap_or_else(PoisonError::into_inner);
            note::leave(&*memory, PANIC, &panic);
        }
        before(info);
    }));
}

/// Returns the last panic that the job has noted.
pub(super) fn find(memory: &Pages) -> Option<Panic> {
    note::find(memory, PANIC)
}
