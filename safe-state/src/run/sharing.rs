//! A run that is one of the workers of a shared job. It joins the job, does slices as if each were a job, waits for the
//! slices of others, and ends.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use safe_state_backends::format::Change;
use safe_state_backends::{Error as BackendError, Head, Lease, MemoryBackend, SharedJob};
use safe_state_base::exit;

use super::active::Active;
use super::between;
use super::stages::Stages;
use crate::control::requests::{Requests, Source};
use crate::control::{Control, Replay};
use crate::error::StopReason;
use crate::items::terms::Terms;
use crate::observe::Observer;
use crate::observe::events::Events;
use crate::observe::spans::Spans;
use crate::progress::Progress;
use crate::save::owner::Owner;
use crate::save::thread::Worker;
use crate::save::{Saving, Write};
use crate::shared::hunt::{Claimed, Hunt, SliceAt, Turn};
use crate::shared::join::{Joined, join};
use crate::shared::state::{KnownItems, Sharing, end_job, finish_slice};
use crate::shared::steps::{self, Awaited, StepTurn};
use crate::{Error, Job};

/// Joins the job as a worker.
pub(super) fn open(job: &Job) -> Result<Stages, Error> {
    if Active::contains(job) {
        return nested(job);
    }
    exit::begins(job.job_name());
    let source = job.requests()?;
    let joined = join(job, &source)?;
    let mut stages = opened(job, source, joined)?;
    stages.session.active = Some(Active::enter(job));
    Ok(stages)
}

/// Joins the job without blocking.
pub(super) async fn open_async(worker: Worker, job: &Job) -> Result<Stages, Error> {
    exit::begins(job.job_name());
    let there = job.for_another_thread();
    let joining = worker.run(move || {
        let source = there.requests()?;
        let joined = join(&there, &source)?;
        Ok::<_, Error>((source, joined))
    });
    let (source, joined) = joining.await?;
    let mut stages = opened(job, source, joined)?;
    stages.session.thread = Some(worker);
    Ok(stages)
}

fn opened(job: &Job, source: Source, joined: Joined) -> Result<Stages, Error> {
    if super::replay::asked(job)?.is_some() {
        let reason = "many workers share it".to_owned();
        return Err(Error::Replay { job: job.job_name().to_owned(), reason });
    }
    let Joined { job: stored, head, cancelled, accepts, asked, was_finished } = joined;
    let mut stages = Stages::new(job, None);
    stages.observer = observer(job, &head);
    stages.observer.started(&head);
    let now = Instant::now();
    let requests = Requests::new(source.shared(), asked, now);
    stages.control = Control::new(&job.watch, requests, Replay::No, now);
    let on_input_change = job.expected.on_input_change;
    stages.session.terms = Terms { was_finished, accepts, on_input_change, saved_at: None };
    stages.session.sharing = Some(Box::new(Sharing::new(job, stored, cancelled)));
    Ok(stages)
}

/// What a worker reports: its slices are parts of one run.
fn observer(job: &Job, head: &Head) -> Observer {
    let mut events = Events::new(job.job_name(), job.shown.verbose);
    let spans = Spans::of(job.job_name(), head.run_count());
    {
        let _within = spans.within();
        events.opened(head);
    }
    Observer::new(events, spans, Some(&job.shown))
}

/// Creates the stages of a call by a body of the same job. The nested call shares nothing, and keeps no progress.
fn nested(job: &Job) -> Result<Stages, Error> {
    let quiet = job.clone().verbose(false);
    let mut stages = Stages::new(&quiet, None);
    stages.observer.events().nested();
    let memory = Arc::new(MemoryBackend::default());
    let stored = SharedJob::new(memory, job.job_name(), quiet.lease_options())?;
    let head = Head::new(job.job_name());
    stored.change(|_| Ok::<_, Error>((Some(head.clone()), ())))?;
    stages.session.sharing = Some(Box::new(Sharing::new(&quiet, stored, 0)));
    Ok(stages)
}

/// Returns the worker's view of the job; an error if the job is not shared, which generated code never causes.
fn sharing(stages: &mut Stages) -> Result<&mut Sharing, Error> {
    let job = stages.observer.job().to_owned();
    stages.session.sharing.as_deref_mut().ok_or(Error::Cleared { job })
}

/// A loop of which a slice is to be claimed.
#[derive(Clone, Debug)]
pub(super) struct LoopOf {
    pub(super) id: u16,
    pub(super) items: KnownItems,
    /// Whether the loop carries variables.
    pub(super) carries: bool,
    /// The slices whose items are held in memory.
    pub(super) at_hand: Vec<u32>,
}

fn hunt(stages: &mut Stages, of: LoopOf) -> Result<Hunt, Error> {
    let accepts = stages.session.terms.accepts;
    let mut hunt = sharing(stages)?.hunt((of.id, of.carries), of.items, accepts)?;
    hunt.has_at_hand(of.at_hand.into_iter());
    Ok(hunt)
}

/// Returns the number of slices of a loop of `total` items that are known by key.
pub(super) fn slices_by_key(stages: &mut Stages, total: u64) -> Result<u32, Error> {
    Ok(sharing(stages)?.slices_by_key(total))
}

/// Claims a slice of the loop, and begins it. Returns `None` once all slices are finished.
pub(super) fn claim(stages: &mut Stages, of: LoopOf) -> Result<Option<SliceAt>, Error> {
    let mut hunt = hunt(stages, of)?;
    loop {
        match sharing(stages)?.turned(hunt.turn())? {
            Turn::Claimed(claimed) => return begin(stages, *claimed, hunt).map(Some),
            Turn::Over(done) => {
                stages.observer.left_whole(done.whole);
                sharing(stages)?.all_finished(*done);
                return Ok(None);
            }
            Turn::Wait(pause, whole) => {
                stages.observer.came_to(whole);
                idle(stages)?;
                wait(stages, pause)?;
            }
            Turn::Cancelled => return Err(stages.stop(StopReason::Cancelled)),
        }
    }
}

/// Claims a slice without blocking: see [`claim`].
pub(super) async fn claim_async(stages: &mut Stages, of: LoopOf) -> Result<Option<SliceAt>, Error> {
    let mut hunt = hunt(stages, of)?;
    loop {
        let turn = stages.on_thread(move || (hunt.turn(), hunt)).await;
        hunt = turn.1;
        match sharing(stages)?.turned(turn.0)? {
            Turn::Claimed(claimed) => return begin(stages, *claimed, hunt).map(Some),
            Turn::Over(done) => {
                stages.observer.left_whole(done.whole);
                sharing(stages)?.all_finished(*done);
                return Ok(None);
            }
            Turn::Wait(pause, whole) => {
                stages.observer.came_to(whole);
                idle(stages)?;
                wait_async(stages, pause).await?;
            }
            Turn::Cancelled => return Err(stages.stop(StopReason::Cancelled)),
        }
    }
}

/// Begins a slice: from now on, the run's progress is that of the slice.
fn begin(stages: &mut Stages, mut claimed: Claimed, hunt: Hunt) -> Result<SliceAt, Error> {
    let cleared = || Error::Cleared { job: stages.observer.job().to_owned() };
    let thread = match &stages.session.thread {
        Some(_) => Some(Worker::spawn().map_err(Error::Thread)?),
        None => None,
    };
    let store = claimed.take().ok_or_else(cleared)?;
    stages.observer.came_to(claimed.whole);
    let (at, has_crashed) = (claimed.at.clone(), claimed.has_crashed);
    stages.control.divide_rate(claimed.workers);
    let outside = stages.progress.begin_part();
    let sharing = sharing(stages)?;
    let (every, is_timed) = (sharing.save_every(), sharing.times_items());
    sharing.begin(at.clone(), hunt, outside);
    let now = Instant::now();
    stages.saving = Saving::new(Some(Owner::new(store, thread)), every, now).timed(is_timed);
    stages.failures.begin(has_crashed, every.at_risk(), now);
    Ok(at)
}

/// Saves the progress of the slice under way, and finishes the slice.
pub(super) fn finish(stages: &mut Stages) -> Result<(), Error> {
    stages.saving.close_measuring();
    stages.save()?;
    let Some((job, finished, outside)) = taken(stages)? else { return Ok(()) };
    let Some(owner) = stages.saving.let_go() else { return Ok(()) };
    let head = owner.end(move |store| finish_slice(&job, &finished, store))?;
    outside_again(stages, &head, outside)
}

/// Finishes the slice without blocking: see [`finish`].
pub(super) async fn finish_async(stages: &mut Stages) -> Result<(), Error> {
    stages.saving.close_measuring();
    stages.save_async().await?;
    let Some((job, finished, outside)) = taken(stages)? else { return Ok(()) };
    let Some(owner) = stages.saving.let_go() else { return Ok(()) };
    let head = owner.end_async(move |store| finish_slice(&job, &finished, store)).await?;
    outside_again(stages, &head, outside)
}

type Taken = (SharedJob, safe_state_backends::FinishedSlice, Progress);

fn taken(stages: &mut Stages) -> Result<Option<Taken>, Error> {
    let sharing = sharing(stages)?;
    let job = sharing.job().clone();
    Ok(sharing.finish().map(|(finished, outside)| (job, finished, outside)))
}

fn outside_again(stages: &mut Stages, head: &Head, outside: Progress) -> Result<(), Error> {
    let sharing = sharing(stages)?;
    sharing.finished(head);
    let every = sharing.save_every();
    stages.saving = Saving::new(None, every, Instant::now());
    stages.progress = outside;
    Ok(())
}

/// Returns how many items all slices have given up, without the item of the slice under way that is about to be. If the
/// number is below `most`, the head counts that item from now on, for other workers.
pub(super) fn given_up(stages: &mut Stages, most: u64) -> Result<u64, Error> {
    let own = own_given_up(stages);
    match counting(stages, own, most)? {
        Some(count) => count(),
        None => Ok(own),
    }
}

/// Returns how many items all slices have given up, without blocking: see [`given_up`].
pub(super) async fn given_up_async(stages: &mut Stages, most: u64) -> Result<u64, Error> {
    let own = own_given_up(stages);
    match counting(stages, own, most)? {
        Some(count) => stages.on_thread(count).await,
        None => Ok(own),
    }
}

fn own_given_up(stages: &mut Stages) -> u64 {
    stages.with_stored(|progress, stored| progress.given_up(stored))
}

/// Returns a function that counts the items that all slices have given up. `own` is the number of the slice under way.
/// Returns `None` if only that number counts.
fn counting(
    stages: &mut Stages,
    own: u64,
    most: u64,
) -> Result<Option<impl FnOnce() -> Result<u64, Error> + Send + 'static>, Error> {
    if most == u64::MAX || !stages.is_in_slice() {
        return Ok(None);
    }
    let sharing = sharing(stages)?;
    let Some((loop_id, slice)) = sharing.slice() else { return Ok(None) };
    let job = sharing.job().clone();
    Ok(Some(move || {
        job.change(|head| {
            let Some(mut head) = head else {
                return Err(Error::Cleared { job: job.name().to_owned() });
            };
            let given_up = own.saturating_add(head.given_up_beside(loop_id, slice));
            if given_up >= most {
                return Ok((None, given_up));
            }
            let noted = head.note_slice(loop_id, slice, own + 1);
            noted.map_err(|reason| job.unwritable(reason))?;
            Ok((Some(head), given_up))
        })
    }))
}

/// Ends the run if it is not to wait for other workers.
fn idle(stages: &mut Stages) -> Result<(), Error> {
    if sharing(stages)?.leaves() { Err(stages.stop(StopReason::Idle)) } else { Ok(()) }
}

/// Waits `pause` for other workers, unless the run has to stop.
fn wait(stages: &mut Stages, pause: Duration) -> Result<(), Error> {
    stages.check_stop()?;
    between::poll_requests(stages);
    between::apply_request(stages)?;
    thread::sleep(pause);
    stages.observer.waits();
    Ok(())
}

/// Waits for other workers without blocking: see [`wait`].
async fn wait_async(stages: &mut Stages, pause: Duration) -> Result<(), Error> {
    stages.check_stop()?;
    between::poll_requests_async(stages).await;
    between::apply_request_async(stages).await?;
    stages.sleep(pause).await;
    stages.observer.waits();
    Ok(())
}

/// Waits for a step that another worker does, or takes the right to do it. Returns the head with the step's value, or
/// `None` if this run is to do the step.
pub(super) fn await_step(
    stages: &mut Stages,
    mut step: Awaited,
) -> Result<Option<Box<Head>>, Error> {
    loop {
        match step.turn()? {
            StepTurn::Wait(pause) => wait(stages, pause)?,
            StepTurn::Done(head) => return Ok(Some(head)),
            StepTurn::Own(lease) => return own(stages, lease),
        }
    }
}

/// Waits for a step without blocking: see [`await_step`].
pub(super) async fn await_step_async(
    stages: &mut Stages,
    mut step: Awaited,
) -> Result<Option<Box<Head>>, Error> {
    loop {
        let turn;
        (turn, step) = stages.on_thread(move || (step.turn(), step)).await;
        match turn? {
            StepTurn::Wait(pause) => wait_async(stages, pause).await?,
            StepTurn::Done(head) => return Ok(Some(head)),
            StepTurn::Own(lease) => return own(stages, lease),
        }
    }
}

fn own(stages: &mut Stages, lease: Box<dyn Lease>) -> Result<Option<Box<Head>>, Error> {
    sharing(stages)?.steps.begin(lease);
    Ok(None)
}

/// Saves the value of a step that the run has done. Returns the head if it has a value of the step already.
pub(super) fn save_step(
    stages: &mut Stages,
    stored_as: &str,
    change: &Change,
) -> Result<Option<Box<Head>>, Error> {
    let sharing = sharing(stages)?;
    let (job, lease) = (sharing.job().clone(), sharing.steps.end());
    let saved = steps::save(&job, stored_as, change);
    drop(lease);
    saved
}

/// Saves the value of a step without blocking: see [`save_step`].
pub(super) async fn save_step_async(
    stages: &mut Stages,
    stored_as: String,
    change: Change,
) -> Result<Option<Box<Head>>, Error> {
    let sharing = sharing(stages)?;
    let (job, lease) = (sharing.job().clone(), sharing.steps.end());
    let save = move || {
        let saved = steps::save(&job, &stored_as, &change);
        drop(lease);
        saved
    };
    stages.on_thread(save).await
}

/// What is done last to the job's head by a run that ends outside of a slice. Gives how many items are complete; none if the
/// run has passed items that were put back.
pub(super) fn last(
    stages: &Stages,
    write: &Write,
    failed: bool,
) -> Option<impl FnOnce() -> Result<Option<u64>, BackendError> + Send + 'static> {
    let sharing = stages.session.sharing.as_deref();
    let sharing = sharing.filter(|it| !it.is_in_slice() && !it.is_refused())?;
    let is_finished = !failed && matches!(write, Write::Finish(_) | Write::Delete(_));
    let (job, passed) = (sharing.job().clone(), sharing.passed().to_vec());
    let failure = write.failure().cloned();
    (is_finished || failure.is_some()).then_some(move || end_job(&job, &passed, failure.as_ref()))
}

/// What became of that. The run stops if items were put back that it has passed.
pub(super) fn ended(
    stages: &mut Stages,
    finished: Result<Option<u64>, BackendError>,
) -> Result<(Result<(), BackendError>, u64), Error> {
    match finished {
        Ok(Some(count)) => Ok((Ok(()), count)),
        Ok(None) => Err(stages.stop(StopReason::PutBack)),
        Err(error) => Ok((Err(error), 0)),
    }
}
