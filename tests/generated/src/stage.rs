//! Runs a function: notes what it does and sees, and interrupts it at a step.

use std::cell::RefCell;
use std::fmt::{self, Debug};
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use safe_state::{Backend, Checkpoint, FileBackend, MemoryBackend};
use tempfile::TempDir;

/// The reason why a function ends early.
#[derive(Clone, Debug, PartialEq)]
pub enum Stop {
    /// The function was interrupted.
    Interrupted,
    /// An item was bad.
    Rejected(u64),
    /// The run says why it does not go on.
    Refused(String),
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Debug::fmt(self, f)
    }
}

impl std::error::Error for Stop {}

impl From<safe_state::Error> for Stop {
    fn from(error: safe_state::Error) -> Self {
        Stop::Refused(error.to_string())
    }
}

/// The way in which a run is interrupted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    Error,
    Panic,
    /// The run ends as if its process were killed: whatever it saves from there on is lost.
    Kill,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) at: usize,
    pub(crate) how: How,
    pub(crate) is_after: bool,
}

/// An entry of the log of what a function did or saw.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Entry {
    Saw(String),
    Did(String),
    /// The function began an item of an innermost loop.
    Item,
    /// A value was dropped.
    Dropped(String),
    /// The function broke out of a loop, in an item that is not complete for that reason.
    Broke,
}

/// The log of a run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Done {
    pub(crate) log: Vec<Entry>,
    pub(crate) steps: usize,
    pub(crate) is_interrupted: bool,
    /// The carried variables as they were when the last item of the current loop ended, if one did.
    pub(crate) ended: Option<String>,
}

#[derive(Default)]
struct Stage {
    store: Arc<MemoryBackend>,
    /// The folder of the checkpoints, if they are stored in files.
    files: Option<TempDir>,
    done: Done,
    plan: Option<Plan>,
    /// The checkpoints as they were when the run was killed.
    left: Option<Vec<(String, Vec<u8>)>>,
    /// The checkpoint as it was when the run was interrupted, with the value of `ended` then.
    peeked: Option<(Vec<u8>, String)>,
}

thread_local! {
    static STAGE: RefCell<Stage> = RefCell::default();
}

/// The payload of the panic that interrupts a run.
pub(crate) struct Interrupted;

/// Returns the backend of the function under way.
pub fn store() -> Arc<MemoryBackend> {
    STAGE.with_borrow(|stage| Arc::clone(&stage.store))
}

/// Returns a folder for the checkpoints of the function under way.
///
/// # Panics
///
/// If the folder can't be made.
pub fn files() -> PathBuf {
    STAGE.with_borrow_mut(|stage| {
        // A sync costs nothing in this folder, where it exists.
        let folder = Some(Path::new("/dev/shm")).filter(|folder| folder.is_dir());
        let new = || folder.map_or_else(tempfile::tempdir, tempfile::tempdir_in);
        let files = stage.files.get_or_insert_with(|| new().expect("a folder"));
        files.path().to_owned()
    })
}

/// Notes the values that a place sees.
pub fn see(place: &str, values: impl Debug) {
    note(Entry::Saw(format!("{place} {values:?}")));
}

/// Notes that a value is dropped.
pub fn dropped(value: impl Debug) {
    note(Entry::Dropped(format!("{value:?}")));
}

/// Notes that a loop begins.
pub fn began() {
    STAGE.with_borrow_mut(|stage| stage.done.ended = None);
}

/// Notes that a loop is left in the middle of an item.
pub fn broke() {
    note(Entry::Broke);
    began();
}

/// Notes that an item of an innermost loop begins.
pub fn item() {
    note(Entry::Item);
}

/// Notes the carried variables where an item ends.
pub fn ended(values: impl Debug) {
    STAGE.with_borrow_mut(|stage| stage.done.ended = Some(format!("{values:?}")));
}

/// Has an effect, and may be interrupted before or behind it.
///
/// # Errors
///
/// If the run is interrupted here by an error.
pub fn step(place: &str, values: impl Debug) -> Result<(), Stop> {
    let effect = format!("{place} {values:?}");
    let plan = STAGE.with_borrow_mut(|stage| {
        stage.done.steps += 1;
        stage.plan.filter(|plan| plan.at == stage.done.steps)
    });
    let Some(plan) = plan else {
        note(Entry::Did(effect));
        return Ok(());
    };
    if plan.is_after {
        note(Entry::Did(effect));
    }
    STAGE.with_borrow_mut(Stage::interrupt);
    if plan.how == How::Error {
        return Err(Stop::Interrupted);
    }
    // Unlike `panic!`, `resume_unwind` writes nothing to standard error.
    resume_unwind(Box::new(Interrupted))
}

/// Has an effect in a function that returns no errors, and may be interrupted before or behind it.
///
/// # Panics
///
/// If the run is interrupted here.
pub fn step_or_panic(place: &str, values: impl Debug) {
    if step(place, values).is_err() {
        resume_unwind(Box::new(Interrupted));
    }
}

/// Notes an entry, unless the run was killed.
fn note(entry: Entry) {
    STAGE.with_borrow_mut(|stage| {
        if stage.left.is_none() {
            stage.done.log.push(entry);
        }
    });
}

impl Stage {
    fn backend(&self) -> Arc<dyn Backend> {
        match &self.files {
            Some(files) => Arc::new(FileBackend::new(files.path())),
            None => Arc::clone(&self.store) as _,
        }
    }

    fn stored(&self) -> Vec<(String, Vec<u8>)> {
        let backend = self.backend();
        let jobs = backend.list().expect("what is stored is listed");
        let stored = |job: String| Some((job.clone(), backend.load(&job).expect("it is read")?));
        jobs.into_iter().filter_map(stored).collect()
    }

    fn interrupt(&mut self) {
        self.done.is_interrupted = true;
        let stored = self.stored();
        if let ([(_, bytes)], Some(ended)) = (&stored[..], &self.done.ended) {
            self.peeked = Some((bytes.clone(), ended.clone()));
        }
        if self.plan.is_some_and(|plan| plan.how == How::Kill) {
            self.left = Some(stored);
        }
    }
}

/// Begins anew with an empty store.
pub(crate) fn clear() {
    STAGE.with_borrow_mut(|stage| *stage = Stage::default());
}

pub(crate) fn begin(plan: Option<Plan>) {
    STAGE.with_borrow_mut(|stage| {
        stage.plan = plan;
        stage.done = Done::default();
        stage.peeked = None;
    });
}

/// Ends the run, and returns what it did. If the run was killed, puts back what was stored then.
pub(crate) fn end() -> Done {
    STAGE.with_borrow_mut(|stage| {
        for (job, bytes) in stage.left.take().into_iter().flatten() {
            stage.backend().save(&job, &bytes).expect("it is stored");
        }
        stage.done.clone()
    })
}

/// Returns the checkpoint as it was where the run was interrupted, with the carried variables as they were where the
/// last item ended.
pub(crate) fn peeked() -> Option<(Checkpoint, String)> {
    let (bytes, ended) = STAGE.with_borrow(|stage| stage.peeked.clone())?;
    Some((Checkpoint::decode(&bytes).expect("a whole checkpoint"), ended))
}

/// Returns the checkpoint that is stored now, if one is.
pub(crate) fn stored() -> Option<Checkpoint> {
    let stored = STAGE.with_borrow(Stage::stored);
    let (_, bytes) = stored.first()?;
    Some(Checkpoint::decode(bytes).expect("a whole checkpoint"))
}

/// Computes a number, and lets other threads run before.
pub fn later(number: u64) -> u64 {
    std::thread::yield_now();
    number.wrapping_mul(7) % 23
}

/// Computes a number like [`later`], and lets other futures run before.
pub async fn after(number: u64) -> u64 {
    let mut left = number % 3;
    std::future::poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(());
        }
        left -= 1;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
    later(number)
}

/// Returns the number, unless it is bad.
///
/// # Errors
///
/// If the number is bad.
pub fn rejected(number: u64, is_bad: bool) -> Result<u64, Stop> {
    if is_bad { Err(Stop::Rejected(number)) } else { Ok(number) }
}

/// Runs a future to its end by polling it again and again.
///
/// # Panics
///
/// If the future panics.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(output) => return output,
            Poll::Pending => std::thread::yield_now(),
        }
    }
}
