//! The handles of a run: they are rebuilt where it begins, and saved with its progress.

use std::fs::File;

use safe_state_backends::format::Change;

use super::stages::Stages;
use crate::Error;
use crate::effects::reconnect::file::anew::made_since;
use crate::effects::reconnect::means::Means;
use crate::effects::reconnect::{ReconnectError, When};
use crate::progress::values::Place;
use crate::save::Write;

/// Returns the handle that a variable had, rebuilt; `None` on a fresh start.
pub(super) fn reconnect<T>(
    stages: &mut Stages,
    name: &str,
    place: Place,
    means: &Means<T>,
) -> Result<Option<T>, Error> {
    stages.values(|mut values| values.have_handles());
    stages
        .handles
        .prepare(stages.observer.job(), means, &stages.saving)?
        .map_err(|error| failed(stages, name, error, When::Begun))?;
    let bytes = stages.values(|mut values| values.restore_bytes::<T>(name, place))?;
    let Some(bytes) = bytes else { return Ok(None) };
    let accepts = stages.session.terms.accepts;
    let of = (stages.observer.job(), accepts);
    let (rebuilt, accepted) = stages.handles.rebuild(of, name, &bytes, means);
    for what in accepted {
        stages.observer.events().accepted(&what);
    }
    match rebuilt {
        // While nothing is complete, a new handle serves as well as the rebuilt one.
        Err(error)
            if error.is_absence()
                && stages.values(|values| values.is_nothing_complete(name, place)) =>
        {
            Ok(None)
        }
        rebuilt => rebuilt.map(Some).map_err(|error| failed(stages, name, error, When::Rebuilt)),
    }
}

/// Checks on a fresh start that a handle can be described. A handle that writes a file is saved at once; otherwise a
/// resumed run could not remove what a failed item wrote.
pub(super) fn check<T>(
    stages: &mut Stages,
    name: &str,
    depth: usize,
    handle: &mut T,
    means: &Means<T>,
) -> Result<(), Error> {
    let is_stored = stages.saving.is_stored();
    let bytes = stages
        .handles
        .describe(stages.observer.job(), name, handle, means, is_stored)
        .map_err(|error| failed(stages, name, error, When::Begun))?;
    if !is_stored || !stages.handles.write_files_by(name) {
        return Ok(());
    }
    let change = stages.values(|mut values| {
        values.set(name, None);
        values.handle_change::<T>(name, depth, bytes)
    });
    let change = Change { carried: change.into_iter().collect(), ..Change::default() };
    if change == Change::default() { Ok(()) } else { stages.write(Write::Save(change.into())) }
}

/// Takes what a handle is rebuilt from into the next save.
pub(super) fn extract<T>(
    stages: &mut Stages,
    name: &str,
    depth: usize,
    handle: &mut T,
    means: &Means<T>,
) -> Result<(), Error> {
    if !stages.saving.is_stored() {
        return Ok(());
    }
    let bytes = stages
        .handles
        .describe(stages.observer.job(), name, handle, means, true)
        .map_err(|error| failed(stages, name, error, When::Saved))?;
    stages.values(|mut values| {
        let change = values.handle_change::<T>(name, depth, bytes);
        values.set(name, change);
    });
    Ok(())
}

/// Takes what a handle is rebuilt from into the save of the step that has written through it: a resumed run does not
/// evaluate the step again, and must not cut off what it wrote.
pub(super) fn written_by_step<T>(
    stages: &mut Stages,
    name: &str,
    handle: &mut T,
    means: &Means<T>,
) -> Result<(), Error> {
    if !stages.saving.is_stored() {
        return Ok(());
    }
    let bytes = stages
        .handles
        .describe(stages.observer.job(), name, handle, means, true)
        .map_err(|error| failed(stages, name, error, When::Saved))?;
    stages.values(|mut values| values.written_by_step::<T>(name, bytes))
}

/// Refuses to go on where complete items wrote a file that has been made anew since they were saved.
pub(super) fn check_written(
    stages: &mut Stages,
    name: &str,
    loop_id: u16,
    file: Option<&File>,
) -> Result<(), Error> {
    let Some((file, saved)) = file.zip(stages.session.saved_at) else { return Ok(()) };
    let completed = stages.with_stored(|_, stored| stored.completed_from(loop_id));
    if completed == 0 || stages.session.terms.accepts {
        return Ok(());
    }
    match made_since(file, saved) {
        Some(path) => Err(Error::MadeAnew {
            job: stages.observer.job().to_owned(),
            name: name.to_owned(),
            path,
        }),
        None => Ok(()),
    }
}

fn failed(stages: &Stages, name: &str, error: ReconnectError, when: When) -> Error {
    let job = stages.observer.job().to_owned();
    Error::Reconnect { job, name: name.to_owned(), source: error.when(when) }
}
