//! Settings of a job, as its options have set them.

use std::panic::Location;
use std::time::Duration;

use super::arguments::Arguments;
use super::migrations::Migrations;
use super::shared::SharedTerms;
use crate::items::terms::OnChange;
use crate::save::schedule::SaveEvery;

/// The settings of a job's saves and of what is kept at its end.
#[derive(Clone, Default)]
pub(crate) struct Saves {
    pub(crate) every: SaveEvery,
    pub(crate) keep_on_success: bool,
    pub(crate) page: bool,
    /// Whether each item is timed.
    pub(crate) timings: bool,
    pub(crate) kept: Kept,
    /// The terms of a job whose loops many workers share.
    pub(crate) shared: Option<SharedTerms>,
}

/// The settings of what is kept of finished runs, and for how long.
#[derive(Clone, Copy, Default)]
pub(crate) struct Kept {
    /// The number of runs that are remembered once the job has finished and its checkpoint is removed.
    pub(crate) history: u32,
    /// The time for which a finished checkpoint stays valid.
    pub(crate) expires_after: Option<Duration>,
}

/// The origin of a job's name: whether it is the same in each process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum NameOrigin {
    #[default]
    Unknown,
    /// The name is the same in each process: a digit in it tells no tasks apart.
    Fixed,
    /// The name is made as the program runs.
    Made,
}

/// The settings of whether and how a run begins.
#[derive(Clone, Copy, Default)]
pub(crate) struct Runs {
    /// Whether the run begins anew, whatever is stored.
    pub(crate) restart: bool,
    /// The most runs that the job may have before it has finished.
    pub(crate) max: Option<u32>,
    /// The origin of the name that the runs share.
    pub(crate) name: NameOrigin,
    /// How many of its loops know items by key, where the code tells.
    pub(crate) keyed_loops: u32,
}

/// The code that does the work, and what to do if the run before had another one.
#[derive(Clone)]
pub(crate) struct Code {
    /// A fingerprint of the function's text.
    pub(crate) fingerprint: Option<u64>,
    pub(crate) on_change: OnChange,
    /// The function's path, if no other function may go on with the job.
    pub(crate) function: Option<String>,
    /// The function's place in the source, if the job has the function's default name.
    pub(crate) place: Option<&'static Location<'static>>,
}

impl Default for Code {
    fn default() -> Self {
        Code { fingerprint: None, on_change: OnChange::Continue, function: None, place: None }
    }
}

impl Code {
    /// Returns a checksum of the function's path within its crate, which the checkpoint keeps. Two programs may have the function
    /// in a module of their own, and a crate may be renamed.
    pub(crate) fn function_mark(&self) -> Option<u32> {
        let within =
            |path: &String| path.split_once("::").map_or(path.clone(), |(_, rest)| rest.to_owned());
        self.function.as_ref().map(within).map(|path| crc32fast::hash(path.as_bytes()))
    }
}

/// The expected properties of the run before, and what to do if they differ.
#[derive(Clone)]
pub(crate) struct Expected {
    pub(crate) version: Option<String>,
    pub(crate) code: Code,
    /// The function's arguments that belong to the job.
    pub(crate) arguments: Arguments,
    /// The variables that are saved with the progress, if the code tells them.
    pub(crate) carries: Option<&'static [&'static str]>,
    pub(crate) on_input_change: OnChange,
    pub(crate) runs: Runs,
    pub(crate) migrations: Migrations,
}

impl Default for Expected {
    fn default() -> Self {
        Expected {
            version: None,
            code: Code::default(),
            arguments: Arguments::default(),
            carries: None,
            on_input_change: OnChange::Fail,
            runs: Runs::default(),
            migrations: Migrations::default(),
        }
    }
}
