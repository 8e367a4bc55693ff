//! The workers of a shared job.

use std::fmt;
use std::time::SystemTime;

use safe_state_backends::{BegunSlice, Checkpoint, Timestamp};
use serde::Serialize;

use super::look::Look;

/// The name of the note in a slice's checkpoint that says which task of an array its worker is.
pub const TASK: &str = "task!";

/// The number of workers from which one can lag behind the others.
const ENOUGH: usize = 3;

/// The slices of a shared job, and its workers.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct StatusWorkers {
    /// The number of slices, of all loops that have begun.
    pub slices: u64,
    /// The number of finished slices.
    pub finished_slices: u64,
    /// The workers that have a slice.
    pub workers: Vec<StatusWorker>,
}

/// A worker, and the slice that it has.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct StatusWorker {
    /// The process id.
    pub pid: u32,
    /// The name of the process's host.
    pub host: String,
    /// The number of the worker's task, if it is a task of an array.
    pub task: Option<u32>,
    /// The time when the worker took the slice.
    pub since: Timestamp,
    /// The loop's number, counted from 0 in the function's text.
    #[serde(rename = "loop")]
    pub number: u16,
    /// The slice's number.
    pub slice: u32,
    /// The number of the slice's items that are complete.
    pub completed: u64,
    /// The number of the slice's items; `None` if the loop is cut by key.
    pub total: Option<u64>,
    /// The number of items per second since the worker took the slice.
    pub items_per_second: Option<f64>,
    /// Whether the worker does less than half of the items per second that the median worker does.
    pub straggles: bool,
}

impl StatusWorkers {
    /// Returns the workers that a look has found; `None` if the job is not shared.
    #[doc(hidden)]
    pub fn of(look: &Look) -> Option<Self> {
        StatusWorkers::at(look, SystemTime::now())
    }

    fn at(look: &Look, now: SystemTime) -> Option<Self> {
        if !look.checkpoint.has_slices() {
            return None;
        }
        let mut workers: Vec<_> = look.begun.iter().filter_map(|it| worker(it, now)).collect();
        let mut rates: Vec<f64> = workers.iter().filter_map(|it| it.items_per_second).collect();
        rates.sort_by(f64::total_cmp);
        if let Some(middle) = rates.get(rates.len() / 2).filter(|_| rates.len() >= ENOUGH) {
            for worker in &mut workers {
                worker.straggles = worker.items_per_second.is_some_and(|rate| 2.0 * rate < *middle);
            }
        }
        let slices = look.checkpoint.slices().map(|it| u64::from(it.count)).sum();
        let finished_slices = look.checkpoint.slices().map(|it| it.finished.len()).sum();
        Some(StatusWorkers { slices, finished_slices, workers })
    }

    /// Returns the workers that lag behind the others.
    pub fn stragglers(&self) -> impl Iterator<Item = &StatusWorker> {
        self.workers.iter().filter(|it| it.straggles)
    }
}

fn worker(begun: &BegunSlice, now: SystemTime) -> Option<StatusWorker> {
    let holder = begun.holder.as_ref()?;
    let total = begun.range.end - begun.range.start;
    let done = begun.stored.loop_progress(begun.loop_id).map_or(0, |it| it.completed().len());
    Some(StatusWorker {
        pid: holder.pid(),
        host: holder.host().to_owned(),
        task: begun.stored.noted(TASK),
        since: holder.since().into(),
        number: begun.loop_id,
        slice: begun.slice,
        completed: done,
        total: Some(total).filter(|total| *total > 0),
        items_per_second: rate(&begun.stored, now),
        straggles: false,
    })
}

/// Returns the items per second of the slice's last run until now: a worker that hangs saves nothing.
fn rate(stored: &Checkpoint, now: SystemTime) -> Option<f64> {
    let run = stored.history().last()?;
    let until = now.max(stored.updated_at());
    let seconds = until.duration_since(run.started_at()).ok()?.as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "it is an estimate")]
    let rate = run.completed() as f64 / seconds;
    rate.is_finite().then_some(rate)
}

impl fmt::Display for StatusWorkers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.workers.len();
        let workers = if count == 1 { "worker" } else { "workers" };
        write!(f, "{} of {} slices finished, ", self.finished_slices, self.slices)?;
        write!(f, "{count} {workers}")
    }
}

impl fmt::Display for StatusWorker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let StatusWorker { pid, host, number, slice, completed, .. } = self;
        write!(f, "pid {pid} on host {host}")?;
        if let Some(task) = self.task {
            write!(f, ", task {task}")?;
        }
        write!(f, ": slice {slice} of loop {number}, {completed}")?;
        if let Some(total) = self.total {
            write!(f, " of {total}")?;
        }
        f.write_str(" items")?;
        match self.items_per_second {
            Some(rate) => write!(f, ", {rate:.1}/s"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use safe_state_backends::format::Change;
    use safe_state_backends::{
        Backend, Completed, Cut, Error, Head, LeaseOptions, MemoryBackend, SharedJob, Slices,
    };

    use super::*;

    #[test]
    fn a_worker_that_lags_behind_the_others_is_told() {
        let backend = Arc::new(MemoryBackend::default());
        let stored = Arc::clone(&backend) as Arc<dyn Backend>;
        let job = SharedJob::new(stored, "job", LeaseOptions::default()).unwrap();
        let cut = job.change(|_| {
            let mut head = Head::new("job");
            let finished = Completed::default();
            head.cut(Slices { loop_id: 0, count: 4, cut: Cut::Index, finished }, Some(100))
                .unwrap();
            Ok::<_, Error>((Some(head), ()))
        });
        cut.unwrap();
        let mut kept = Vec::new();
        for (slice, done) in [(0, 20), (1, 24), (2, 3)] {
            let mut begun = Checkpoint::new(job.slice_name(0, slice), None);
            begun.note(TASK, Some(slice));
            let mut store = job.claim(0, slice).unwrap().begin(begun).unwrap();
            store.save(Change::completed(done)).unwrap();
            kept.push(store);
        }
        let look = Look::at(&*backend, "job").unwrap().unwrap();
        // So much time has passed that it does not matter in which order the slices were taken.
        let later = SystemTime::now() + Duration::from_secs(1000);
        let workers = StatusWorkers::at(&look, later).unwrap();
        assert_eq!(workers.to_string(), "0 of 4 slices finished, 3 workers");
        let slow: Vec<_> = workers.stragglers().collect();
        assert_eq!((slow.len(), slow[0].slice, slow[0].task), (1, 2, Some(2)));
        let text = slow[0].to_string();
        assert!(text.contains(", task 2: slice 2 of loop 0, 3 of 25 items, "), "{text}");
    }
}
