//! A copy of what was stored of all jobs at one instant, which spares a connection for each job.

use std::collections::BTreeMap;

use super::{Connect, Listed, NetworkBackend};
use safe_state_backends::name;
use safe_state_backends::{Backend, Error, Holder, Listing};

/// The stored jobs as of one instant. Large checkpoints are loaded from the store when they are asked for.
pub(super) struct Overview<C: Connect> {
    store: NetworkBackend<C>,
    stored: BTreeMap<String, Listed>,
}

impl<C: Connect> Overview<C> {
    pub(super) fn of(store: NetworkBackend<C>, listed: Vec<Listed>) -> Self {
        let stored = listed.into_iter().map(|listed| (listed.key.clone(), listed)).collect();
        Overview { store, stored }
    }

    fn at(&self, job: &str) -> Option<&Listed> {
        self.stored.get(&name::encode(job))
    }
}

impl<C: Connect> Backend for Overview<C> {
    fn load(&self, job: &str) -> Result<Option<Vec<u8>>, Error> {
        match self.at(job) {
            None => Ok(None),
            Some(Listed { checkpoint: Some(bytes), .. }) => Ok(Some(bytes.clone())),
            Some(Listed { checkpoint: None, .. }) => self.store.load(job),
        }
    }

    fn save(&self, _: &str, _: &[u8]) -> Result<(), Error> {
        Err(Error::Unsupported("save what it was"))
    }

    fn delete(&self, _: &str) -> Result<(), Error> {
        Err(Error::Unsupported("delete what it was"))
    }

    fn exists(&self, job: &str) -> Result<bool, Error> {
        Ok(self.at(job).is_some())
    }

    fn list(&self) -> Result<Vec<String>, Error> {
        Ok(self.listing()?.jobs)
    }

    fn listing(&self) -> Result<Listing, Error> {
        let load = |key: &str| match self.stored.get(key) {
            Some(Listed { checkpoint: Some(bytes), .. }) => Ok(Some(bytes.clone())),
            _ => self.store.load_key(key),
        };
        Listing::of(self.stored.keys().map(String::as_str), load)
    }

    fn holder(&self, job: &str) -> Result<Option<Holder>, Error> {
        let listed = self.at(job);
        if listed.is_some_and(|listed| listed.checkpoint.is_none()) {
            // The checkpoint is read later, and the holder has to be of the same time.
            return self.store.holder(job);
        }
        let line = listed.and_then(|listed| listed.holder.as_deref());
        Ok(line.and_then(Holder::from_line).filter(|holder| !holder.has_ended()))
    }

    fn store_name(&self) -> Option<String> {
        self.store.store_name()
    }

    fn page_place(&self) -> Option<String> {
        self.store.page_place()
    }
}
