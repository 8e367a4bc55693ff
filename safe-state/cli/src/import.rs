//! `safe-state import`: puts a job's checkpoint into a backend.

use std::path::{Path, PathBuf};

use clap::Args;
use safe_state_backends::format::FormatError;
use safe_state_backends::{Checkpoint, NotByHand, check_job, read_named, read_stdin};
use safe_state_base::stored;
use serde::Serialize;

use super::escape;
use super::exit::{Code, Failed};
use super::place::Place;
use super::screen::{Screen, Shown, items};

/// Stores a checkpoint from a file in this backend: one that `export` wrote, or the file of a job.
///
/// The job must not be running in this backend.
#[derive(Args, Debug)]
pub(super) struct Import {
    /// The job's name, as the checkpoint has it.
    job: String,
    /// Stores it as a copy, under the name of another job.
    #[arg(long = "as", value_name = "NAME")]
    as_job: Option<String>,
    /// The file, or `-` for standard input.
    file: PathBuf,
    /// Replaces the checkpoint that the job has in this backend.
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
        // One that the doctor has repaired is put back where its slices are.
        if checkpoint.has_slices() && !(self.overwrite && backend.exists(job)?) {
            let reason = NotByHand::Shared;
            return Err(Failed::new(format!("job `{job}` cannot be imported: {reason}")));
        }
        check_job(job)?;
        let mut lease = place.lease(job)?;
        if !self.overwrite && lease.load(&*backend, job)?.is_some() {
            return Err(Failed::new(format!(
                "job `{job}` has a checkpoint in `{place}`; look at it, and add --overwrite to replace it"
            )));
        }
        lease.save(&bytes)?;
        drop(lease);
        let place = place.to_string();
        screen.show(&Imported { job, place, completed: checkpoint.completed().len() })
    }

    fn checkpoint(&self) -> Result<Checkpoint, Failed> {
        let bytes = read(&self.file)?;
        let checkpoint = Checkpoint::decode(&bytes).map_err(|error| {
            let advice = match error {
                FormatError::Damaged { .. } => {
                    "; `safe-state doctor` tells what can be saved of it"
                }
                _ => "",
            };
            let message = format!("`{}` cannot be imported: {error}{advice}", self.file.display());
            Failed { code: (&error).into(), message }
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
