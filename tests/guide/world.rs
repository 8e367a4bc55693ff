//! Provides what readers of the guide have to imagine: where the program runs, its customers, and trouble.

use std::env;
use std::fmt::Display;
use std::mem;
use std::process::{self, Command, Output};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tempfile::TempDir;

/// The things that were done in the world, and the things that are going to fail.
#[derive(Default)]
struct Events {
    done: Vec<String>,
    failing: Vec<String>,
}

static TURN: Mutex<()> = Mutex::new(());
static EVENTS: Mutex<Events> = Mutex::new(Events { done: Vec::new(), failing: Vec::new() });

/// Locks a mutex even if it is poisoned: a test that has panicked leaves nothing half done here.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The world of one test at a time, in a folder of its own, because pages name files and jobs as if a program were
/// alone in its folder.
pub(crate) struct World {
    events: &'static Mutex<Events>,
    dir: TempDir,
    _turn: MutexGuard<'static, ()>,
}

impl World {
    pub(crate) fn begin() -> Self {
        let turn = lock(&TURN);
        let dir = tempfile::tempdir().unwrap();
        env::set_current_dir(&dir).unwrap();
        *lock(&EVENTS) = Events::default();
        World { events: &EVENTS, dir, _turn: turn }
    }

    /// Makes the act `what` fail the next time that it is to be done.
    pub(crate) fn fails(&self, what: impl Display) {
        lock(self.events).failing.push(what.to_string());
    }

    /// Returns all acts that were done since the last call.
    pub(crate) fn done(&self) -> Vec<String> {
        mem::take(&mut lock(self.events).done)
    }
}

/// The variable that tells a process to run the program of the test that has started it.
const PROGRAM: &str = "SAFE_STATE_GUIDE_PROGRAM";

/// Runs `program` in a process of its own, with `variables` in its environment, and returns how it ended. The process
/// is the test harness with the test `test` alone, so `test` is the test's path.
pub(crate) fn in_a_process(
    test: &str,
    variables: &[(&str, &str)],
    program: impl FnOnce(&World),
) -> Output {
    let world = World::begin();
    if env::var_os(PROGRAM).is_some() {
        program(&world);
        process::exit(0);
    }
    Command::new(env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(PROGRAM, "1")
        .env("TMPDIR", world.dir.path())
        .envs(variables.iter().copied())
        .output()
        .unwrap()
}

/// Does the act `what`, unless it is to fail.
pub(crate) fn act(what: impl Display) -> anyhow::Result<()> {
    let (what, mut events) = (what.to_string(), lock(&EVENTS));
    if let Some(at) = events.failing.iter().position(|it| *it == what) {
        events.failing.remove(at);
        anyhow::bail!("{what}: connection reset");
    }
    events.done.push(what);
    Ok(())
}

#[derive(Clone, Copy, Debug, Hash)]
pub(crate) struct Customer {
    pub(crate) id: u64,
    pub(crate) email: &'static str,
}

pub(crate) const CUSTOMERS: [Customer; 4] = [
    Customer { id: 1, email: "ada" },
    Customer { id: 2, email: "ben" },
    Customer { id: 3, email: "cyd" },
    Customer { id: 4, email: "dan" },
];

/// Sends a message to a customer.
pub(crate) fn send(customer: &Customer) -> anyhow::Result<()> {
    act(customer.email)
}
