//! Tests what is asked of all workers, and what workers do that have nothing to do.

use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use anyhow::Result;
use safe_state::{Action, Error, ErrorContext, StopReason, resumable, step};

use crate::World;

/// A gate at which an item waits until the test lets it go on.
struct Gate {
    came: Sender<u64>,
    go_on: Mutex<Receiver<()>>,
}

fn gate() -> (Gate, Receiver<u64>, Sender<()>) {
    let ((came, comes), (go, go_on)) = (channel(), channel());
    (Gate { came, go_on: Mutex::new(go_on) }, comes, go)
}

impl Gate {
    fn pass(&self, item: u64) {
        self.came.send(item).unwrap();
        // If the test has failed, nobody lets the item go on.
        let _ = self.go_on.lock().unwrap().recv();
    }
}

#[resumable(name = "idle", shared, slices = 2, backend = world.backend(), on_idle = "leave", fresh(gate, world))]
fn idle(world: &World, gate: &Gate) -> Result<()> {
    for item in 0..2 {
        gate.pass(item);
        world.act(item)?;
    }
    Ok(())
}

#[test]
fn a_worker_that_is_not_to_wait_leaves() {
    let world = World::default();
    let (gate, comes, go) = gate();
    thread::scope(|scope| {
        // The sender is dropped if the test fails, so that the workers end.
        let go = go;
        let workers = [(); 2].map(|()| scope.spawn(|| idle(&world, &gate)));
        comes.recv().unwrap();
        comes.recv().unwrap();
        go.send(()).unwrap();
        // The worker that goes on first finds that the other has the rest of the items.
        while !workers.iter().any(thread::ScopedJoinHandle::is_finished) {
            thread::yield_now();
        }
        go.send(()).unwrap();
        let mut left = 0;
        for worker in workers {
            if let Err(error) = worker.join().unwrap() {
                let stopped = error.downcast_ref::<Error>();
                let reason = StopReason::Idle;
                assert!(
                    matches!(stopped, Some(Error::Stopped { reason: found, .. }) if *found == reason)
                );
                left += 1;
            }
        }
        assert_eq!(left, 1);
    });
    assert_eq!(world.done(), [0, 1]);
}

#[resumable(name = "asked", shared, slices = 8, backend = world.backend(), fresh(came, world))]
fn asked(world: &World, came: &Sender<()>) -> Result<()> {
    for item in 0..8000 {
        if item % 1000 == 0 {
            came.send(())?;
        }
        world.act(item)?;
        // Only a run that is not cancelled takes long.
        thread::sleep(std::time::Duration::from_millis(5));
    }
    Ok(())
}

#[test]
fn all_workers_are_cancelled() {
    let world = World::default();
    let (came, comes) = channel();
    thread::scope(|scope| {
        let workers = [(); 2].map(|()| {
            let (world, came) = (&world, came.clone());
            scope.spawn(move || asked(world, &came))
        });
        comes.recv().unwrap();
        comes.recv().unwrap();
        world.job("asked").cancel().unwrap();
        for worker in workers {
            let error = worker.join().unwrap().unwrap_err().to_string();
            let says = "job `asked` stopped because it was cancelled, and has saved its progress; run it again to go on";
            assert_eq!(error, says);
        }
    });
    let before = world.done();
    assert!(before.len() < 8000 && before.len() >= 2, "{before:?}");
    // The next run uses the request up, and goes on.
    world.fails(&(0..8000).filter(|item| !before.contains(item)).collect::<Vec<_>>());
    let error = asked(&world, &came).unwrap_err().to_string();
    assert!(error.ends_with("is bad"), "{error}");
    assert_eq!(world.job("asked").requested().unwrap(), None);
    assert_eq!(world.done(), [0; 0]);
}

#[resumable(name = "given-up", shared, slices = 2, backend = world.backend())]
fn given_up(world: &World) -> Result<()> {
    world.act(100)?;
    let () = step!("first", world.act(101)?);
    for item in 0..2 {
        world.act(item)?;
    }
    Ok(())
}

#[test]
fn no_worker_joins_a_job_that_is_given_up() {
    let world = World::default();
    let refused = |world: &World| {
        let error = given_up(world).unwrap_err();
        let reason = StopReason::Abandoned;
        assert!(
            matches!(error.downcast_ref(), Some(Error::Stopped { reason: found, .. }) if *found == reason),
            "{error}"
        );
        assert_eq!(world.done(), [0; 0]);
    };
    world.job("given-up").abandon("no").unwrap();
    refused(&world);
    assert_eq!(world.listed(), [""; 0]);
    world.job("given-up").resume().unwrap();
    given_up(&world).unwrap();
    assert_eq!(world.done(), [0, 1, 100, 101]);
    world.job("given-up").abandon("no").unwrap();
    refused(&world);
}

fn give_up(_: &ErrorContext<'_>) -> Action {
    Action::DeadLetter
}

#[resumable(
    name = "passed", shared, slices = 4, backend = world.backend(), on_error = give_up, max_attempts = 1, fresh(world, behind),
    carry(total, merge = |a, b| a + b)
)]
fn passed(world: &World, behind: &(dyn Fn() + Sync)) -> Result<u64> {
    let mut total = 0;
    for item in 0..8 {
        world.act(item)?;
        total += item;
    }
    behind();
    Ok(total)
}

#[test]
fn a_worker_that_has_passed_items_which_are_put_back_says_so() {
    let world = World::default();
    world.fails(&[3]);
    let error = passed(&world, &|| {
        world.fails(&[]);
        assert_eq!(world.job("passed").retry_dead_letters().unwrap(), 1);
    });
    let says = "job `passed` stopped because items that it had passed were put back; run it again to do them";
    assert_eq!(error.unwrap_err().to_string(), says);
    let head = world.job("passed").peek_checkpoint().unwrap().unwrap();
    assert!(!head.is_finished());
    assert_eq!(world.done(), [0, 1, 2, 4, 5, 6, 7]);
    assert_eq!(passed(&world, &|| ()).unwrap(), 28);
    assert_eq!(world.done(), [3]);
}

#[resumable(name = "before", shared, slices = 4, backend = world.backend(), fresh(world))]
fn before(world: &World) -> Result<()> {
    world.act(100)?;
    for item in 0..8 {
        world.act(item)?;
    }
    Ok(())
}

#[test]
fn a_worker_that_fails_before_its_loop_finishes_nothing() {
    let world = World::default();
    world.fails(&[100]);
    before(&world).unwrap_err();
    let head = world.job("before").peek_checkpoint().unwrap();
    assert!(head.is_none_or(|head| !head.is_finished()));
}

#[test]
fn a_job_is_not_cleared_while_a_worker_has_a_slice() {
    let world = World::default();
    let (gate, comes, go) = gate();
    thread::scope(|scope| {
        // The sender is dropped if the test fails, so that the worker ends.
        let go = go;
        let worker = scope.spawn(|| idle(&world, &gate));
        comes.recv().unwrap();
        let error = world.job("idle").clear_checkpoint().unwrap_err().to_string();
        assert!(error.starts_with("job `idle` is already running"), "{error}");
        let error = world.job("idle").retry_dead_letters().unwrap_err().to_string();
        assert!(error.starts_with("job `idle` is already running"), "{error}");
        go.send(()).unwrap();
        go.send(()).unwrap();
        worker.join().unwrap().unwrap();
    });
    world.job("idle").clear_checkpoint().unwrap();
}
