//! Migrations from older versions of a job: functions that turn stored values into values of the present version.

use std::sync::Arc;

use safe_state_backends::{CarriedError, Carry, Checkpoint};

use crate::Error;

/// The older versions whose checkpoints a job takes over, from the oldest.
#[derive(Clone, Default)]
pub(crate) struct Migrations(Vec<Migration>);

/// The steps from a version to the next one.
#[derive(Clone)]
struct Migration {
    from: Option<String>,
    values: Vec<ValueOf>,
}

/// Replaces the stored value of a variable or a step by a value of the next version.
type ValueOf = Arc<dyn Fn(&mut Checkpoint) -> Result<(), CarriedError> + Send + Sync>;

impl Migrations {
    /// Takes over checkpoints of version `from` too. The next version is the one that is named next, or the job's own.
    pub(super) fn begin(&mut self, from: Option<String>) {
        if self.0.last().is_none_or(|last| last.from != from) {
            self.0.push(Migration { from, values: Vec::new() });
        }
    }

    /// Adds a function that turns the value stored under `name` in the version named last into the value of the next
    /// version.
    pub(super) fn add<Old: Carry, New: Carry>(
        &mut self,
        name: String,
        with: impl Fn(Old) -> New + Send + Sync + 'static,
    ) {
        if let Some(last) = self.0.last_mut() {
            last.values.push(Arc::new(move |checkpoint| checkpoint.migrate(&name, &with)));
        }
    }

    /// Migrates the checkpoint from the version `stored` to the job's own. Returns whether that version is known.
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
