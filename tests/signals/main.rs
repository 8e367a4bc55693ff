//! Tests signals that ask a process to end.

mod blame;
mod first;
mod pairs;
mod second;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use safe_state::{Checkpoint, Job};
use safe_state_tests::Effects;

/// A program that prints a line as each of its items begins.
struct Asked {
    child: Child,
    lines: Option<BufReader<ChildStdout>>,
}

impl Asked {
    fn start(command: &mut Command) -> Asked {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let lines = child.stdout.take().map(BufReader::new);
        Asked { child, lines }
    }

    /// Waits until `items` more items have begun.
    fn begun(&mut self, items: usize) {
        for _ in 0..items {
            let line = self.line();
            assert!(line.starts_with("item "), "{line:?}");
        }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        let read = self.lines.as_mut().unwrap().read_line(&mut line).unwrap();
        assert!(read > 0, "it has ended");
        line.trim_end().to_owned()
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    fn signal(&self, signal: Signal) {
        // The program may have ended.
        let _ = kill_process(self.pid(), signal);
    }

    /// Waits until the program has started a process, and returns its id.
    fn child(&self) -> Pid {
        let pid = self.child.id();
        loop {
            let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
            let first = children.ok().and_then(|all| all.split(' ').next()?.parse().ok());
            if let Some(child) = first.and_then(Pid::from_raw) {
                return child;
            }
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// Reads and drops all further output, so that the program is never blocked by it.
    fn drain(&mut self) {
        let lines = self.lines.take();
        thread::spawn(move || {
            lines.map(|mut lines| std::io::copy(&mut lines, &mut std::io::sink()))
        });
    }

    /// Waits for the end of the program, and returns how it ended.
    fn ended(mut self) -> ExitStatus {
        self.drain();
        self.child.wait().unwrap()
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        // The program has ended, unless the test has failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn asked(kind: &str, dir: &Path, millis: u64) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_signals_child"));
    command.arg(kind).arg(dir).arg(millis.to_string());
    // With backtraces, the program looks up the stack of the error that it ends with, which takes seconds.
    command.env("RUST_BACKTRACE", "0");
    command
}

fn checkpoint(dir: &Path) -> Checkpoint {
    Job::new("asked").state_dir(dir).peek_checkpoint().unwrap().unwrap()
}

/// Checks that as many items are saved as were begun, so that each was begun once.
fn is_all_saved(dir: &Path, what: &str) {
    let done = Effects::open(dir.join("effects")).unwrap().all();
    let saved = checkpoint(dir).completed().len();
    assert_eq!(saved, done.len() as u64, "{what}");
}
