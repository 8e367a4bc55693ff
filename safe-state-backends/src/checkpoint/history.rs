//! The history of a job's runs.

use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use crate::bounded;
use crate::limits::RUN_LIMIT;
use crate::timestamp::Timestamp;

/// The longest name of a host that is kept, in characters.
const HOST_LIMIT: usize = 64;

/// One run of a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastRun {
    pub(crate) number: u32,
    pub(crate) pid: u32,
    pub(crate) host: String,
    pub(crate) started_at: Timestamp,
    pub(crate) ended_at: Option<Timestamp>,
    pub(crate) end: Option<RunEnd>,
    pub(crate) completed: u64,
}

/// The way in which a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum RunEnd {
    /// The job has finished.
    Finished,
    /// The run failed.
    Failed,
    /// The run stopped before an item, because it was asked or set to, or its future was dropped.
    Stopped,
    /// The run's process died without saving how the run ended.
    Died,
}

/// The last runs of a job, the one under way included; oldest first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct History(
    #[serde(deserialize_with = "bounded::list::<RUN_LIMIT, _, _>")] Vec<PastRun>,
);

impl PastRun {
    /// Returns the run's number among the job's runs, from 1.
    pub fn number(&self) -> u32 {
        self.number
    }

    /// Returns the id of the process that ran.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Returns the name of the host on which the run took place, cut to 64 characters.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Returns when the run began.
    pub fn started_at(&self) -> SystemTime {
        self.started_at.into()
    }

    /// Returns when the run ended, or when it saved last if it died. `None` while it has not ended.
    pub fn ended_at(&self) -> Option<SystemTime> {
        self.ended_at.map(Into::into)
    }

    /// Returns how the run ended. `None` while it has not, and for a dead run until the next run begins.
    pub fn end(&self) -> Option<RunEnd> {
        self.end
    }

    /// Returns how many items the run completed and saved, items of inner loops included. For a job that many workers share,
    /// returns how many items of its shared loops all workers together completed.
    pub fn completed(&self) -> u64 {
        self.completed
    }

    /// Returns how long the run took; `None` while it has not ended.
    pub fn duration(&self) -> Option<Duration> {
        let micros = self.ended_at?.micros_since(self.started_at);
        Some(Duration::from_micros(micros))
    }
}

impl History {
    pub(super) fn runs(&self) -> &[PastRun] {
        &self.0
    }

    /// Returns the last `count` of these runs.
    pub(crate) fn last(mut self, count: usize) -> History {
        History(self.0.split_off(self.0.len().saturating_sub(count)))
    }

    /// Puts the runs of an earlier job, which had `before` runs in all, before these, and counts on from them.
    pub(super) fn count_behind(&mut self, finished: &History, before: u32) {
        let mut runs = finished.0.clone();
        runs.extend(
            self.0
                .drain(..)
                .map(|run| PastRun { number: run.number.saturating_add(before), ..run }),
        );
        *self = History(runs).last(RUN_LIMIT);
    }

    /// Adds a run of this process. If the previous run has not ended, it counts as dead since `last_save`.
    pub(super) fn begin(&mut self, number: u32, now: Timestamp, last_save: Timestamp) {
        self.end(RunEnd::Died, last_save);
        if self.0.len() == RUN_LIMIT {
            self.0.remove(0);
        }
        let host = hostname::get().unwrap_or_default();
        let host = host.to_string_lossy().chars().take(HOST_LIMIT).collect();
        let (pid, started_at) = (std::process::id(), now);
        let run =
            PastRun { number, pid, host, started_at, ended_at: None, end: None, completed: 0 };
        self.0.push(run);
    }

    /// Adds completed items to the run under way.
    pub(crate) fn complete(&mut self, count: u64) {
        if let Some(run) = self.0.last_mut() {
            run.completed = run.completed.saturating_add(count);
        }
    }

    /// Marks the run under way as ended, unless it already is.
    pub(crate) fn end(&mut self, end: RunEnd, at: Timestamp) {
        if let Some(run) = self.0.last_mut().filter(|run| run.end.is_none()) {
            run.end = Some(end);
            run.ended_at = Some(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::{Change, LoopChange};
    use crate::{Checkpoint, Failure, FailureKind, Keys};

    fn ends(checkpoint: &Checkpoint) -> Vec<(u32, Option<RunEnd>, u64)> {
        let runs = checkpoint.history().iter();
        runs.map(|run| (run.number(), run.end(), run.completed())).collect()
    }

    #[test]
    fn each_run_is_kept_with_how_it_ended() {
        let mut checkpoint = Checkpoint::new("job", None);
        checkpoint.take_in(Change::completed(7)).unwrap();
        checkpoint.begin_run(None);
        let failure = Some(Failure::new(FailureKind::Error, "E", "no"));
        let failed = Change { micros: 5, failure, ..Change::completed(2) };
        checkpoint.take_in(failed).unwrap();
        checkpoint.begin_run(None);
        let end = Some(RunEnd::Stopped);
        checkpoint.take_in(Change { end, ..Change::default() }).unwrap();
        assert!(!checkpoint.is_open());
        checkpoint.begin_run(None);
        assert!(checkpoint.is_open());
        checkpoint.finish();
        let expected = [
            (1, Some(RunEnd::Died), 7),
            (2, Some(RunEnd::Failed), 2),
            (3, Some(RunEnd::Stopped), 0),
            (4, Some(RunEnd::Finished), 0),
        ];
        assert_eq!(ends(&checkpoint), expected);
        assert!(checkpoint.history()[1].duration().unwrap() >= Duration::from_micros(5));
        assert_eq!(checkpoint.history()[0].pid(), std::process::id());
    }

    #[test]
    fn items_by_key_count_once_however_often_they_are_met() {
        let mut checkpoint = Checkpoint::new("job", None);
        let keys = |hashes| Some(Box::new(Keys::new(1, hashes)));
        let walk = |begun, count, keys| {
            let change = LoopChange { begun, count, keys, ..LoopChange::default() };
            Change { loops: vec![change], ..Change::default() }
        };
        checkpoint.take_in(walk(None, 3, keys(vec![5, 6, 7]))).unwrap();
        checkpoint.begin_run(None);
        checkpoint.take_in(walk(Some(vec![]), 3, None)).unwrap();
        checkpoint.take_in(walk(None, 2, keys(vec![8]))).unwrap();
        let completed: Vec<u64> = checkpoint.history().iter().map(PastRun::completed).collect();
        assert_eq!(completed, [3, 1]);
    }

    #[test]
    fn only_the_last_runs_are_kept() {
        let mut checkpoint = Checkpoint::new("job", None);
        (1..100).for_each(|_| checkpoint.begin_run(None));
        let numbers: Vec<u32> = checkpoint.history().iter().map(PastRun::number).collect();
        assert_eq!(numbers, (69..=100).collect::<Vec<u32>>());
    }
}
