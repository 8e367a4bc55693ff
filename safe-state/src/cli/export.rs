//! `safe-state export`: takes a job's checkpoint out of its backend.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use safe_state_backends::{Checkpoint, publish, publish_once};
use serde::Serialize;

use super::escape;
use super::exit::Failed;
use super::place::Place;
use super::screen::{self, Screen, Shown};

/// Writes the checkpoint of a job to a file, for `import` to put into another backend.
#[derive(Args, Debug)]
pub(super) struct Export {
    /// The job's name.
    job: String,
    /// The file, or `-` for standard output.
    file: PathBuf,
    /// Takes what is saved while the job runs. Put in elsewhere, what it does since is done again.
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
            let lease = place.lease(&self.job)?;
            let checkpoint = Checkpoint::load(&*backend, &self.job)?;
            drop(lease);
            checkpoint.ok_or_else(|| place.no_such(&self.job))?
        };
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

/// Writes a file that its owner alone can read, whole or not at all, over one that is there.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), Failed> {
    publish(path, |file| fill(file, bytes)).map_err(|error| unwritten(path, &error))
}

/// The same, unless there is a file already: that is an error, with what one can do then.
pub(super) fn write_new(path: &Path, bytes: &[u8], advice: &str) -> Result<(), Failed> {
    let written = publish_once(path, |file| fill(file, bytes));
    match written.map_err(|error| unwritten(path, &error))? {
        Some(()) => Ok(()),
        None => Err(Failed::new(format!("there is a file `{}` already; {advice}", path.display()))),
    }
}

fn fill(file: &mut io::BufWriter<&File>, bytes: &[u8]) -> io::Result<()> {
    for_its_owner(file.get_ref())?;
    file.write_all(bytes)
}

pub(super) fn unwritten(path: &Path, error: &io::Error) -> Failed {
    Failed::new(format!("cannot write `{}`: {error}", path.display()))
}

#[cfg(unix)]
fn for_its_owner(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(std::fs::Permissions::from_mode(0o600))
}

#[cfg(not(unix))]
fn for_its_owner(_: &File) -> io::Result<()> {
    Ok(())
}

impl Shown for Exported<'_> {
    fn text(&self) -> String {
        let Exported { job, file, bytes } = self;
        format!("exported job `{}` to `{}`, {bytes} bytes\n", escape::line(job), escape::line(file))
    }
}
