//! The companion of an annotated function whose job is always the same: a type with the function's name, whose
//! functions work on the job.

use std::convert::Infallible;
use std::marker::PhantomData;
use std::path::PathBuf;

use safe_state_backends::Checkpoint;

use crate::{Error, Job};

/// A type that stands for a function, and makes its job.
pub trait OfJob {
    /// Returns the job, as the attribute's options describe it.
    fn job() -> Job;
}

/// The companion of a function; `J` makes its job. It has no values.
#[derive(Debug)]
pub struct Companion<J>(Infallible, PhantomData<J>);

impl<J: OfJob> Companion<J> {
    /// Returns the job's name; see [`Job::job_name`].
    pub fn job_name() -> String {
        J::job().job_name().to_owned()
    }

    /// Returns the job's stored checkpoint, if any; see [`Job::peek_checkpoint`].
    ///
    /// # Errors
    ///
    /// The same errors as [`Job::peek_checkpoint`].
    pub fn peek_checkpoint() -> Result<Option<Checkpoint>, Error> {
        J::job().peek_checkpoint()
    }

    /// Has the job's dead letters tried again, and returns how many they are; see [`Job::retry_dead_letters`].
    ///
    /// # Errors
    ///
    /// The same errors as [`Job::retry_dead_letters`].
    pub fn retry_dead_letters() -> Result<usize, Error> {
        J::job().retry_dead_letters()
    }

    /// Removes the job's checkpoint; see [`Job::clear_checkpoint`].
    ///
    /// # Errors
    ///
    /// The same errors as [`Job::clear_checkpoint`].
    pub fn clear_checkpoint() -> Result<(), Error> {
        J::job().clear_checkpoint()
    }

    /// Returns the path of the job's checkpoint, if it is a file; see [`Job::checkpoint_path`].
    pub fn checkpoint_path() -> Option<PathBuf> {
        J::job().checkpoint_path()
    }
}
