//! Runs a worker's job under `strace`, which sees the calls on the job's own files, and tampers with one.

use std::collections::HashMap;
use std::fs;
use std::process::{Command, Output};

use safe_state::Job;
use safe_state_tests::{Found, Ledger};
use tempfile::TempDir;

const ITEMS: u64 = 6;

/// The kind of a worker's job, and its durability.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kind(pub(crate) &'static str, pub(crate) &'static str);

/// A system call that a run made.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) name: String,
    /// The number of the call among the thread's calls with this name, from 1.
    pub(crate) nth: usize,
    /// The text of the call from its name on, as `strace` prints it.
    pub(crate) text: String,
}

impl Call {
    /// Returns whether the call was tampered with.
    pub(crate) fn is_injected(&self) -> bool {
        self.text.contains("INJECTED")
    }

    /// Returns whether another run may not make the call: a run that is quicker looks less often whether its file still
    /// exists, and whether it was asked something.
    fn depends_on_time(&self) -> bool {
        ["statx", "newfstatat"].contains(&&*self.name) || self.text.contains("request")
    }
}

/// Returns whether a run may have ended before its `nth` call of a name, which another run made: it made fewer of the
/// calls that depend on time, so that its calls have lower numbers.
pub(crate) fn is_out_of_reach(call: &Call, of_another: &[Call], calls: &[Call]) -> bool {
    let by_time = |calls: &[Call]| {
        calls.iter().filter(|it| it.name == call.name && it.depends_on_time()).count()
    };
    by_time(calls) < by_time(of_another)
}

/// A job, from its first run to the one that finishes it.
pub(crate) struct Victim {
    kind: Kind,
    pub(crate) dir: TempDir,
    ledger: Ledger,
}

impl Victim {
    pub(crate) fn new(kind: Kind) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let ledger = Ledger::new(dir.path(), ITEMS, 1);
        Victim { kind, dir, ledger }
    }

    /// Runs the job with a call tampered with as `strace -e inject=` says, and returns the calls that it made.
    pub(crate) fn run(&self, inject: Option<&str>) -> (Output, Vec<Call>) {
        self.run_by(Command::new("env"), inject)
    }

    /// Runs the job like [`Victim::run`], by a command that starts programs.
    pub(crate) fn run_by(&self, mut strace: Command, inject: Option<&str>) -> (Output, Vec<Call>) {
        let log = self.dir.path().join("calls");
        strace.arg("strace");
        strace.args(["-f", "-qqq", "-o"]).arg(&log);
        for file in
            ["", "state", "state/storm.lock", "state/storm.safestate", "state/storm.safestate.tmp"]
        {
            strace.arg("-P").arg(self.dir.path().join(file));
        }
        strace.args(inject.iter().flat_map(|inject| ["-e".to_owned(), format!("inject={inject}")]));
        let output = self.worker(strace).output().expect("install faketime");
        let log = fs::read_to_string(log);
        let calls = parse(&log.unwrap_or_else(|_| panic!("install strace: {output:?}")));
        (output, calls)
    }

    /// Runs the job untouched, as the next run after any trouble.
    pub(crate) fn run_to_the_end(&mut self, when: &str) {
        let output = self.worker(Command::new("env")).output().unwrap();
        assert!(output.status.success(), "{when}: {output:?}");
        assert_eq!(self.look(when), Found::Finished, "{when}");
    }

    fn worker(&self, mut before: Command) -> Command {
        let Kind(kind, durability) = self.kind;
        before
            .arg(env!("CARGO_BIN_EXE_worker"))
            .args(["storm", kind, durability, "1", &ITEMS.to_string()])
            .arg(self.dir.path())
            .env("RUST_BACKTRACE", "0")
            .env("SAFE_STATE_STACK", "0");
        before
    }

    pub(crate) fn job(&self) -> Job {
        self.ledger.job().clone()
    }

    pub(crate) fn look(&mut self, when: &str) -> Found {
        self.ledger.look(when)
    }
}

/// Returns the calls of a run that is not disturbed.
pub(crate) fn calls_of(kind: Kind) -> Vec<Call> {
    let mut victim = Victim::new(kind);
    let (output, calls) = victim.run(None);
    assert!(output.status.success(), "{kind:?}: {output:?}");
    assert_eq!(victim.look("untouched"), Found::Finished);
    let replaced = calls.iter().filter(|call| call.name == "fallocate").count();
    assert_eq!(replaced > 1, kind.0 == "bulky", "{kind:?} wrote {replaced} snapshots");
    calls
}

/// Parses the lines of `strace`, which are `PID NAME(ARGUMENTS) = RESULT`. A call that is divided by another thread's
/// call begins on one line and is resumed on another.
pub(crate) fn parse(log: &str) -> Vec<Call> {
    let mut counts = HashMap::new();
    let mut calls = Vec::new();
    for line in log.lines() {
        let (thread, text) = line.split_once(' ').unwrap();
        let text = text.trim_start();
        let Some((name, _)) = text.split_once('(').filter(|(name, _)| is_name(name)) else {
            continue;
        };
        let nth = counts.entry((thread, name)).or_insert(0);
        *nth += 1;
        calls.push(Call { name: name.to_owned(), nth: *nth, text: text.to_owned() });
    }
    calls
}

fn is_name(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
