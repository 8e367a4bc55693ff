//! Whether and how a run continues what is stored.

use std::sync::Arc;

use safe_state_backends::format::Change;
use safe_state_backends::{Checkpoint, Request, RunEnd, Store};

use crate::control::limits;
use crate::control::requests::Source;
use crate::observe::events::Events;
use crate::run::replay::{self, Replay};
use crate::{Error, Job};

/// What to do when something is not what the checkpoint saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnChange {
    /// The run does not begin, and says what has changed.
    Fail,
    /// The run starts over; what was stored is lost.
    Restart,
    /// The run goes on, with a `tracing` warning.
    Continue,
}

/// A run that has begun.
pub(crate) struct Begun {
    pub(crate) store: Store,
    /// Whether the run before had finished the job.
    pub(crate) was_finished: bool,
    /// Whether it died.
    pub(crate) has_crashed: bool,
    /// Whether it goes on with what the run before was refused for.
    pub(crate) accepts: bool,
    /// Where requests to the run are, and what is asked of it now.
    pub(crate) source: Source,
    pub(crate) asked: Option<Request>,
    pub(crate) replay: Replay,
}

/// A run that has begun, for a future that may be dropped before it takes it: it ends then, so that it is not
/// taken for one that died.
pub(crate) struct Unclaimed(Option<Begun>);

impl Unclaimed {
    pub(crate) fn new(begun: Begun) -> Self {
        Unclaimed(Some(begun))
    }

    pub(crate) fn claim(mut self) -> Begun {
        self.0.take().expect("it is claimed once")
    }
}

impl Drop for Unclaimed {
    fn drop(&mut self) {
        if let Some(Begun { store, .. }) = &mut self.0 {
            let end = Some(RunEnd::Stopped);
            if let Err(error) = store.save(Change { end, ..Change::default() }) {
                tracing::error!(target: "safe_state", %error, "not saved");
            }
        }
    }
}

/// Takes the lease, loads and verifies what is stored, and saves that a run has begun.
pub(crate) fn begin(job: &Job) -> Result<Begun, Error> {
    if let Some(index) = replay::asked(job)? {
        return replay::begin(job, index);
    }
    let source = Source::of(job)?;
    let opening = Store::open(Arc::clone(&source.backend), &source.job, job.lease_options())?;
    let was_finished = opening.found().is_some_and(Checkpoint::is_finished);
    let has_crashed = opening.found().is_some_and(Checkpoint::is_open);
    let accepts = source.accepts()?;
    let checkpoint = match opening.found() {
        Some(found) => continued(job, found.clone(), accepts)?,
        None => None,
    };
    let mut checkpoint =
        checkpoint.unwrap_or_else(|| Checkpoint::new(job.job_name(), job.version.clone()));
    checkpoint.set_code(job.code);
    checkpoint.set_arguments(job.arguments.iter().cloned());
    let (asked, replay) = (source.begin()?, Replay::No);
    let store = opening.begin(checkpoint)?;
    if accepts {
        // Where that fails, the next run accepts the same once more.
        let _ = source.has_accepted();
    }
    Ok(Begun { store, was_finished, has_crashed, accepts, source, asked, replay })
}

/// The state to go on from; none to start over.
fn continued(
    job: &Job,
    mut checkpoint: Checkpoint,
    accepts: bool,
) -> Result<Option<Checkpoint>, Error> {
    let events = Events::new(job.job_name(), job.verbose);
    let name = || job.job_name().to_owned();
    let stored = checkpoint.set_version(job.version.clone());
    if stored != job.version {
        if !accepts {
            let current = job.version.clone();
            return Err(Error::VersionChanged { job: name(), stored, current });
        }
        events.accepted("another version");
    }
    if let Some(argument) = checkpoint.set_arguments(job.arguments.iter().cloned()) {
        // Nothing was done with the other one that could be kept.
        if !checkpoint.has_progress() {
            return Ok(None);
        }
        if !accepts {
            return Err(Error::ArgumentChanged { job: name(), argument });
        }
        events.accepted(&format!("another value of `{argument}`"));
    }
    if accepts {
        checkpoint.forget_marks();
        events.accepted("any input");
    }
    let is_changed = checkpoint.set_code(job.code);
    // Kept, a value would be restored with later progress if the variable were carried again.
    let forgotten = checkpoint.forget_carried(|name| job.has_forgotten(name));
    if is_changed || !forgotten.is_empty() {
        match job.on_code_change {
            OnChange::Fail if accepts => events.accepted("other code"),
            OnChange::Fail => return Err(Error::CodeChanged { job: name() }),
            OnChange::Restart => return Ok(None),
            OnChange::Continue => say_changed(&events, is_changed, &forgotten),
        }
    }
    checkpoint.begin_run(limits::died_of());
    Ok(Some(checkpoint))
}

fn say_changed(events: &Events, is_changed: bool, forgotten: &[String]) {
    if is_changed {
        events.code_changed();
    }
    for variable in forgotten {
        events.no_longer_carried(variable);
    }
}

impl Job {
    /// Whether the checkpoint holds a value that the code has no variable for any more.
    fn has_forgotten(&self, name: &str) -> bool {
        self.carries.is_some_and(|carried| !carried.contains(&name))
    }
}
