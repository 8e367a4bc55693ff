//! What was stored of all jobs at one instant, to look at many without a connection for each.

use std::collections::BTreeMap;

use super::{Connect, Listed, NetworkBackend};
use crate::{Backend, Error, Holder, name};

/// A store as it was. What is large is loaded from the store when it is asked for.
pub(super) struct Overview<C> {
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
        let mut jobs = Vec::new();
        for (key, listed) in &self.stored {
            // A name that is a hash stands in its checkpoint, which who looks needs anyway.
            let load = || match &listed.checkpoint {
                Some(bytes) => Ok(Some(bytes.clone())),
                None => self.store.load_key(key),
            };
            jobs.extend(name::job(key, load)?);
        }
        jobs.sort_unstable();
        Ok(jobs)
    }

    fn holder(&self, job: &str) -> Result<Option<Holder>, Error> {
        let listed = self.at(job);
        if listed.is_some_and(|listed| listed.checkpoint.is_none()) {
            // Its checkpoint is read later, and both have to be of one time.
            return self.store.holder(job);
        }
        let line = listed.and_then(|listed| listed.holder.as_deref());
        Ok(line.and_then(Holder::from_line).filter(|holder| !holder.has_ended()))
    }

    fn page_place(&self) -> Option<String> {
        self.store.page_place()
    }
}
