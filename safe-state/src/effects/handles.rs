//! The handles that a run opens again on resume, and saves with its progress.

use std::sync::Arc;

use super::reconnect::means::Means;
use super::reconnect::outputs::Outputs;
use super::reconnect::seal::Key;
use super::reconnect::{ReconnectError, ReconnectRegistry};
use crate::Error;
use crate::save::Saving;

/// The tools by which a run describes its handles and rebuilds them.
#[derive(Debug)]
pub(crate) struct Handles {
    registry: ReconnectRegistry,
    /// The key that seals saved handles, so that they are known to be this store's; none until a handle is prepared.
    key: Option<Key>,
    /// The files that the run writes through handles.
    outputs: Outputs,
    /// Whether saved data has to survive a loss of power.
    syncs: bool,
}

impl Handles {
    pub(crate) fn new(registry: ReconnectRegistry, syncs: bool) -> Self {
        Handles { registry, key: None, outputs: Outputs::default(), syncs }
    }

    /// Returns whether data written through a handle is synced whenever the handle is described.
    pub(crate) fn are_synced(&self) -> bool {
        self.syncs
    }

    /// Checks that handles of this kind can be rebuilt. Fetches the secret key that seals them, if the run has a store.
    pub(crate) fn prepare<T>(
        &mut self,
        job: &str,
        means: &Means<T>,
        saving: &Saving,
    ) -> Result<Result<(), ReconnectError>, Error> {
        if let Err(error) = (means.check)(&self.registry) {
            return Ok(Err(error));
        }
        let backend = saving.store().map(|store| Arc::clone(store.backend()));
        if let (None, Some(backend)) = (&self.key, backend) {
            let key = Key::of(&backend)?;
            let mut has_finished = false;
            if let Some(mut store) = saving.store() {
                key.stay_beside(&mut store);
                has_finished = store.checkpoint().first_finished_at().is_some();
            }
            let moved = key.moved(&*backend);
            self.key = Some(key);
            self.outputs = Outputs::of((backend, job), has_finished, moved);
        }
        Ok(Ok(()))
    }

    /// Rebuilds the handle of the variable `name` from its saved bytes. If `accepts`, what the handle is for may have changed
    /// since; the second value says of what it was taken as it is.
    pub(crate) fn rebuild<T>(
        &mut self,
        (job, accepts): (&str, bool),
        name: &str,
        bytes: &[u8],
        means: &Means<T>,
    ) -> (Result<T, ReconnectError>, Vec<String>) {
        let registry = &self.registry;
        let (bytes, is_known) = match &self.key {
            Some(key) => key.opened(job, name, bytes),
            None => (bytes, true),
        };
        self.outputs.accept(accepts);
        let rebuilt = self.outputs.within(name, || (means.reconnect)(bytes, is_known, registry));
        (rebuilt, self.outputs.accept(false))
    }

    /// Returns the bytes that the handle is rebuilt from, after data written through it is safe.
    pub(crate) fn describe<T>(
        &mut self,
        job: &str,
        name: &str,
        handle: &mut T,
        means: &Means<T>,
        is_stored: bool,
    ) -> Result<Vec<u8>, ReconnectError> {
        let (registry, syncs) = (&self.registry, self.syncs && is_stored);
        let bytes = self.outputs.within(name, || {
            let bytes = (means.extract)(handle, registry)?;
            if syncs { (means.sync)(handle, registry).map(|()| bytes) } else { Ok(bytes) }
        })?;
        self.outputs.release_others();
        Ok(match &self.key {
            Some(key) => key.sealed(job, name, bytes),
            None => bytes,
        })
    }

    /// Returns whether the variable `name` writes a file.
    pub(crate) fn write_files_by(&self, name: &str) -> bool {
        self.outputs.are_written_by(name)
    }

    /// Takes the files that the run writes, so that they are released once the job is finished.
    pub(crate) fn take_outputs(&mut self) -> Outputs {
        std::mem::take(&mut self.outputs)
    }
}
