//! `safe-state export`: writes a job's checkpoint to a file.

use std::io;
use std::path::{Path, PathBuf};

use clap::Args;
use safe_state_backends::{Checkpoint, NotByHand, write_named, write_named_once};
use serde::Serialize;

use super::escape;
use super::exit::{Code, Failed};
use super::place::Place;
use super::screen::{self, Screen, Shown};
use safe_state_base::error::one_line;

/// Writes the checkpoint of a job to a file, for `import` to put into another backend.
#[derive(Args, Debug)]
pub(super) struct Export {
    /// The job's name.
    job: String,
    /// The file, or `-` for standard output.
    file: PathBuf,
    /// Also while the job runs: writes its last save. A run from this file repeats what the job does after that.
    #[arg(long)]
    running: bool,
    /// Replaces the file, if there is one.
    #[arg(long)]
    overwrite: bool,
}

#[derive(Serialize)]
struct Exported<'a> {
    #[serde(rename = "exported")]
    job: &'a str,
    file: String,
    bytes: usize,
}

impl Export {
    pub(super) fn run(&self, place: &Place, screen: &Screen) -> Result<(), Failed> {
        let backend = place.backend()?;
        let checkpoint = if self.running {
            place.look(&self.job)?.checkpoint
        } else {
            if !backend.exists(&self.job)? {
                return Err(place.no_such(&self.job));
            }
            let mut lease = place.lease(&self.job).map_err(|failed| match failed.code {
                Code::Running => Failed {
                    message: format!(
                        "{}; or add --running to export its last save",
                        failed.message
                    ),
                    ..failed
                },
                _ => failed,
            })?;
            let checkpoint = Checkpoint::load_held(&mut *lease, &*backend, &self.job)?;
            drop(lease);
            checkpoint.ok_or_else(|| place.no_such(&self.job))?
        };
        if checkpoint.has_slices() {
            let (job, reason) = (&self.job, NotByHand::Shared);
            return Err(Failed::new(format!("job `{job}` cannot be exported: {reason}")));
        }
        let bytes = checkpoint.encode().map_err(|error| Failed::new(error.to_string()))?;
        if self.file == Path::new("-") {
            return screen::print_raw(&bytes);
        }
        if self.overwrite {
            write(&self.file, &bytes)?;
        } else {
            write_new(&self.file, &bytes, "name another, or add --overwrite")?;
        }
        let file = self.file.display().to_string();
        screen.show(&Exported { job: &self.job, file, bytes: bytes.len() })
    }
}

/// Writes a file that only its owner can read, whole or not at all. An existing file is replaced.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), Failed> {
    write_named(path, bytes).map_err(|error| unwritten(path, &error))
}

/// Writes a new file that only its owner can read, whole or not at all. If the file exists, the error contains
/// `advice`.
pub(super) fn write_new(path: &Path, bytes: &[u8], advice: &str) -> Result<(), Failed> {
    if write_named_once(path, bytes).map_err(|error| unwritten(path, &error))? {
        return Ok(());
    }
    Err(Failed::new(format!("there is a file `{}` already; {advice}", path.display())))
}

pub(super) fn unwritten(path: &Path, error: &io::Error) -> Failed {
    Failed::new(format!("cannot write `{}`: {}", path.display(), one_line(error)))
}

impl Shown for Exported<'_> {
    fn text(&self) -> String {
        let Exported { job, file, bytes } = self;
        format!("exported job `{}` to `{}`, {bytes} bytes\n", escape::line(job), escape::line(file))
    }
}
