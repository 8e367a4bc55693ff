//! The handles that a run rebuilds, and saves with its progress.

use std::sync::Arc;

use safe_state_backends::CarriedChange;
use safe_state_backends::format::Change;

use crate::Error;
use crate::effects::reconnect::means::Means;
use crate::effects::reconnect::outputs::Outputs;
use crate::effects::reconnect::seal::Key;
use crate::effects::reconnect::{ReconnectError, When};
use crate::progress::values::Place;
use crate::run::{Run, Write};

impl Run {
    /// The handle that a variable was, rebuilt; none on a fresh start.
    ///
    /// # Errors
    ///
    /// It cannot be rebuilt; on a fresh start, it could not be later.
    pub fn reconnect<T>(
        &mut self,
        name: &str,
        place: Place,
        means: &Means<T>,
    ) -> Result<Option<T>, Error> {
        self.position.rest.has_handles = true;
        let told =
            |run: &Run, error: ReconnectError, when| run.reconnect_error(name, error.when(when));
        (means.check)(&self.registry).map_err(|error| told(self, error, When::Begun))?;
        let key = self.key()?;
        let Some(bytes) = self.restore_bytes::<T>(name, place)? else { return Ok(None) };
        let (bytes, is_known) = match &key {
            Some(key) => key.opened(self.events.job(), name, &bytes),
            None => (&*bytes, true),
        };
        let registry = &self.registry;
        let rebuilt = self.outputs.within(name, || (means.reconnect)(bytes, is_known, registry));
        match rebuilt {
            // Before anything is complete, a new handle is as good.
            Err(error) if error.is_absence() && self.is_nothing_complete(place) => Ok(None),
            rebuilt => rebuilt.map(Some).map_err(|error| told(self, error, When::Rebuilt)),
        }
    }

    fn is_nothing_complete(&self, (depth, first_loop): Place) -> bool {
        let completed =
            self.store().map_or(0, |store| store.checkpoint().completed_from(first_loop));
        depth == 0 && completed == 0
    }

    /// Sees that a handle can be described, on a fresh start. One that writes a file is saved at once: else what
    /// an item wrote before it failed would stay.
    ///
    /// # Errors
    ///
    /// The handle is one that can't be rebuilt, or it can't be saved.
    pub fn check<T>(
        &mut self,
        name: &str,
        depth: usize,
        handle: &mut T,
        means: &Means<T>,
    ) -> Result<(), Error> {
        let bytes = self
            .described(name, handle, means)
            .map_err(|error| self.reconnect_error(name, error.when(When::Begun)))?;
        if self.owner.is_none() || !self.outputs.are_written_by(name) {
            return Ok(());
        }
        let change = self.handle_change::<T>(name, depth, bytes);
        self.position.carried.retain(|earlier| earlier.name != name);
        let change = Change { carried: change.into_iter().collect(), ..Change::default() };
        if change == Change::default() { Ok(()) } else { self.write(Write::Save(change.into())) }
    }

    /// The secret of the store, while this run has one.
    fn key(&mut self) -> Result<Option<Key>, Error> {
        let backend = self.store().map(|store| Arc::clone(store.backend()));
        if let (None, Some(backend)) = (&self.key, backend) {
            let key = Key::of(&backend)?;
            if let Some(mut store) = self.store() {
                key.stay_beside(&mut store);
            }
            self.key = Some(key);
            self.outputs = Outputs::of(backend, self.events.job());
        }
        Ok(self.key.clone())
    }

    /// Takes what a handle is rebuilt from into the next save.
    ///
    /// # Errors
    ///
    /// The handle is one that can't be rebuilt, or has failed.
    pub fn extract<T>(
        &mut self,
        name: &str,
        depth: usize,
        handle: &mut T,
        means: &Means<T>,
    ) -> Result<(), Error> {
        if self.owner.is_none() {
            return Ok(());
        }
        let bytes = self
            .described(name, handle, means)
            .map_err(|error| self.reconnect_error(name, error.when(When::Saved)))?;
        let change = self.handle_change::<T>(name, depth, bytes);
        self.position.carried.retain(|earlier| earlier.name != name);
        self.position.carried.extend(change);
        Ok(())
    }

    /// What a handle is rebuilt from, once what was written through it is safe.
    fn described<T>(
        &mut self,
        name: &str,
        handle: &mut T,
        means: &Means<T>,
    ) -> Result<Vec<u8>, ReconnectError> {
        let (registry, syncs) = (&self.registry, self.syncs && self.owner.is_some());
        let described = self.outputs.within(name, || {
            let bytes = (means.extract)(handle, registry)?;
            if syncs {
                (means.sync)(handle, registry)?;
            }
            Ok(bytes)
        });
        if described.is_ok() {
            self.outputs.release_others();
        }
        described
    }

    /// How that changes what is saved of the variable.
    fn handle_change<T>(&self, name: &str, depth: usize, bytes: Vec<u8>) -> Option<CarriedChange> {
        let bytes = match &self.key {
            Some(key) => key.sealed(self.events.job(), name, bytes),
            None => bytes,
        };
        let within = self.position.within(depth);
        let store = self.store();
        let stored = store.as_ref().and_then(|store| store.checkpoint().carried_value(name));
        CarriedChange::of_bytes::<T>(name, within, bytes, stored)
    }
}
