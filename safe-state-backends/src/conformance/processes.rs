//! Checks between processes: one of them runs a job, and may be killed.

use std::env;
use std::io::{BufRead, BufReader, Lines};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::subject::{Subject, load, save_more};
use crate::lease::wait;
use crate::{Backend, Error, LeaseOptions};

/// The environment variable that tells a child its task.
const ROLE: &str = "SAFE_STATE_CONFORMANCE";
/// The beginning of the lines that a child prints for its parent.
const MARK: &str = "safe-state conformance: ";

const TURNS: usize = 20;
const KILLS: u64 = 20;

/// Does the task of a process that [`Subject::check_processes`] has started, with the backend that `open` returns. Returns
/// whether this process is one of them.
///
/// # Panics
///
/// Panics if the backend fails.
pub fn answer_as_child(open: impl FnOnce() -> Arc<dyn Backend>) -> bool {
    let Ok(role) = env::var(ROLE) else { return false };
    let backend = open();
    match role.as_str() {
        "hold" => hold(&backend),
        "take turns" => take_turns(&backend),
        "save" => save(&backend),
        other => panic!("there is no role {other:?}"),
    }
    true
}

fn say(text: impl std::fmt::Display) {
    println!("{MARK}{text}");
}

fn patiently() -> LeaseOptions {
    LeaseOptions::default().wait(Some(Duration::from_secs(120)))
}

fn hold(backend: &Arc<dyn Backend>) {
    let mut lease = wait::lease(backend, "held", patiently()).unwrap();
    lease.save(b"held").unwrap();
    say("holding");
    // The child waits until it is killed, or its parent is gone.
    let _ = std::io::stdin().lines().count();
}

fn take_turns(backend: &Arc<dyn Backend>) {
    for _ in 0..TURNS {
        let mut lease = wait::lease(backend, "in turns", patiently()).unwrap();
        let count = load(&**backend, "in turns").map_or(0, |count| count.len());
        lease.save(&vec![b'.'; count + 1]).unwrap();
    }
}

/// Saves states that grow by one byte each, and prints the length of each saved one.
fn save(backend: &Arc<dyn Backend>) {
    let mut lease = wait::lease(backend, "killed", patiently()).unwrap();
    let mut whole = load(&**backend, "killed").unwrap_or_default();
    lease.save(&whole).unwrap();
    loop {
        let next = byte_at(whole.len());
        if next.is_multiple_of(16) {
            whole.push(next);
            lease.save(&whole).unwrap();
        } else {
            save_more(&mut *lease, &whole, &[next]);
            whole.push(next);
        }
        say(whole.len());
    }
}

fn byte_at(at: usize) -> u8 {
    u8::try_from(at % 250 + 1).unwrap()
}

pub(super) fn check(subject: &Subject, child: &dyn Fn() -> Command) {
    if subject.has_leases {
        a_job_is_held_by_one_process(subject, child);
        processes_take_turns(subject, child);
    }
    what_was_saved_survives_a_kill(subject, child);
}

fn a_job_is_held_by_one_process(subject: &Subject, child: &dyn Fn() -> Command) {
    let mut holder = Process::start(child(), "hold");
    assert_eq!(holder.said().as_deref(), Some("holding"));
    match subject.try_lease("held").err() {
        Some(Error::Held { holder: Some(by), .. }) => assert_eq!(by.pid(), holder.0.id()),
        other => panic!("a second lease: {other:?}"),
    }
    assert_eq!(subject.load("held").as_deref(), Some(&b"held"[..]));
    drop(holder);
    let killed = Instant::now();
    let options = LeaseOptions::default().wait(Some(subject.follows_within));
    let mut lease = wait::lease(&subject.open(), "held", options).unwrap_or_else(|error| {
        panic!("{:?} after the holder was killed: {error}", killed.elapsed());
    });
    lease.delete().unwrap();
}

fn processes_take_turns(subject: &Subject, child: &dyn Fn() -> Command) {
    let mut others: Vec<Process> = (0..3).map(|_| Process::start(child(), "take turns")).collect();
    take_turns(&subject.open());
    assert!(others.iter_mut().all(|other| other.0.wait().unwrap().success()));
    let turns = subject.load("in turns").map_or(0, |count| count.len());
    assert_eq!(turns, (others.len() + 1) * TURNS, "a turn was lost");
    subject.lease("in turns").delete().unwrap();
}

fn what_was_saved_survives_a_kill(subject: &Subject, child: &dyn Fn() -> Command) {
    for kill in 0..KILLS {
        let mut victim = Process::start(child(), "save");
        let mut saved = 0;
        for _ in 0..=5 * kill {
            saved = victim.said().expect("it saves until it is killed").parse().unwrap();
        }
        // The lines that it has printed since are read after its death.
        victim.0.kill().unwrap();
        victim.0.wait().unwrap();
        while let Some(length) = victim.said() {
            saved = length.parse().unwrap();
        }
        let found = subject.load("killed").expect("it was saved");
        assert!(found.len() >= saved, "{saved} were saved, and {} are there", found.len());
        assert!(found.len() <= saved + 1, "{} are there, and {saved} were saved", found.len());
        assert!((0..found.len()).map(byte_at).eq(found), "a state that was never saved");
    }
    let options = LeaseOptions::default().wait(Some(subject.follows_within));
    wait::lease(&subject.open(), "killed", options).unwrap().delete().unwrap();
}

/// A child process, which is killed when dropped.
struct Process(Child, Lines<BufReader<ChildStdout>>);

impl Process {
    fn start(mut command: Command, role: &str) -> Self {
        command.env(ROLE, role).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Process(child, lines)
    }

    /// Returns what the child prints next; `None` when it has ended. Its last line may be cut off.
    fn said(&mut self) -> Option<String> {
        self.1
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| line.split_once(MARK).map(|(_, text)| text.to_owned()))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // The child may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
