//! Notes what a job's items did in a file, which outlives the process that did it.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

/// A file with a line for every time an item ran.
#[derive(Debug)]
pub struct Effects {
    file: File,
    path: PathBuf,
    /// Whether the next effect is to be told by the line `begun`.
    is_awaited: AtomicBool,
}

impl Effects {
    /// Opens the effects in `path`, to which more can be added.
    ///
    /// # Errors
    ///
    /// If the file cannot be opened.
    pub fn open(path: impl AsRef<Path>) -> io::Result<Self> {
        let path = path.as_ref().to_owned();
        let file = File::options().create(true).append(true).open(&path)?;
        Ok(Effects { file, path, is_awaited: AtomicBool::new(false) })
    }

    /// Opens the effects in `path`, and prints the line `begun` when the next effect is added.
    ///
    /// # Errors
    ///
    /// If the file cannot be opened.
    pub fn open_aloud(path: impl AsRef<Path>) -> io::Result<Self> {
        let mut effects = Effects::open(path)?;
        effects.is_awaited = AtomicBool::new(true);
        Ok(effects)
    }

    /// Adds an effect by one `write` to a file opened for appending. A kill may cut a write at the border of two pages
    /// of the file, so each line has a length that divides a page.
    ///
    /// # Errors
    ///
    /// If the file cannot be written.
    pub fn record(&self, item: u64) -> io::Result<()> {
        let line = format!("{item:>31}\n");
        let written = (&self.file).write(line.as_bytes())?;
        if written != line.len() {
            return Err(io::ErrorKind::WriteZero.into());
        }
        if self.is_awaited.swap(false, Ordering::Relaxed) {
            println!("begun");
        }
        Ok(())
    }

    /// Returns all effects so far.
    ///
    /// # Panics
    ///
    /// If the file cannot be read, or has a line that is no number.
    pub fn all(&self) -> Vec<u64> {
        let text = fs::read_to_string(&self.path).unwrap();
        text.lines().map(|line| line.trim_start().parse().unwrap()).collect()
    }
}
