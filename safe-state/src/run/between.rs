//! The run between two items, or two attempts at one: it waits, and does what requests ask.

use std::thread;
use std::time::{Duration, Instant};

use super::dividing;
use super::stages::Stages;
use crate::Error;
use crate::control::left_of;
use crate::control::pacing::{LOOK, Look};
use crate::control::requests::Applied;

/// Waits, and polls requests meanwhile. Returns whether the run has to stop or to obey a request, before which what is
/// complete has to be saved.
pub(super) fn wait(stages: &mut Stages, look: Look) -> bool {
    if let Look::Wait(time) = look {
        thread::sleep(time);
        stages.observer.waits();
        poll_requests(stages);
    }
    matches!(look, Look::Stop) || stages.control.is_asked()
}

/// Waits without blocking. The carried variables must have been taken, unless they include handles, because the run may
/// be dropped while it waits.
pub(super) async fn wait_async(stages: &mut Stages, look: Look) -> bool {
    if let Look::Wait(time) = look {
        stages.progress.waits_at_head(true);
        stages.saving.sleep(time).await;
        stages.progress.waits_at_head(false);
        stages.observer.waits();
        poll_requests_async(stages).await;
    }
    matches!(look, Look::Stop) || stages.control.is_asked()
}

/// Waits for another attempt at an item. A pause that is requested makes it longer; a reason to stop ends it with an
/// error.
pub(super) fn rest(stages: &mut Stages, pause: Duration) -> Result<(), Error> {
    let began = Instant::now();
    loop {
        stages.check_stop()?;
        poll_requests(stages);
        apply_request(stages)?;
        let Some(left) = left_of(pause, began) else { return Ok(()) };
        thread::sleep(left.min(LOOK));
        stages.observer.waits();
    }
}

/// Waits for another attempt without blocking: see [`rest`].
pub(super) async fn rest_async(stages: &mut Stages, pause: Duration) -> Result<(), Error> {
    let began = Instant::now();
    loop {
        stages.check_stop()?;
        poll_requests_async(stages).await;
        apply_request_async(stages).await?;
        let Some(left) = left_of(pause, began) else { return Ok(()) };
        stages.saving.sleep(left.min(LOOK)).await;
        stages.observer.waits();
    }
}

/// Polls requests to the run, if it is time. Returns whether what is complete has to be saved, because a save is due or
/// because a request needs one.
pub(super) fn poll_requests(stages: &mut Stages) -> bool {
    if stages.saving.takes_next_alone() {
        return true;
    }
    dividing::divide_rate(stages);
    if let Some(source) = stages.control.requests().source() {
        let began = Instant::now();
        let answer = match stages.saving.store() {
            Some(mut store) => source.ask(&mut store),
            None => source.ask_beside(),
        };
        stages.control.requests().answered(began, answer);
    }
    saves(stages)
}

/// Polls requests without blocking. The carried variables must have been taken, unless they include handles, because
/// the run may be dropped while it waits.
pub(super) async fn poll_requests_async(stages: &mut Stages) -> bool {
    if stages.saving.takes_next_alone() {
        return true;
    }
    dividing::divide_rate_async(stages).await;
    // If the values were taken only to ask, the time for that counts as time for asking.
    let due = stages.control.requests().take_due().filter(|_| !stages.saving.is_due());
    if let Some(source) = stages.control.requests().source() {
        let began = due.unwrap_or_else(Instant::now);
        stages.progress.waits_at_head(true);
        let answer = if stages.saving.is_stored() {
            stages.saving.with_store(move |store| source.ask(store)).await.unwrap_or(Ok(None))
        } else {
            stages.on_thread(move || source.ask_beside()).await
        };
        stages.progress.waits_at_head(false);
        stages.control.requests().answered(began, answer);
    }
    saves(stages)
}

fn saves(stages: &Stages) -> bool {
    stages.saving.is_due()
        || stages.saving.takes_next()
        || stages.control.saves_for_request()
        || stages.commit.is_in_doubt()
}

/// Ends the run if it is to stop, else does what a request asks of the run.
pub(super) fn obey(stages: &mut Stages) -> Result<(), Error> {
    stages.check_stop()?;
    apply_request(stages)
}

/// Does what a request asks of the run, which has saved what is complete: waits, or ends the run.
pub(super) fn apply_request(stages: &mut Stages) -> Result<(), Error> {
    while let Some(pause) = next_pause(stages)? {
        thread::sleep(pause);
        stages.observer.waits();
        poll_requests(stages);
    }
    Ok(())
}

/// Does what a request asks of the run without blocking: see [`apply_request`].
pub(super) async fn apply_request_async(stages: &mut Stages) -> Result<(), Error> {
    while let Some(pause) = next_pause(stages)? {
        stages.sleep(pause).await;
        stages.observer.waits();
        poll_requests_async(stages).await;
    }
    Ok(())
}

/// Returns how long to wait before polling again; `None` to go on.
fn next_pause(stages: &mut Stages) -> Result<Option<Duration>, Error> {
    if stages.control.is_late() {
        stages.check_stop()?;
    }
    match stages.control.apply_request() {
        Applied::Pause { pause, is_new } => {
            if is_new {
                stages.observer.events().paused();
            }
            stages.check_stop().map(|()| Some(pause))
        }
        Applied::Stop(reason) => Err(stages.stop(reason)),
        Applied::GoOn { was_paused } => {
            if was_paused {
                stages.observer.events().goes_on();
            }
            Ok(None)
        }
    }
}
