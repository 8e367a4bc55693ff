//! `safe-state doctor`: finds what can be recovered of a damaged checkpoint.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;
use safe_state_backends::format::{Examination, RecordKind, examine};
use safe_state_backends::{Checkpoint, extend_by_page};
use safe_state_base::place::page_dir;
use serde::Serialize;

use super::escape;
use super::exit::{Code, Failed};
use super::export::write_new;
use super::import::read;
use super::place::Place;
use super::screen::{BAD, BOLD, DIM, GOOD, Screen, Shown, WARN, items_of};

/// Checks a checkpoint's file record by record, and shows which part can be recovered.
///
/// The file is never changed: the part that can be recovered goes into another file.
#[derive(Args, Debug)]
pub(super) struct Doctor {
    /// The file, or `-` for standard input.
    file: PathBuf,
    /// Writes the part that can be recovered to a new file, for `import`.
    #[arg(long, value_name = "NEW")]
    repair: Option<PathBuf>,
    /// Shows each record.
    #[arg(long)]
    records: bool,
}

#[derive(Serialize)]
struct Diagnosis {
    file: String,
    sound: bool,
    /// A text that tells what is damaged, if anything is.
    damage: Option<String>,
    /// The number of bytes that a torn save left, which is no damage.
    torn: u64,
    /// Whether the last records are in the page beside the file.
    paged: bool,
    records: Vec<Record>,
    #[serde(skip)]
    shows_records: bool,
    saved: Option<Saved>,
    repaired: Option<String>,
}

#[derive(Serialize)]
struct Record {
    offset: u64,
    len: u64,
    kind: &'static str,
}

/// The state that can be saved.
#[derive(Serialize)]
struct Saved {
    job: String,
    completed: u64,
    total: Option<u64>,
    updated_at: safe_state_backends::Timestamp,
}

impl Doctor {
    pub(super) fn run(&self, place: &Place, screen: &Screen) -> Result<(), Failed> {
        let file = self.file.display().to_string();
        let mut bytes = read(&self.file).map_err(|failed| self.instead_of_a_job(place, failed))?;
        let paged = extend_by_page(&self.file, page_dir().as_deref(), &mut bytes);
        let found = examine(&bytes).map_err(|error| Failed {
            code: (&error).into(),
            message: format!("`{file}`: {error}"),
        })?;
        let mut told = Diagnosis { paged, ..self.told(&found, file) };
        if let Some(new) = &self.repair {
            self.repair(&found, new)?;
            told.repaired = Some(new.display().to_string());
        }
        let is_done = told.sound || told.repaired.is_some();
        screen.show(&told)?;
        if is_done {
            return Ok(());
        }
        let message = match &told.saved {
            Some(_) => "the file is damaged; `--repair NEW` writes what can be saved to a new one",
            None => "the file is damaged, and nothing of it can be saved",
        };
        Err(Failed { code: Code::Damaged, message: message.to_owned() })
    }

    /// Adds the job's file to the error, if the file to read does not exist and a job has its name.
    fn instead_of_a_job(&self, place: &Place, failed: Failed) -> Failed {
        let name = self.file.to_str().filter(|_| !self.file.exists());
        let path = name.and_then(|name| place.backend().ok()?.path(name));
        // The jobs of a database share its file, which is no checkpoint's file.
        match path.filter(|path| path.extension().is_some_and(|it| it == "safestate")) {
            Some(path) if path.is_file() => {
                let path = path.display();
                let message = format!("{}; the job of that name is in `{path}`", failed.message);
                Failed { message, ..failed }
            }
            _ => failed,
        }
    }

    fn told(&self, found: &Examination, file: String) -> Diagnosis {
        Diagnosis {
            file,
            sound: found.damage.is_none(),
            damage: found.damage.as_ref().map(ToString::to_string),
            torn: found.torn,
            paged: false,
            records: found.records.iter().map(Record::of).collect(),
            shows_records: self.records,
            saved: found.saved.as_ref().map(Saved::of),
            repaired: None,
        }
    }

    fn repair(&self, found: &Examination, new: &std::path::Path) -> Result<(), Failed> {
        let nothing = || {
            let file = self.file.display();
            let message = format!("nothing of `{file}` can be saved: its snapshot is gone");
            Failed { code: Code::Damaged, message }
        };
        let saved = found.saved.as_ref().ok_or_else(nothing)?;
        let bytes = saved.encode().map_err(|error| Failed::new(error.to_string()))?;
        write_new(new, &bytes, "name another")
    }
}

impl Record {
    fn of(record: &safe_state_backends::format::Examined) -> Self {
        let kind = match record.kind {
            RecordKind::Snapshot => "snapshot",
            RecordKind::Advance => "advance",
            RecordKind::Change => "change",
            RecordKind::SideBySide => "side by side",
            RecordKind::Samples => "samples",
            RecordKind::Arguments => "arguments",
            RecordKind::InFlight => "in flight",
            RecordKind::Slices => "slices",
            RecordKind::Merge => "merge",
            RecordKind::Timings => "timings",
        };
        Record { offset: record.offset, len: record.len, kind }
    }
}

impl Saved {
    fn of(checkpoint: &Checkpoint) -> Self {
        Saved {
            job: checkpoint.job().to_owned(),
            completed: checkpoint.completed().len(),
            total: checkpoint.total(),
            updated_at: checkpoint.updated_at().into(),
        }
    }
}

impl Shown for Diagnosis {
    fn text(&self) -> String {
        let mut text = format!("{BOLD}{}{BOLD:#}: ", escape::line(&self.file));
        // Writing into a string does not fail.
        let _ = match &self.damage {
            Some(damage) => writeln!(text, "{BAD}{damage}{BAD:#}"),
            None if self.torn > 0 => writeln!(
                text,
                "{GOOD}sound{GOOD:#}, but for {WARN}{} bytes of a save that was torn{WARN:#}, which count for nothing",
                self.torn
            ),
            None => writeln!(text, "{GOOD}sound{GOOD:#}"),
        };
        if self.shows_records {
            for Record { offset, len, kind } in &self.records {
                let _ = writeln!(text, "  {DIM}{offset:>8}{DIM:#}  {kind:<8}  {len} bytes");
            }
        } else if let Some(last) = self.records.last() {
            let end = last.offset + last.len;
            let _ = writeln!(text, "  {} whole records, up to byte {end}", self.records.len());
        }
        if self.paged {
            let _ = writeln!(text, "  the last of them in its page");
        }
        if let Some(Saved { job, completed, total, updated_at }) = &self.saved {
            let (job, items) = (escape::line(job), items_of(*completed, *total));
            let _ = writeln!(text, "  job `{job}`, {items} complete, saved {updated_at}");
        }
        if let Some(repaired) = &self.repaired {
            let _ = writeln!(text, "  written to `{}`", escape::line(repaired));
        }
        text
    }
}
