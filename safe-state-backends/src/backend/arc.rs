//! A backend that is shared by its users.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use super::{Appended, Backend, Lease, LeaseOptions, Listing};
use crate::{Error, Holder};

/// An [`Arc`] of a backend passes every call on to the backend.
impl<B: Backend + ?Sized> Backend for Arc<B> {
    fn load(&self, job: &str) -> Result<Option<Vec<u8>>, Error> {
        (**self).load(job)
    }

    fn save(&self, job: &str, checkpoint: &[u8]) -> Result<(), Error> {
        (**self).save(job, checkpoint)
    }

    fn delete(&self, job: &str) -> Result<(), Error> {
        (**self).delete(job)
    }

    fn exists(&self, job: &str) -> Result<bool, Error> {
        (**self).exists(job)
    }

    fn append(&self, job: &str, record: &[u8]) -> Result<Appended, Error> {
        (**self).append(job, record)
    }

    fn lease(self: Arc<Self>, job: &str, options: LeaseOptions) -> Result<Box<dyn Lease>, Error> {
        Arc::clone(&*self).lease(job, options)
    }

    fn list(&self) -> Result<Vec<String>, Error> {
        (**self).list()
    }

    fn listing(&self) -> Result<Listing, Error> {
        (**self).listing()
    }

    fn overview(&self) -> Result<Option<Box<dyn Backend>>, Error> {
        (**self).overview()
    }

    fn stored_under(&self, names: &[String]) -> Result<Option<BTreeSet<String>>, Error> {
        (**self).stored_under(names)
    }

    fn holder(&self, job: &str) -> Result<Option<Holder>, Error> {
        (**self).holder(job)
    }

    fn path(&self, job: &str) -> Option<PathBuf> {
        (**self).path(job)
    }

    fn store_name(&self) -> Option<String> {
        (**self).store_name()
    }

    fn page_place(&self) -> Option<String> {
        (**self).page_place()
    }
}
