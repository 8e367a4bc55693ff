//! `safe-state skip` and `done`: mark items that a job's runs are not to do.

use std::ops::Range;
use std::path::PathBuf;

use clap::{ArgGroup, Args};
use safe_state_backends::{Checkpoint, LeaseOptions, NotByHand};
use safe_state_base::stored;
use serde::Serialize;

use super::escape;
use super::exit::Failed;
use super::import::read;
use super::parse::number;
use super::place::Place;
use super::screen::{Screen, Shown};

/// Gives up items of a job: later runs skip them, and they count as skipped.
///
/// The job must not be running: `cancel` ends its run. If the job has not begun, its first run starts from this state.
#[derive(Args, Debug)]
#[command(group(ArgGroup::new("which").args(["items", "key"]).required(true)))]
pub(super) struct Skip {
    /// The job's name.
    job: String,
    /// Items by their index, from 0, or ranges of them with both ends included: `7`, `7-9`.
    #[arg(value_parser = range)]
    items: Vec<Range<u64>>,
    /// An item by its key, which is text; may be given several times.
    #[arg(long, value_name = "TEXT")]
    key: Vec<String>,
    /// The loop, counted from 0 in the function's text.
    #[arg(long = "loop", value_name = "NUMBER", default_value_t = 0, value_parser = number::<u16>)]
    loop_id: u16,
}

/// Marks items of a job as complete, because they were done elsewhere: later runs skip them.
///
/// The job must not be running: `cancel` ends its run. If the job has not begun, its first run starts from this state.
#[derive(Args, Debug)]
pub(super) struct Done {
    /// The job's name.
    job: String,
    #[command(flatten)]
    which: Which,
    /// The loop, counted from 0 in the function's text.
    #[arg(long = "loop", value_name = "NUMBER", default_value_t = 0, value_parser = number::<u16>)]
    loop_id: u16,
}

/// Which items are done.
#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
struct Which {
    /// The items before this index.
    #[arg(long, value_name = "INDEX", value_parser = number::<u64>, allow_negative_numbers = true)]
    until: Option<u64>,
    /// The items whose keys are the lines of a file, or of standard input as `-`.
    #[arg(long, value_name = "FILE")]
    keys: Option<PathBuf>,
    /// All items up to the one with this cursor, which is a text; the loop continues after it.
    #[arg(long, value_name = "TEXT")]
    cursor: Option<String>,
    /// The same for a cursor that is a number.
    #[arg(long, value_name = "NUMBER", allow_hyphen_values = true)]
    cursor_number: Option<i64>,
}

#[derive(Serialize)]
struct Changed<'a> {
    job: &'a str,
    /// The number of items that became complete; `null` for a cursor, which does not tell it.
    added: Option<u64>,
    #[serde(skip)]
    what: &'static str,
}

impl Skip {
    pub(super) fn run(&self, place: &Place, screen: &Screen) -> Result<(), Failed> {
        let hashes = hashes(&self.key);
        let added = change(place, &self.job, |it| {
            let added = if self.key.is_empty() {
                it.complete_by_hand(self.loop_id, self.items.iter().cloned())?
            } else {
                it.complete_keys_by_hand(self.loop_id, &hashes)?
            };
            it.count_skipped(added);
            Ok(added)
        })?;
        screen.show(&Changed { job: &self.job, added: Some(added), what: "skipped" })
    }
}

impl Done {
    pub(super) fn run(&self, place: &Place, screen: &Screen) -> Result<(), Failed> {
        let keys = self.which.keys.as_ref().map(|file| read(file)).transpose()?;
        let keys = keys.map(String::from_utf8).transpose();
        let keys = keys.map_err(|_| Failed::new("the keys are not UTF-8"))?;
        let keys = keys.map(|text| hashes(text.lines()));
        let added = change(place, &self.job, |it| match (self.which.until, &keys) {
            (Some(until), _) => {
                it.complete_by_hand(self.loop_id, std::iter::once(0..until)).map(Some)
            }
            (None, Some(hashes)) => it.complete_keys_by_hand(self.loop_id, hashes).map(Some),
            (None, None) => self.continue_after(it).map(|()| None),
        })?;
        screen.show(&Changed { job: &self.job, added, what: "complete" })
    }

    fn continue_after(&self, checkpoint: &mut Checkpoint) -> Result<(), NotByHand> {
        match (&self.which.cursor, self.which.cursor_number) {
            (Some(text), _) => checkpoint.continue_after_value(self.loop_id, text),
            (None, Some(number)) => match u64::try_from(number) {
                Ok(number) => checkpoint.continue_after_value(self.loop_id, &number),
                Err(_) => checkpoint.continue_after_value(self.loop_id, &number),
            },
            (None, None) => Ok(()),
        }
    }
}

fn change<T>(
    place: &Place,
    job: &str,
    change: impl FnOnce(&mut Checkpoint) -> Result<T, NotByHand>,
) -> Result<T, Failed> {
    let backend = place.backend()?;
    Ok(stored::change(backend, job, LeaseOptions::default(), change)?)
}

fn hashes(keys: impl IntoIterator<Item: AsRef<str>>) -> Vec<u64> {
    keys.into_iter().map(|key| stored::key_of_text(key.as_ref())).collect()
}

/// Parses `7`, or `7-9` with both ends included, as a range.
fn range(text: &str) -> Result<Range<u64>, String> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let number = |text: &str| text.trim().parse::<u64>().ok();
    match (number(first), number(last)) {
        (Some(first), Some(last)) if first <= last && last < u64::MAX => Ok(first..last + 1),
        _ => Err("expected an index such as `7`, or a range such as `7-9`".to_owned()),
    }
}

impl Shown for Changed<'_> {
    fn text(&self) -> String {
        let job = escape::line(self.job);
        match self.added {
            Some(0) => format!("job `{job}`: nothing changed, these items were complete before\n"),
            Some(1) => format!("job `{job}`: 1 more item {}\n", self.what),
            Some(added) => format!("job `{job}`: {added} more items {}\n", self.what),
            None => format!("job `{job}` will continue after this cursor\n"),
        }
    }
}
