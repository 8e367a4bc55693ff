//! Where a function runs: what it does and sees is noted, and it is interrupted at a step.

use std::cell::RefCell;
use std::fmt::{self, Debug};
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use safe_state::{Backend, Checkpoint, FileBackend, MemoryBackend};
use tempfile::TempDir;

/// Why a function ends early.
#[derive(Clone, Debug, PartialEq)]
pub enum Stop {
    /// It was interrupted.
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

/// How a run is interrupted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    Error,
    Panic,
    /// As the end of the process: what is saved from there on is lost.
    Kill,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) at: usize,
    pub(crate) how: How,
    pub(crate) is_after: bool,
}

/// One thing that a function did or saw.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Entry {
    Saw(String),
    Did(String),
    /// It began an item of an innermost loop.
    Item,
    /// Something was dropped.
    Dropped(String),
    /// It breaks out of a loop, in an item that is not complete for that.
    Broke,
}

/// What a run did.
#[derive(Clone, Debug, Default)]
pub(crate) struct Done {
    pub(crate) log: Vec<Entry>,
    pub(crate) steps: usize,
    pub(crate) is_interrupted: bool,
    /// What the carried variables were when the last item of this loop ended, if one did.
    pub(crate) ended: Option<String>,
}

#[derive(Default)]
struct Stage {
    store: Arc<MemoryBackend>,
    /// A folder, if that is where it is stored.
    files: Option<TempDir>,
    done: Done,
    plan: Option<Plan>,
    /// What was stored when the run was killed.
    left: Option<Vec<(String, Vec<u8>)>>,
    /// What was stored when the run was interrupted, and what `ended` then said.
    peeked: Option<(Vec<u8>, String)>,
}

thread_local! {
    static STAGE: RefCell<Stage> = RefCell::default();
}

/// What an interrupted run panics with.
pub(crate) struct Interrupted;

/// The backend of the function under way.
pub fn store() -> Arc<MemoryBackend> {
    STAGE.with_borrow(|stage| Arc::clone(&stage.store))
}

/// A folder for the function under way.
///
/// # Panics
///
/// If there can be none.
pub fn files() -> PathBuf {
    STAGE.with_borrow_mut(|stage| {
        // Where a sync costs nothing, if there is such a place.
        let folder = Some(Path::new("/dev/shm")).filter(|folder| folder.is_dir());
        let new = || folder.map_or_else(tempfile::tempdir, tempfile::tempdir_in);
        let files = stage.files.get_or_insert_with(|| new().expect("a folder"));
        files.path().to_owned()
    })
}

/// Notes what a place sees.
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

/// Notes what the carried variables are where an item ends.
pub fn ended(values: impl Debug) {
    STAGE.with_borrow_mut(|stage| stage.done.ended = Some(format!("{values:?}")));
}

/// Has an effect, and may be interrupted before or behind it.
///
/// # Errors
///
/// When it is interrupted so.
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
    // Unlike `panic!`, it leaves standard error quiet.
    resume_unwind(Box::new(Interrupted))
}

/// The same in a function that returns no errors.
///
/// # Panics
///
/// When it is interrupted.
pub fn step_or_panic(place: &str, values: impl Debug) {
    if step(place, values).is_err() {
        resume_unwind(Box::new(Interrupted));
    }
}

/// Notes it, unless the process has ended.
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

/// Begins with an empty store.
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

/// What the run did. One that was killed leaves what was stored then.
pub(crate) fn end() -> Done {
    STAGE.with_borrow_mut(|stage| {
        for (job, bytes) in stage.left.take().into_iter().flatten() {
            stage.backend().save(&job, &bytes).expect("it is stored");
        }
        stage.done.clone()
    })
}

/// What was stored where the run was interrupted, and what the carried variables had been where the last item
/// ended.
pub(crate) fn peeked() -> Option<(Checkpoint, String)> {
    let (bytes, ended) = STAGE.with_borrow(|stage| stage.peeked.clone())?;
    Some((Checkpoint::decode(&bytes).expect("a whole checkpoint"), ended))
}

/// What is stored now, if it is anything.
pub(crate) fn stored() -> Option<Checkpoint> {
    let stored = STAGE.with_borrow(Stage::stored);
    let (_, bytes) = stored.first()?;
    Some(Checkpoint::decode(bytes).expect("a whole checkpoint"))
}

/// What is made of a number, in a while.
pub fn later(number: u64) -> u64 {
    std::thread::yield_now();
    number.wrapping_mul(7) % 23
}

/// The same, where others may come first.
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

/// The number, if it is good.
///
/// # Errors
///
/// It is not.
pub fn rejected(number: u64, is_bad: bool) -> Result<u64, Stop> {
    if is_bad { Err(Stop::Rejected(number)) } else { Ok(number) }
}

/// Runs a future of which nothing has to be waited for.
///
/// # Panics
///
/// If the future does.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(output) => return output,
            Poll::Pending => std::thread::yield_now(),
        }
    }
}
