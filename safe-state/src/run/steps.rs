//! Steps: a `step!` is done once in a job, and its value is saved at once.

use safe_state_backends::format::Change;
use safe_state_backends::{CarriedError, Carry, Head};

use super::sharing;
use super::stages::Stages;
use crate::Error;
use crate::control::staged;
use crate::error::StopReason;
use crate::progress::values::step_name;
use crate::save::Write;
use crate::shared::steps::Awaited;

/// Returns the value that the step had in an earlier run, or that another worker gave it.
pub(super) fn remembered<T: Carry>(stages: &mut Stages, step: &str) -> Result<Option<T>, Error> {
    let remembered = remembered_here(stages, step)?;
    let Some(awaited) = awaited(stages, step) else { return Ok(remembered) };
    let head = sharing::await_step(stages, awaited)?;
    in_head(stages, step, head)
}

/// Returns that value without blocking.
pub(super) async fn remembered_async<T: Carry>(
    stages: &mut Stages,
    step: &str,
) -> Result<Option<T>, Error> {
    let remembered = remembered_here(stages, step)?;
    let Some(awaited) = awaited(stages, step) else { return Ok(remembered) };
    let head = sharing::await_step_async(stages, awaited).await?;
    in_head(stages, step, head)
}

/// Returns that value as far as this worker knows it, unless a test ends the run before the step.
fn remembered_here<T: Carry>(stages: &mut Stages, step: &str) -> Result<Option<T>, Error> {
    let remembered = stages.values(|mut values| values.step(step))?;
    if remembered.is_none() && staged::is_at_step(step) {
        return Err(stages.stop(StopReason::Cancelled));
    }
    Ok(remembered)
}

/// Returns the step, if the job is shared and another worker may do the step.
fn awaited(stages: &Stages, step: &str) -> Option<Awaited> {
    let sharing = stages.session.sharing.as_deref()?;
    Some(sharing.steps.reach(step, step_name(step)))
}

fn in_head<T: Carry>(
    stages: &Stages,
    step: &str,
    head: Option<Box<Head>>,
) -> Result<Option<T>, Error> {
    let Some(head) = head else { return Ok(None) };
    let value = head.carried_within(&step_name(step), &[]);
    value.map_err(|carried| carried_error(stages, carried))
}

fn carried_error(stages: &Stages, carried: CarriedError) -> Error {
    Error::Carried { job: stages.observer.job().to_owned(), carried }
}

/// Saves the value of the step. Returns the value that counts: in a shared job, another worker may have done the step
/// meanwhile.
pub(super) fn remember<T: Carry>(stages: &mut Stages, step: &str, value: T) -> Result<T, Error> {
    if stages.session.sharing.is_some() {
        let change = change_of_head(stages, step, &value)?;
        let before = sharing::save_step(stages, &step_name(step), &change)?;
        return Ok(in_head(stages, step, before)?.unwrap_or(value));
    }
    let change = stages.values(|mut values| values.step_change(step, &value))?;
    stages.write(Write::Save(change.into())).map(|()| value)
}

/// Saves the value of the step without blocking.
pub(super) async fn remember_async<T: Carry>(
    stages: &mut Stages,
    step: &str,
    value: T,
) -> Result<T, Error> {
    if stages.session.sharing.is_some() {
        let change = change_of_head(stages, step, &value)?;
        let before = sharing::save_step_async(stages, step_name(step), change).await?;
        return Ok(in_head(stages, step, before)?.unwrap_or(value));
    }
    let change = stages.values(|mut values| values.step_change(step, &value))?;
    stages.write_async(Write::Save(change.into())).await.map(|()| value)
}

/// Returns the change that stores the value in the head of a shared job.
fn change_of_head<T: Carry>(stages: &Stages, step: &str, value: &T) -> Result<Change, Error> {
    let change = value.change(&step_name(step), Vec::new(), None);
    let carried = change.map_err(|carried| carried_error(stages, carried))?;
    Ok(Change { carried: carried.into_iter().collect(), ..Change::default() })
}
