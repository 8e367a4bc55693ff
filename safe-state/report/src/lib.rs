//! Reports of failures that can be read anywhere: what failed, where and with which values, without the program, its
//! source or its machine.
//!
//! With the feature `report`, the checkpoint of a failed job contains one, see [`Report::of`]; for any other error,
//! [`capture`] makes one. A report is saved to a file of its own, and shown as text in a terminal, as JSON, or as one
//! HTML page:
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
//! A program depends on [`safe-state`](https://docs.rs/safe-state) with the feature `report`, and finds this crate as
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
/// The parts of a report.
pub use safe_state_backends::details;
pub use settings::Settings;
#[cfg(feature = "spans")]
#[doc(hidden)]
pub use spans::active as active_spans;
pub use text::Style;
#[doc(hidden)]
pub use values::Values;

/// Returns no spans: `tracing` spans are only known with the feature `spans`.
#[cfg(not(feature = "spans"))]
#[doc(hidden)]
pub fn active_spans() -> Vec<details::Span> {
    Vec::new()
}

/// A failure with all that is known about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Report(format::Report);

impl Report {
    /// Returns the report of a job's last run, if that failed. A report made without the feature `report` contains
    /// little.
    pub fn of(checkpoint: &Checkpoint) -> Option<Report> {
        format::Report::of(checkpoint).map(Report)
    }

    /// Returns the report of an item that a job has given up. It contains what the dead letter has recorded.
    pub fn of_letter(job: &str, letter: &DeadLetter) -> Report {
        let failure = letter.failure().clone();
        Report(format::Report { job: Some(job.to_owned()), failure })
    }

    /// Reads the report in a file, or the one in a checkpoint's file. It runs no code from the file, and takes no more
    /// memory than a report may.
    ///
    /// # Errors
    ///
    /// The file cannot be read, is neither a report nor a checkpoint, or is a checkpoint of a job that has not failed.
    pub fn open(path: impl AsRef<Path>) -> Result<Report, OpenError> {
        let path = path.as_ref();
        let bytes =
            read_named(path).map_err(|source| OpenError::Io { path: path.to_owned(), source })?;
        let decoded = format::Report::decode(&bytes);
        let found =
            decoded.map_err(|source| OpenError::Format { path: path.to_owned(), source })?;
        found.map(Report).ok_or_else(|| OpenError::NoFailure { path: path.to_owned() })
    }

    /// Writes the report to a file that only its owner may read. The file is written whole or not at all. A link to a
    /// file is replaced; a pipe or a device is written into.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> io::Result<()> {
        let bytes = self.0.encode().map_err(io::Error::other)?;
        write_named(path.as_ref(), &bytes)
    }

    /// Returns the name of the failed job; `None` if the failure is not a job's.
    pub fn job(&self) -> Option<&str> {
        self.0.job.as_deref()
    }

    /// Returns the failure: its type, message and causes.
    pub fn failure(&self) -> &Failure {
        &self.0.failure
    }

    /// Returns the details: each `?`, the stack, the source, the values and the process.
    pub fn details(&self) -> Details {
        self.0.failure.details().unwrap_or_default()
    }

    /// Returns the report as text, as a compiler reports errors. Control characters in it are replaced by their names.
    pub fn to_text(&self, style: Style) -> String {
        text::render(self, style)
    }

    /// Returns the report as JSON: `safe_state_report`, which is 1, `job` and `failure`, with the names of [`Failure`]
    /// and [`Details`].
    pub fn to_json(&self) -> String {
        #[derive(Serialize)]
        struct Json<'a> {
            safe_state_report: u8,
            #[serde(flatten)]
            report: &'a format::Report,
        }
        // Serialising our own types never fails.
        let text = serde_json::to_string_pretty(&Json { safe_state_report: 1, report: &self.0 });
        json(&text.unwrap_or_default())
    }

    /// Returns the report as one page, which needs no other file and runs nothing.
    pub fn to_html(&self) -> String {
        html::render(self)
    }
}

impl fmt::Display for Report {
    /// Shows the report as text without colours.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_text(Style::Plain))
    }
}

/// Returns a time as people read it, in UTC.
fn readable(time: SystemTime) -> String {
    // `humantime` panics after the year 9999, which only a broken clock or file can name.
    const YEAR_10000: u64 = 253_402_300_800;
    let seconds = time.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    if seconds >= YEAR_10000 {
        return "an impossible time".to_owned();
    }
    humantime::format_rfc3339_seconds(time).to_string()
}

/// Why no report could be read.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The file cannot be read.
    #[error("cannot read `{}`", Line(path.display()))]
    Io {
        /// The path of the file.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// The file is neither a report nor a checkpoint, or damaged.
    #[error("`{}` cannot be read as a report", Line(path.display()))]
    Format {
        /// The path of the file.
        path: PathBuf,
        /// The reason why it is no report.
        source: FormatError,
    },
    /// The file is the checkpoint of a job whose last run has not failed.
    #[error("the job whose checkpoint is `{}` has not failed; there is nothing to report", Line(path.display()))]
    NoFailure {
        /// The path of the file.
        path: PathBuf,
    },
}

safe_state_backends::debug_is_one_line!(OpenError);
