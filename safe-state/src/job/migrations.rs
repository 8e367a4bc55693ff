//! What a job is told of older versions of itself, whose values become those of this one.

use std::sync::Arc;

use safe_state_backends::{CarriedError, Carry, Checkpoint};

use crate::Error;

/// The older versions that a job takes over, from the oldest.
#[derive(Clone, Default)]
pub(crate) struct Migrations(Vec<Migration>);

/// What leads from a version to the next one.
#[derive(Clone)]
struct Migration {
    from: Option<String>,
    values: Vec<ValueOf>,
}

/// Makes another value of what is stored of a variable or a step.
type ValueOf = Arc<dyn Fn(&mut Checkpoint) -> Result<(), CarriedError> + Send + Sync>;

impl Migrations {
    /// Takes over checkpoints of that version too, which leads to the one that is named next, or to that of the job.
    pub(super) fn begin(&mut self, from: Option<String>) {
        if self.0.last().is_none_or(|last| last.from != from) {
            self.0.push(Migration { from, values: Vec::new() });
        }
    }

    /// Makes what is stored under `name` in the version named last into what it is in the next one.
    pub(super) fn add<Old: Carry, New: Carry>(
        &mut self,
        name: String,
        with: impl Fn(Old) -> New + Send + Sync + 'static,
    ) {
        if let Some(last) = self.0.last_mut() {
            last.values.push(Arc::new(move |checkpoint| checkpoint.migrate(&name, &with)));
        }
    }

    /// Makes what is stored in a version into what it is in this one. Returns whether that version is known.
    pub(crate) fn apply(
        &self,
        job: &str,
        stored: Option<&str>,
        checkpoint: &mut Checkpoint,
    ) -> Result<bool, Error> {
        let Some(first) = self.0.iter().position(|it| it.from.as_deref() == stored) else {
            return Ok(false);
        };
        for migration in self.0.iter().skip(first) {
            for value in &migration.values {
                value(checkpoint).map_err(|carried| Error::NotMigrated {
                    job: job.to_owned(),
                    from: migration.from.clone(),
                    carried: Box::new(carried),
                })?;
            }
        }
        Ok(true)
    }
}
