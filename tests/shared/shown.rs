//! What each worker calls and shows of itself.

use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Waker};
use std::thread;

use anyhow::Result;
use safe_state::backend::LeaseOptions;
use safe_state::{
    Action, Backend, ErrorContext, RunEnd, RunSummary, Status, resumable, step, stop,
};

use crate::World;
use crate::workers::{shown_by, spawn_shown};

/// What the hooks of one test have said.
static TOLD: Mutex<Vec<String>> = Mutex::new(Vec::new());
static FAILED: Mutex<Vec<String>> = Mutex::new(Vec::new());
static LEFT: Mutex<Vec<String>> = Mutex::new(Vec::new());
static DROPPED: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn say(to: &Mutex<Vec<String>>, what: String) {
    to.lock().unwrap().push(what);
}

fn taken(from: &Mutex<Vec<String>>) -> Vec<String> {
    std::mem::take(&mut from.lock().unwrap())
}

fn told(what: &str, it: &RunSummary) -> String {
    let reason = it.reason.clone().unwrap_or_default();
    format!("{what} {} {} {reason}", it.run, it.items.completed)
}

fn give_up(context: &ErrorContext<'_>) -> Action {
    say(&TOLD, format!("asked {}", context.index()));
    Action::DeadLetter
}

#[resumable(
    name = "told", shared, slices = 4, backend = world.backend(), on_error = give_up,
    on_start = |it| say(&TOLD, format!("start {} {}", it.job(), it.completed())),
    on_finish = |it| say(&TOLD, told("finish", it)),
    on_dead_letter = |it| say(&TOLD, format!("letter {it}")),
)]
fn telling(world: &World) -> Result<()> {
    for item in 0..10 {
        world.act(item)?;
    }
    Ok(())
}

#[test]
fn each_worker_calls_its_hooks() {
    let world = World::default();
    world.fails(&[7]);
    telling(&world).unwrap();
    let letter = "letter item 7, after 1 attempt: item 7 is bad";
    assert_eq!(taken(&TOLD), ["start told none", "asked 7", letter, "finish 1 10 "]);
    telling(&world).unwrap();
    assert_eq!(taken(&TOLD), ["start told 0-9", "finish 1 0 "]);
}

#[resumable(
    name = "failed", shared, slices = 4, backend = world.backend(),
    on_start = |_| say(&FAILED, "start".to_owned()),
    on_failure = |it| say(&FAILED, told("failure", it)),
)]
fn failing(world: &World, fails: bool) -> Result<()> {
    #[resume]
    for item in 0..10 {
        world.act(item)?;
    }
    let () = step!("last", check(fails)?);
    Ok(())
}

fn check(fails: bool) -> Result<()> {
    anyhow::ensure!(!fails, "the last step");
    Ok(())
}

#[test]
fn one_that_fails_says_at_which_item_of_the_whole_input() {
    let world = World::default();
    world.fails(&(0..10).filter(|item| *item != 6).collect::<Vec<_>>());
    failing(&world, true).unwrap_err();
    let told = taken(&FAILED);
    let is_told = |item: &u64| {
        let ends = format!("item {item}: item {item} is bad");
        told.len() == 2 && told[1].starts_with("failure 1 ") && told[1].ends_with(&ends)
    };
    assert!((0..10).any(|item| is_told(&item)), "{told:?}");
    world.fails(&[]);
    failing(&world, true).unwrap_err();
    let told = taken(&FAILED);
    assert!(told[1].starts_with("failure 1 ") && told[1].ends_with("the last step"), "{told:?}");
}

#[resumable(
    name = "left", shared, slices = 2, backend = world.backend(), on_idle = "leave",
    on_stop = |it| say(&LEFT, told("stop", it)),
)]
fn leaving(world: &World) -> Result<()> {
    for item in 0..10 {
        world.act(item)?;
    }
    Ok(())
}

#[test]
fn one_that_leaves_says_so() {
    let world = World::default();
    let backend: Arc<dyn Backend> = world.backend();
    let other = backend.lease("safe-state/shared/0/1/left", LeaseOptions::default()).unwrap();
    leaving(&world).unwrap_err();
    let told = taken(&LEFT);
    assert!(told.len() == 1 && told[0].starts_with("stop 1 5 "), "{told:?}");
    drop(other);
    leaving(&world).unwrap();
    assert_eq!(taken(&LEFT), [""; 0]);
}

#[resumable(
    name = "dropped", shared, slices = 2, backend = world.backend(),
    on_start = |_| say(&DROPPED, "start".to_owned()),
    on_stop = |it| say(&DROPPED, told("stop", it)),
)]
async fn waiting(world: &World) -> Result<()> {
    for item in 0..10 {
        world.act(item)?;
    }
    Ok(())
}

#[test]
fn one_that_is_dropped_while_it_waits_says_so() {
    let world = World::default();
    let backend: Arc<dyn Backend> = world.backend();
    let others = [0, 1].map(|slice| {
        let name = format!("safe-state/shared/0/{slice}/dropped");
        Arc::clone(&backend).lease(&name, LeaseOptions::default()).unwrap()
    });
    {
        let mut future = pin!(waiting(&world));
        let mut context = Context::from_waker(Waker::noop());
        let is_cut = || {
            let head = world.job("dropped").peek_checkpoint().unwrap();
            head.is_some_and(|head| head.total() == Some(10))
        };
        // It then looks for a slice, which others have.
        while !is_cut() {
            assert!(future.as_mut().poll(&mut context).is_pending());
            thread::yield_now();
        }
    }
    assert_eq!(taken(&DROPPED), ["start", "stop 1 0 it was dropped"]);
    drop(others);
}

/// Where the lines of a worker say that it is.
fn positions(lines: &str) -> Vec<u64> {
    let position = |line: &str| line.split(": ").last()?.split_once(" of 12 (")?.0.parse().ok();
    lines.lines().filter_map(position).collect()
}

#[test]
fn lines_count_what_all_workers_have_done() {
    for kind in ["shown", "shown-by-key"] {
        let (work, child) = spawn_shown(kind);
        let lines = shown_by(child);
        let told = positions(&lines);
        assert!(
            told.is_sorted() && told.len() >= 12 && told.last() == Some(&12),
            "{kind}: {lines}"
        );
        assert!(lines.contains("run 1 finished after "), "{kind}: {lines}");
        assert!(lines.contains(": 12 items, "), "{kind}: {lines}");
        drop(work);
    }
}

#[test]
fn the_items_that_a_worker_says_it_has_saved_are_those_of_the_job() {
    let (_dir, child) = spawn_shown("verbose");
    let told = String::from_utf8(child.wait_with_output().unwrap().stderr).unwrap();
    let saved = told.lines().rev().find(|line| line.contains("saved, "));
    assert_eq!(saved, Some("[safe-state] verbose: saved, 7 items complete"), "{told}");
}

/// Does an item in each slice, and fails behind the loop if it is told to.
#[resumable(name = "ends", shared, slices = 4, backend = world.backend(), fresh(fails))]
fn ends(world: &World, fails: bool) -> Result<()> {
    #[resume]
    for item in 0..4 {
        world.act(item)?;
    }
    let () = step!("last", check(fails)?);
    Ok(())
}

/// Returns the state of the job, and how its only run has ended. That one has completed what is complete.
fn state(world: &World) -> (&'static str, Option<RunEnd>) {
    let stored = world.job("ends").peek_checkpoint().unwrap().unwrap();
    let [run] = stored.history() else { panic!("all workers are one run: {:?}", stored.history()) };
    assert_eq!(run.completed(), stored.progress().completed);
    (Status::load(&*world.backend, "ends").unwrap().state.name(), run.end())
}

#[test]
fn a_job_whose_workers_have_ended_is_told_as_what_it_is() {
    let world = World::default();
    world.fails(&[2]);
    ends(&world, false).unwrap_err();
    assert_eq!(state(&world), ("failed", Some(RunEnd::Failed)));
    world.fails(&[]);
    ends(&world, true).unwrap_err();
    assert_eq!(state(&world), ("failed", Some(RunEnd::Failed)));
    let stored = world.job("ends").peek_checkpoint().unwrap().unwrap();
    assert_eq!((stored.progress().completed, stored.history()[0].completed()), (4, 4));
    assert_eq!(stored.last_failure().unwrap().message(), "the last step");
    ends(&world, false).unwrap();
    assert_eq!(state(&world), ("finished", Some(RunEnd::Finished)));
}

/// Stops itself in an item of a slice.
#[resumable(name = "ends", shared, slices = 2, backend = world.backend(), fresh(stops))]
fn stops_itself(world: &World, stops: bool) -> Result<()> {
    for item in 0..4 {
        world.act(item)?;
        if stops && item % 2 == 1 {
            return Err(stop!("for today"));
        }
    }
    Ok(())
}

#[test]
fn a_job_whose_workers_have_stopped_was_not_killed() {
    let world = World::default();
    stops_itself(&world, true).unwrap_err();
    assert_eq!(state(&world), ("stopped", Some(RunEnd::Stopped)));
    stops_itself(&world, false).unwrap();
    assert_eq!(state(&world), ("finished", Some(RunEnd::Finished)));
}
