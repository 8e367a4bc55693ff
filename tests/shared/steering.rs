//! What is asked of all workers, and what they do that have nothing to do.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Barrier, Mutex};
use std::thread;

use anyhow::Result;
use safe_state::{Error, StopReason, resumable};

use crate::World;

/// An item waits in the midst of its work until it is let go on.
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
        self.go_on.lock().unwrap().recv().unwrap();
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
        let workers = [(); 2].map(|()| scope.spawn(|| idle(&world, &gate)));
        comes.recv().unwrap();
        comes.recv().unwrap();
        go.send(()).unwrap();
        // Of the two, the one that goes on first finds that the other has what is left.
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

#[resumable(name = "asked", shared, slices = 8, backend = world.backend(), fresh(barrier, world))]
fn asked(world: &World, barrier: &Barrier) -> Result<()> {
    for item in 0..64 {
        if item % 8 == 0 {
            barrier.wait();
        }
        world.act(item)?;
        thread::sleep(std::time::Duration::from_millis(20));
    }
    Ok(())
}

#[test]
fn all_workers_are_cancelled() {
    let world = World::default();
    // Both workers, and the test.
    let barrier = Barrier::new(3);
    thread::scope(|scope| {
        let workers = [(); 2].map(|()| scope.spawn(|| asked(&world, &barrier)));
        barrier.wait();
        world.job("asked").cancel().unwrap();
        for worker in workers {
            let error = worker.join().unwrap().unwrap_err().to_string();
            assert_eq!(
                error,
                "job `asked` stopped because it was cancelled, and has saved its progress; run it again to go on"
            );
        }
    });
    let before = world.done();
    assert!(before.len() < 20, "{before:?}");
    // The next one uses the request up, and goes on.
    asked(&world, &Barrier::new(1)).unwrap();
    assert_eq!(world.job("asked").requested().unwrap(), None);
    let all = [before, world.done()].concat();
    assert_eq!(all.len(), 64);
}

#[test]
fn a_job_is_not_cleared_while_a_worker_has_a_slice() {
    let world = World::default();
    let (gate, comes, go) = gate();
    thread::scope(|scope| {
        let worker = scope.spawn(|| idle(&world, &gate));
        comes.recv().unwrap();
        let error = world.job("idle").clear_checkpoint().unwrap_err().to_string();
        assert!(error.starts_with("job `idle` is already running"), "{error}");
        let error = world.job("idle").retry_dead_letters();
        assert_eq!(error.unwrap(), 0);
        go.send(()).unwrap();
        go.send(()).unwrap();
        worker.join().unwrap().unwrap();
    });
    world.job("idle").clear_checkpoint().unwrap();
}
