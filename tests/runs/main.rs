//! Compares the runs of a job with a model: random inputs, carried state, save policies, ends by error, panic, a
//! dropped future or a kill, and inputs that change between runs. The model says which items each run does, in which
//! order, and what the job returns in the end.
//!
//! `SAFE_STATE_STORM=10` tries ten times as many jobs.

mod job;
mod model;
mod nested;
mod plan;
mod retried;

use std::ffi::OsStr;
use std::fmt::Debug;
use std::fs::{self, File};
use std::path::Path;
use std::process::Command;

use proptest::collection::{btree_set, vec};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::TestRunner;
use safe_state_tests::{Effects, storms};
use serde::Serialize;
use serde::de::DeserializeOwned;

use model::Model;
use plan::{Ended, How, Kind, Run, Stop, Way};

fn kind() -> impl Strategy<Value = Kind> {
    let way = select(vec![Way::Index, Way::Key, Way::Cursor]);
    let save_every = select(vec![1, 2, 3, 7, 1000]);
    (way, any::<bool>(), any::<bool>(), save_every).prop_map(
        |(way, carries, is_async, save_every)| Kind { way, carries, is_async, save_every },
    )
}

fn stop(is_async: bool) -> impl Strategy<Value = Option<Stop>> {
    let mut ways = vec![How::Error, How::Panic, How::Error, How::Panic, How::Kill];
    if is_async {
        ways.extend([How::Drop, How::Drop]);
    }
    let stop = (0..12_usize, any::<bool>(), select(ways))
        .prop_map(|(after, has_effect, how)| Stop { after, has_effect, how });
    prop_oneof![4 => stop.prop_map(Some), 1 => Just(None)]
}

/// Returns inputs that the way of knowing items supports. By index, they only grow. By cursor, they are in order and
/// without repeats. By key, they may be any.
fn inputs(way: Way, runs: usize) -> BoxedStrategy<Vec<Vec<u32>>> {
    let grown = |input: &mut Vec<u32>, part: Vec<u32>| {
        input.extend(part);
        Some(input.clone())
    };
    match way {
        Way::Index => vec(vec(0..9_u32, 0..6), runs)
            .prop_map(move |parts| parts.into_iter().scan(Vec::new(), grown).collect())
            .boxed(),
        Way::Key => vec(vec(0..9_u32, 0..14), runs).boxed(),
        Way::Cursor => vec(btree_set(1..20_u32, 0..14), runs)
            .prop_map(|sets| sets.into_iter().map(|set| set.into_iter().collect()).collect())
            .boxed(),
    }
}

fn job_and_runs() -> impl Strategy<Value = (Kind, Vec<Run>)> {
    (kind(), 1..6_usize).prop_flat_map(|(kind, count)| {
        let runs = (inputs(kind.way, count), vec(stop(kind.is_async), count));
        let runs = runs.prop_map(|(inputs, stops)| {
            inputs.into_iter().zip(stops).map(|(input, stop)| Run { input, stop }).collect()
        });
        (Just(kind), runs)
    })
}

/// Compares each run of a job with the model.
fn check(kind: Kind, runs: &[Run]) {
    let dir = tempfile::tempdir().unwrap();
    let mut model = Model::new(kind);
    for run in runs {
        let expected = model.run(run);
        let found = do_run(dir.path(), kind, run);
        assert_eq!(found, expected, "{kind:?}, {run:?} of {runs:#?}");
        let checkpoint = safe_state::Job::new("any").state_dir(dir.path()).peek_checkpoint();
        let is_finished = matches!(found.1, Ended::Returned(_));
        assert_eq!(checkpoint.unwrap().is_none(), is_finished);
    }
}

/// Does a run, in a process of its own if it is to be killed. Returns its effects and how it ended.
fn do_run(dir: &Path, kind: Kind, run: &Run) -> (Vec<u32>, Ended) {
    let effects = Effects::open(dir.join("effects")).unwrap();
    let before = effects.all().len();
    let ended = match run.stop {
        Some(Stop { how: How::Kill, .. }) => {
            run_in_child(dir, "any", &kind, run).unwrap_or(Ended::Stopped(How::Kill))
        }
        _ => job::run(dir, kind, run),
    };
    let new = effects.all().into_iter().skip(before);
    (new.map(|item| u32::try_from(item).unwrap()).collect(), ended)
}

/// Does a run in a process of its own. Returns how the run ended; `None` if it was killed.
fn run_in_child<E: DeserializeOwned>(
    dir: &Path,
    job: &str,
    kind: &(impl Serialize + Debug),
    run: &(impl Serialize + Debug),
) -> Option<E> {
    let mut child = Command::new(env!("CARGO_BIN_EXE_run"));
    child
        .args([OsStr::new(job), dir.as_os_str()])
        .args([serde_json::to_string(kind).unwrap(), serde_json::to_string(run).unwrap()]);
    let status = child.status().unwrap();
    if status.success() {
        let path = dir.join("ended");
        let ended = serde_json::from_reader(File::open(&path).unwrap()).unwrap();
        fs::remove_file(path).unwrap();
        return Some(ended);
    }
    assert_eq!(status.code(), None, "{kind:?}, {run:?}");
    None
}

fn runner(cases: u32) -> TestRunner {
    let cases = ProptestConfig::with_cases(cases * storms::times());
    TestRunner::new(ProptestConfig { failure_persistence: None, ..cases })
}

#[test]
fn every_run_does_what_the_model_says() {
    let checked = runner(600).run(&job_and_runs(), |(kind, runs)| {
        check(kind, &runs);
        Ok(())
    });
    checked.unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn items_that_fail_are_given_up_and_put_back_as_the_model_says() {
    let checked = runner(300).run(&retried::job_and_runs(), |(kind, runs)| {
        retried::check(kind, &runs);
        Ok(())
    });
    checked.unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn loops_inside_and_after_one_another_lose_nothing() {
    let checked =
        runner(600).run(&nested::jobs_and_what_befalls_them(), |(kind, input, befalls)| {
            nested::check(kind, input, &befalls);
            Ok(())
        });
    checked.unwrap_or_else(|error| panic!("{error}"));
}
