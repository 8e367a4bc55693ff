//! What stands beside an annotated function whose job is always the same: a type by the function's name, whose
//! functions ask after the job.

use std::convert::Infallible;
use std::marker::PhantomData;
use std::path::PathBuf;

use safe_state_backends::Checkpoint;

use crate::{Error, Job};

/// A function's job.
pub trait OfJob {
    /// The job, as the attribute's options describe it.
    fn job() -> Job;
}

/// The companion of a function, by the type that tells its job. There are no values of it.
#[derive(Debug)]
pub struct Companion<J>(Infallible, PhantomData<J>);

impl<J: OfJob> Companion<J> {
    /// See [`Job::job_name`].
    pub fn job_name() -> String {
        J::job().job_name().to_owned()
    }

    /// See [`Job::peek_checkpoint`].
    ///
    /// # Errors
    ///
    /// As that one.
    pub fn peek_checkpoint() -> Result<Option<Checkpoint>, Error> {
        J::job().peek_checkpoint()
    }

    /// See [`Job::retry_dead_letters`].
    ///
    /// # Errors
    ///
    /// As that one.
    pub fn retry_dead_letters() -> Result<usize, Error> {
        J::job().retry_dead_letters()
    }

    /// See [`Job::clear_checkpoint`].
    ///
    /// # Errors
    ///
    /// As that one.
    pub fn clear_checkpoint() -> Result<(), Error> {
        J::job().clear_checkpoint()
    }

    /// See [`Job::checkpoint_path`].
    pub fn checkpoint_path() -> Option<PathBuf> {
        J::job().checkpoint_path()
    }
}
