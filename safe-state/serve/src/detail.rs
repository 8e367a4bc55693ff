//! The details of one job.

use std::time::SystemTime;

use safe_state_backends::{Backend, Cut, DeadLetters, Error, Failure, InFlight, Slices};
use safe_state_base::status::history::{Past, PastRow};
use safe_state_base::status::letters::Letter;
use safe_state_base::status::look::Look;
use safe_state_base::status::{State, Status};
use safe_state_report::{Report, Style};
use serde::Serialize;

use crate::jobs::{Jobs, Looked};
use crate::known::millis;
use crate::memory::Memory;
use crate::pace::{Left, Pace, Seen};
use crate::verbs::{self, Button};

/// The most dead letters in one answer.
const MOST_LETTERS: usize = 200;

/// The details of a job, except its dead letters, of which there may be many.
#[derive(Serialize)]
pub(crate) struct Detail {
    /// The status, as `safe-state peek --json` prints it.
    pub(crate) peek: Status,
    /// The runs, as `safe-state history --json` prints them.
    history: Vec<PastRow>,
    pace: PaceView,
    in_flight: Vec<InFlight>,
    /// The memory of the job's processes on this machine.
    memory: Vec<Memory>,
    slices: Vec<Shared>,
    failure: Option<Failure>,
    /// The report, as `safe-state failure` prints it.
    report: Option<String>,
    /// The size of the checkpoint's file, with the room for records in it.
    stored_bytes: Option<u64>,
    /// The buttons that are useful now.
    verbs: Vec<Button>,
}

/// The speed of a job.
#[derive(Serialize)]
struct PaceView {
    /// The time of the reading, in milliseconds since the Unix epoch, and the number of complete items then.
    seen: Seen,
    items_per_second: Option<f64>,
    left: Option<Left>,
    /// All looks that are kept; `None` if only news are asked for.
    looks: Vec<Seen>,
}

/// A loop that many workers share.
#[derive(Serialize)]
struct Shared {
    #[serde(rename = "loop")]
    loop_id: u16,
    count: u32,
    cut: &'static str,
    finished: u64,
    /// The finished slices, as ranges with both ends included.
    finished_slices: String,
}

/// Some of a job's dead letters.
#[derive(Serialize)]
pub(crate) struct GivenUp {
    pub(crate) job: String,
    pub(crate) count: usize,
    pub(crate) dead_letters: Vec<Letter>,
}

impl Detail {
    /// Returns the details of a job; `None` if no job has the name.
    pub(crate) fn of(jobs: &Jobs, job: &str, with_looks: bool) -> Result<Option<Detail>, Error> {
        Ok(Detail::with_change(jobs, job, with_looks)?.map(|(detail, _)| detail))
    }

    /// Returns the details of a job, and the number of the change of the job that they show.
    pub(crate) fn with_change(
        jobs: &Jobs,
        job: &str,
        with_looks: bool,
    ) -> Result<Option<(Detail, u64)>, Error> {
        let Some(Looked { look, looks, change }) = jobs.look(job)? else { return Ok(None) };
        let bytes = jobs.backend().path(job).and_then(|path| path.symlink_metadata().ok());
        let bytes = bytes.map(|it| it.len());
        Ok(Some((Detail::told(&look, &looks, with_looks, bytes), change)))
    }

    /// Returns the details of a job by a single look, and the look.
    pub(crate) fn at_once(
        backend: &dyn Backend,
        job: &str,
    ) -> Result<Option<(Detail, Look)>, Error> {
        let look = Look::at(backend, job)?;
        Ok(look.map(|look| (Detail::told(&look, &[], true, None), look)))
    }

    fn told(look: &Look, looks: &[Seen], with_looks: bool, stored_bytes: Option<u64>) -> Detail {
        let checkpoint = &look.checkpoint;
        let peek = Status::of(look);
        let now = millis(SystemTime::now());
        let pace = Pace::of(looks);
        let is_running = peek.state == State::Running;
        let left = peek.progress.remaining.filter(|_| is_running);
        let failure = checkpoint.last_failure();
        Detail {
            history: Past::of(look).history,
            pace: PaceView {
                seen: Seen(now, peek.progress.completed),
                items_per_second: pace.rate(now).filter(|_| is_running),
                left: left.and_then(|items| pace.time_for(items)),
                looks: if with_looks { looks.to_vec() } else { Vec::new() },
            },
            in_flight: checkpoint.in_flight().collect(),
            memory: Memory::of(look),
            slices: checkpoint.slices().map(Shared::of).collect(),
            failure: failure.map(|it| it.clone().without_details()),
            report: Report::of(checkpoint).map(|it| it.to_text(Style::Plain)),
            stored_bytes,
            verbs: verbs::fitting(&peek, look),
            peek,
        }
    }
}

impl Shared {
    fn of(slices: &Slices) -> Self {
        let Slices { loop_id, count, cut, finished } = slices;
        Shared {
            loop_id: *loop_id,
            count: *count,
            cut: match cut {
                Cut::Index => "Index",
                Cut::Splits(_) => "Splits",
                Cut::Key => "Key",
            },
            finished: finished.len(),
            finished_slices: finished.to_string(),
        }
    }
}

impl GivenUp {
    /// Returns at most `limit` dead letters of a job, from the position `offset` on.
    pub(crate) fn of(job: &str, letters: &DeadLetters, offset: usize, limit: usize) -> Self {
        let some = letters.iter().skip(offset).take(limit);
        let dead_letters = some.map(|letter| Letter::of(&letter)).collect();
        GivenUp { job: job.to_owned(), count: letters.len(), dead_letters }
    }

    /// Returns at most as many dead letters as one answer may have.
    pub(crate) fn bounded(job: &str, letters: &DeadLetters, offset: usize, limit: usize) -> Self {
        GivenUp::of(job, letters, offset, limit.min(MOST_LETTERS))
    }
}
