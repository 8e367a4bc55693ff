//! `safe-state import`: puts a job's checkpoint into a backend.

use std::path::{Path, PathBuf};

use clap::Args;
use safe_state_backends::{Checkpoint, read_named, read_stdin};
use safe_state_base::stored;
use serde::Serialize;

use super::escape;
use super::exit::{Code, Failed};
use super::place::Place;
use super::screen::{Screen, Shown, items};

/// Puts the checkpoint in a file, which `export` wrote or a backend in files, into this backend.
///
/// The job must not be running there.
#[derive(Args, Debug)]
pub(super) struct Import {
    /// The job's name, as the checkpoint has it.
    job: String,
    /// Puts it in as that of another job: a copy.
    #[arg(long = "as", value_name = "NAME")]
    as_job: Option<String>,
    /// The file, or `-` for standard input.
    file: PathBuf,
    /// Replaces the checkpoint that the job has there.
    #[arg(long)]
    overwrite: bool,
}

#[derive(Serialize)]
struct Imported<'a> {
    #[serde(rename = "imported")]
    job: &'a str,
    place: String,
    completed: u64,
}

impl Import {
    pub(super) fn run(&self, place: &Place, screen: &Screen) -> Result<(), Failed> {
        let mut checkpoint = self.checkpoint()?;
        let job = self.as_job.as_ref().unwrap_or(&self.job);
        if self.as_job.is_some() {
            checkpoint = stored::renamed(&checkpoint, job, |_, _| None)?;
        }
        let bytes = checkpoint.encode().map_err(|error| Failed::new(error.to_string()))?;
        let backend = place.backend()?;
        let mut lease = place.lease(job)?;
        if !self.overwrite && lease.load(&*backend, job)?.is_some() {
            return Err(Failed::new(format!(
                "job `{job}` has a checkpoint in `{place}`; look at it, and add --overwrite to lose it"
            )));
        }
        lease.save(&bytes)?;
        drop(lease);
        let place = place.to_string();
        screen.show(&Imported { job, place, completed: checkpoint.completed().len() })
    }

    fn checkpoint(&self) -> Result<Checkpoint, Failed> {
        let bytes = read(&self.file)?;
        let checkpoint = Checkpoint::decode(&bytes).map_err(|error| Failed {
            code: (&error).into(),
            message: format!(
                "`{}` cannot be imported: {error}; `safe-state doctor` tells what can be saved of it",
                self.file.display()
            ),
        })?;
        if checkpoint.job() == self.job {
            return Ok(checkpoint);
        }
        let (file, found) = (self.file.display(), checkpoint.job());
        let message =
            format!("`{file}` is the checkpoint of job `{found}`, and not of `{}`", self.job);
        Err(Failed { code: Code::Foreign, message })
    }
}

/// Reads a file, or standard input for `-`. Returns an error for more bytes than a checkpoint may have.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, Failed> {
    let read = if path == Path::new("-") { read_stdin() } else { read_named(path) };
    read.map_err(|error| Failed::new(format!("cannot read `{}`: {error}", path.display())))
}

impl Shown for Imported<'_> {
    fn text(&self) -> String {
        let Imported { job, place, completed } = self;
        let (job, place) = (escape::line(job), escape::line(place));
        format!("imported job `{job}` into `{place}`: {} complete\n", items(*completed))
    }
}
