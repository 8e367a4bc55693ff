//! Failures that read anywhere: what failed, where and with which values, without the program, its
//! source or its machine.
//!
//! With the feature `report`, the checkpoint of a job that failed has one, [`Report::of`]; any other
//! error has one by [`capture`]. It is saved to a file of its own, and shown as text in a terminal, as
//! JSON, or as one HTML page:
//!
//! ```
//! use safe_state::report::{self, Report};
//!
//! # let dir = tempfile::tempdir()?;
//! # let path = dir.path().join("order.report");
//! let error = "x7".parse::<u32>().unwrap_err();
//! report::capture(&error).save(&path)?;
//!
//! let report = Report::open(&path)?; // on another machine, by another program
//! assert!(report.to_string().contains("invalid digit found in string"));
//! std::fs::write(path.with_extension("html"), report.to_html())?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A program depends on [`safe-state`](https://docs.rs/safe-state) with the feature `report`, and finds this as
//! `safe_state::report`.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![deny(missing_docs)]

mod capture;
mod chain;
mod context;
mod escape;
mod html;
mod outline;
mod panic;
mod settings;
mod source;
#[cfg(feature = "spans")]
mod spans;
mod stack;
mod text;
#[doc(hidden)]
pub mod values;
mod view;

use safe_state_backends::escape::{Line, json};
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use safe_state_backends::details::Details;
use safe_state_backends::format::{self, FormatError};
use safe_state_backends::{Checkpoint, DeadLetter, Failure, read_named, write_named};
use serde::Serialize;

#[doc(hidden)]
pub use capture::ErrorDetails;
pub use capture::{capture, capture_panic};
pub use panic::install_panic_hook;
/// What a report is made of.
pub use safe_state_backends::details;
pub use settings::Settings;
#[cfg(feature = "spans")]
#[doc(hidden)]
pub use spans::active as active_spans;
pub use text::Style;
#[doc(hidden)]
pub use values::Values;

/// The `tracing` spans that are active: none are known without the feature `spans`.
#[cfg(not(feature = "spans"))]
#[doc(hidden)]
pub fn active_spans() -> Vec<details::Span> {
    Vec::new()
}

/// A failure with all that is known of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Report(format::Report);

impl Report {
    /// The report of the last run of a job, if that failed. One that was made without the feature
    /// `report` tells little.
    pub fn of(checkpoint: &Checkpoint) -> Option<Report> {
        format::Report::of(checkpoint).map(Report)
    }

    /// The report of an item that a job has given up on. It tells what a dead letter keeps.
    pub fn of_letter(job: &str, letter: &DeadLetter) -> Report {
        let failure = letter.failure().clone();
        Report(format::Report { job: Some(job.to_owned()), failure })
    }

    /// Reads the report in a file; or the one in the file of a checkpoint. Runs no code of it, and takes
    /// no more memory than a report may.
    ///
    /// # Errors
    ///
    /// The file cannot be read, is neither, or is a checkpoint of a job that has not failed.
    pub fn open(path: impl AsRef<Path>) -> Result<Report, OpenError> {
        let path = path.as_ref();
        let bytes =
            read_named(path).map_err(|source| OpenError::Io { path: path.to_owned(), source })?;
        let decoded = format::Report::decode(&bytes);
        let found =
            decoded.map_err(|source| OpenError::Format { path: path.to_owned(), source })?;
        found.map(Report).ok_or_else(|| OpenError::NoFailure { path: path.to_owned() })
    }

    /// Writes the report to a file, which only its owner may read, and which is there whole or not at
    /// all. A link to a file is replaced; a pipe or a device is written into.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> io::Result<()> {
        let bytes = self.0.encode().map_err(io::Error::other)?;
        write_named(path.as_ref(), &bytes)
    }

    /// The job that failed, if it was one.
    pub fn job(&self) -> Option<&str> {
        self.0.job.as_deref()
    }

    /// What failed.
    pub fn failure(&self) -> &Failure {
        &self.0.failure
    }

    /// The way, the stack, the source, the values, the process.
    pub fn details(&self) -> Details {
        self.0.failure.details().unwrap_or_default()
    }

    /// The report as text, as a compiler reports errors. Control characters in it are named, not
    /// printed.
    pub fn to_text(&self, style: Style) -> String {
        text::render(self, style)
    }

    /// The report as JSON: `safe_state_report`, which is 1, `job` and `failure`, with the names of
    /// [`Failure`] and [`Details`].
    pub fn to_json(&self) -> String {
        #[derive(Serialize)]
        struct Json<'a> {
            safe_state_report: u8,
            #[serde(flatten)]
            report: &'a format::Report,
        }
        // Our own types fail to serialise in no way.
        let text = serde_json::to_string_pretty(&Json { safe_state_report: 1, report: &self.0 });
        json(&text.unwrap_or_default())
    }

    /// The report as one page that needs nothing beside it, and runs nothing.
    pub fn to_html(&self) -> String {
        html::render(self)
    }
}

impl fmt::Display for Report {
    /// As text without colours.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_text(Style::Plain))
    }
}

/// A time as people read it, in UTC.
fn readable(time: SystemTime) -> String {
    // `humantime` panics beyond the year 9999, which only a broken clock or file can name.
    const YEAR_10000: u64 = 253_402_300_800;
    let seconds = time.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    if seconds >= YEAR_10000 {
        return "an impossible time".to_owned();
    }
    humantime::format_rfc3339_seconds(time).to_string()
}

/// Why there is no report to read.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The file cannot be read.
    #[error("cannot read `{}`", Line(path.display()))]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system answered.
        source: io::Error,
    },
    /// The file is neither a report nor a checkpoint, or damaged.
    #[error("`{}` cannot be read as a report", Line(path.display()))]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: FormatError,
    },
    /// The file is the checkpoint of a job whose last run has not failed.
    #[error("the job whose checkpoint is `{}` has not failed; there is nothing to report", Line(path.display()))]
    NoFailure {
        /// The file.
        path: PathBuf,
    },
}

safe_state_backends::debug_is_one_line!(OpenError);
