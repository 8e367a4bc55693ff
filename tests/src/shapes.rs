//! Runs one function with and without the attribute, uninterrupted and interrupted, and compares what it did and
//! returned.
//!
//! A shape's body calls [`step`], [`try_step`] or [`maybe_step`] once for each item. These calls interrupt it, before
//! the item has had its effect or after.

use std::cell::RefCell;
use std::fmt::{self, Debug};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;

use safe_state::{Backend, MemoryBackend};

/// A function to run, and its name.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    pub name: &'static str,
    pub run: fn() -> String,
}

/// Lists the shapes of a module, as `name => call;`. The names are for messages.
#[macro_export]
macro_rules! shapes {
    ($($name:ident => $call:expr;)*) => {
        /// Returns all shapes of this file, ready to run.
        #[allow(clippy::too_many_lines)]
        pub(crate) fn all() -> ::std::vec::Vec<$crate::shapes::Shape> {
            ::std::vec![$($crate::shapes::Shape {
                name: ::std::stringify!($name),
                run: || ::std::format!("{:?}", $call),
            }),*]
        }
    };
}

/// The error or panic of an interrupted step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interrupted;

impl fmt::Display for Interrupted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("interrupted")
    }
}

impl std::error::Error for Interrupted {}

#[derive(Clone, Copy, Debug)]
struct Interruption {
    at: usize,
    how: How,
    when: When,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum How {
    Return,
    Panic,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum When {
    BeforeItsEffect,
    AfterIt,
}

/// The backend and the plan of the shape under way, and what it has done.
#[derive(Default)]
struct Stage {
    store: Arc<MemoryBackend>,
    done: Done,
    interruption: Option<Interruption>,
}

#[derive(Default, Debug, Clone, PartialEq)]
struct Done {
    effects: Vec<String>,
    /// For each step, its place in the effects, and whether it can return early.
    steps: Vec<(usize, bool)>,
}

thread_local! {
    static STAGE: RefCell<Stage> = RefCell::default();
}

/// Returns the backend of the shape under way.
pub fn store() -> Arc<MemoryBackend> {
    STAGE.with_borrow(|stage| Arc::clone(&stage.store))
}

/// Does the work on an item that cannot fail, but can panic.
pub fn step(item: impl Debug) {
    let _: Result<(), Interrupted> = work(format!("{item:?}"), false);
}

/// Does the work on an item that can fail.
///
/// # Errors
///
/// If the shape is to be interrupted here.
pub fn try_step(item: impl Debug) -> Result<(), Interrupted> {
    work(format!("{item:?}"), true)
}

/// Does the work on an item that can fail, in functions that return an `Option`.
pub fn maybe_step(item: impl Debug) -> Option<()> {
    try_step(item).ok()
}

/// Has an effect outside any item.
pub fn effect(what: impl fmt::Display) {
    STAGE.with_borrow_mut(|stage| stage.done.effects.push(what.to_string()));
}

/// A value that notes when it is dropped.
#[derive(Debug, PartialEq, Hash)]
pub struct Noisy(pub &'static str);

impl Drop for Noisy {
    fn drop(&mut self) {
        effect(format_args!("{} dropped", self.0));
    }
}

/// Runs a future to its end on this thread.
///
/// # Panics
///
/// If the future panics, or no runtime can be made.
pub fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
        .block_on(future)
}

/// Refuses a value at compile time that is not `Send`.
pub fn send<T: Send>(value: T) -> T {
    value
}

fn work(effect: String, can_return: bool) -> Result<(), Interrupted> {
    match STAGE.with_borrow_mut(|stage| stage.work(effect, can_return)) {
        None => Ok(()),
        Some(How::Return) => Err(Interrupted),
        // Unlike `panic!`, `resume_unwind` writes nothing to standard error.
        Some(How::Panic) => resume_unwind(Box::new(Interrupted)),
    }
}

impl Stage {
    fn work(&mut self, effect: String, can_return: bool) -> Option<How> {
        let now = self.interruption.filter(|it| it.at == self.done.steps.len());
        self.done.steps.push((self.done.effects.len(), can_return));
        if now.is_none_or(|it| it.when == When::AfterIt) {
            self.done.effects.push(effect);
        }
        now.map(|it| it.how)
    }
}

/// Runs a shape. Returns what it did, and its value; `None` if it panicked.
fn observe(shape: Shape, interruption: Option<Interruption>) -> (Done, Option<String>) {
    STAGE.with_borrow_mut(|stage| {
        stage.interruption = interruption;
        stage.done = Done::default();
    });
    let given = catch_unwind(AssertUnwindSafe(shape.run))
        .inspect_err(|panic| assert!(panic.is::<Interrupted>(), "{} panicked", shape.name))
        .ok();
    (STAGE.with_borrow(|stage| stage.done.clone()), given)
}

fn clear_stage() {
    STAGE.with_borrow_mut(|stage| *stage = Stage::default());
}

fn stored() -> Vec<String> {
    store().list().expect("memory lists its jobs")
}

impl Done {
    fn interruptions(&self) -> impl Iterator<Item = Interruption> {
        let each = |(at, how)| {
            [When::BeforeItsEffect, When::AfterIt].map(|when| Interruption { at, how, when })
        };
        let steps = self.steps.iter().enumerate();
        let panics = steps.clone().map(|(at, _)| (at, How::Panic));
        let returns = steps.filter(|(_, step)| step.1).map(|(at, _)| (at, How::Return));
        panics.chain(returns).flat_map(each)
    }
}

/// Checks that the attribute changes nothing about a shape: neither without an interruption, nor in what a run does
/// until it is interrupted.
///
/// # Panics
///
/// If the attribute changes something.
pub fn check_alike(plain: Shape, resumable: Shape) {
    clear_stage();
    let expected = observe(plain, None);
    let name = plain.name;
    assert!(!expected.0.steps.is_empty(), "{name} has no items");
    assert_eq!(observe(resumable, None), expected, "{name}, uninterrupted");
    assert!(stored().is_empty(), "{name} has finished, but not its job");
    for interruption in expected.0.interruptions() {
        clear_stage();
        let expected = observe(plain, Some(interruption));
        let found = observe(resumable, Some(interruption));
        assert_eq!(found, expected, "{name}, {interruption:?}");
        // A run that has not come to its loop has nothing to keep.
        if stored().is_empty() {
            clear_stage();
            let (expected, found) = (observe(plain, None), observe(resumable, None));
            assert_eq!(found, expected, "{name} has lost its checkpoint, {interruption:?}");
        }
    }
}

/// Checks besides that a run after an interruption does and returns what was missing, and nothing else.
///
/// # Panics
///
/// If the run does something else.
pub fn check_resumes(plain: Shape, resumable: Shape) {
    check_alike(plain, resumable);
    let (all, given) = observe(plain, None);
    let name = plain.name;
    for interruption in all.interruptions() {
        clear_stage();
        observe(resumable, Some(interruption));
        let (rest, given_then) = observe(resumable, None);
        let first = all.steps.get(interruption.at).map_or(0, |step| step.0);
        assert_eq!(rest.effects, all.effects[first..], "{name} resumed, {interruption:?}");
        assert_eq!(given_then, given, "{name} resumed, {interruption:?}");
        assert!(stored().is_empty(), "{name} has finished, but not its job");
    }
}
