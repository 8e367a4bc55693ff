//! Tests the hooks that a job calls, and the summary of a run.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};

use safe_state::{
    Action, Error, ErrorContext, Job, RunEnd, RunSummary, ShowProgress, resumable, stop,
};

use crate::places::{Place, on_each};

type Said = Arc<Mutex<Vec<String>>>;

/// Returns the job with hooks that note what they were called for, and the notes.
fn telling(job: Job) -> (Job, Said) {
    let said = Said::default();
    let say = |what: &'static str| {
        let said = Arc::clone(&said);
        move |detail: String| said.lock().unwrap().push(format!("{what} {detail}"))
    };
    let [start, stop, finish, failure, letter] =
        ["start", "stop", "finish", "failure", "letter"].map(say);
    let of = |it: &RunSummary| {
        let reason = it.reason.clone().unwrap_or_default();
        format!("{} {} {reason}", it.run, it.items.completed)
    };
    let job = job
        .on_start(move |it| start(it.completed().to_string()))
        .on_stop(move |it| stop(of(it)))
        .on_finish(move |it| finish(of(it)))
        .on_failure(move |it| failure(of(it)))
        .on_dead_letter(move |it| letter(it.to_string()));
    (job, said)
}

fn taken(said: &Said) -> Vec<String> {
    std::mem::take(&mut said.lock().unwrap())
}

#[test]
fn each_end_calls_its_hook_once() {
    on_each(|place| {
        let (job, said) = telling(place.job("mail").save_every(3));
        let run = |until: u64| {
            job.run(0..8_u64, |item| match item {
                item if item == until => Err(std::io::Error::other("no")),
                _ => Ok(()),
            })
        };
        run(5).unwrap_err();
        assert_eq!(taken(&said), ["start none", "failure 1 5 item 5: no"]);
        let stopped = job.run(0..8_u64, |item| match item {
            6 => Err(stop!("the tape is full at {item}")),
            _ => Ok::<(), Error>(()),
        });
        assert!(stopped.unwrap_err().is_stopped());
        assert_eq!(taken(&said), ["start 0-4", "stop 2 1 the tape is full at 6"]);
        run(9).unwrap();
        assert_eq!(taken(&said), ["start 0-5", "finish 3 2 "]);
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            job.run(0..8, |item| -> Result<(), Error> {
                assert_ne!(item, 3, "boom");
                Ok(())
            })
        }));
        panicked.unwrap_err();
        let said = taken(&said);
        assert!(said[1].starts_with("failure 1 3 item 3: ") && said.len() == 2, "{said:?}");
    });
}

#[test]
fn a_hook_that_panics_leaves_the_run_alone() {
    on_each(|place| {
        let job = place.job("mail").on_start(|_| panic!("a")).on_finish(|_| panic!("b"));
        job.run(0..3, |_| Ok::<(), Error>(())).unwrap();
        assert!(job.peek_checkpoint().unwrap().is_none());
    });
}

#[test]
fn a_call_within_its_own_run_calls_no_hook() {
    on_each(|place| {
        let (job, said) = telling(place.job("mail"));
        job.run(0..1, |_| job.run(0..5, |_| Ok::<(), Error>(()))).unwrap();
        assert_eq!(taken(&said), ["start none", "finish 1 1 "]);
    });
}

fn give_up(_: &ErrorContext) -> Action {
    Action::DeadLetter
}

static SAID: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn note(what: String) {
    SAID.lock().unwrap().push(what);
}

#[resumable(
    name = "odd", backend = place.backend.clone(), on_error = give_up, fresh(place),
    on_dead_letter = |it| note(it.to_string()), on_finish = |it| note(it.to_string()), on_start = |_| (),
    on_stop = |_| (), on_failure = |_| (), summary, progress_lines = "1h",
)]
fn odd(place: &Place, items: &[u64]) -> anyhow::Result<()> {
    #[resume]
    for item in items {
        anyhow::ensure!(item % 2 == 0, "odd");
    }
    Ok(())
}

#[test]
fn the_attribute_has_hooks_as_options() {
    on_each(|place| {
        odd(place, &[0, 1, 2, 3]).unwrap();
        let said = std::mem::take(&mut *SAID.lock().unwrap());
        assert_eq!(said[..2], ["item 1, after 1 attempt: odd", "item 3, after 1 attempt: odd"]);
        assert!(said[2].starts_with("run 1 finished after "), "{said:?}");
        assert!(said[2].contains("4 items, ") && said[2].contains("; 0 retried, 2 given up; "));
        place.job("odd").clear_checkpoint().unwrap();
    });
}

#[derive(Default)]
struct Gauge(Mutex<Vec<String>>);

impl ShowProgress for &'static Gauge {
    fn begin(&self, job: &str, depth: usize, position: u64, total: Option<u64>) {
        self.0.lock().unwrap().push(format!("{job} {depth} {position} {total:?}"));
    }

    fn reach(&self, depth: usize, position: u64) {
        self.0.lock().unwrap().push(format!("{depth} {position}"));
    }

    fn end(&self, depth: usize) {
        self.0.lock().unwrap().push(format!("end {depth}"));
    }
}

#[test]
fn a_gauge_of_ones_own_follows_the_run() {
    on_each(|place| {
        place.fail("mail", 5);
        let gauge: &'static Gauge = Box::leak(Box::default());
        let job = place.job("mail").show_progress(gauge);
        job.run(0..8, |_| Ok::<(), Error>(())).unwrap();
        let told = gauge.0.lock().unwrap().clone();
        assert_eq!(told, ["mail 0 5 Some(8)", "0 6", "0 7", "0 8", "end 0"]);
    });
}

#[test]
fn what_stops_itself_is_stopped_and_not_failed() {
    #[resumable(name = "tape", backend = place.backend.clone(), carry(sum), max_attempts = 3, fresh(place, room))]
    fn tape(place: &Place, items: &[u64], room: u64) -> anyhow::Result<u64> {
        let mut sum = 0;
        for item in items {
            sum += item;
            if sum > room {
                let full: anyhow::Error = stop!("full");
                return Err(full.context("the tape"));
            }
        }
        Ok(sum)
    }
    on_each(|place| {
        let error = tape(place, &[1, 2, 3, 4], 3).unwrap_err();
        assert!(error.downcast_ref::<Error>().unwrap().is_stopped());
        let checkpoint = place.job("tape").peek_checkpoint().unwrap().unwrap();
        assert!(checkpoint.last_failure().is_none() && !checkpoint.is_open());
        assert_eq!(checkpoint.history().last().unwrap().end(), Some(RunEnd::Stopped));
        assert_eq!(checkpoint.loops().next().unwrap().attempts(), None);
        assert_eq!(tape(place, &[1, 2, 3, 4], 99).unwrap(), 10);
    });
}

#[test]
fn an_error_that_was_only_made_stops_nothing() {
    on_each(|place| {
        let job = place.job("mail");
        let failed = job.run(0..8, |item| {
            let _unused: Error = stop!("never mind");
            if item == 3 { Err(std::io::Error::other("no")) } else { Ok(()) }
        });
        failed.unwrap_err();
        assert!(job.peek_checkpoint().unwrap().unwrap().last_failure().is_some());
    });
}
