//! Tests that signals reach the job, each once.

use std::io::{BufRead, BufReader, Lines, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ChildStdout, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use safe_state_guard_tests::guarded;

use crate::GUARDED;

/// A program under a guard, whose job counts the signals that it gets.
struct Counting {
    program: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Counting {
    fn start(command: &mut Command) -> Counting {
        let mut program = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(program.stdout.take().unwrap()).lines();
        let mut counting = Counting { program, lines };
        while !counting.line().starts_with("waiting") {}
        counting
    }

    fn line(&mut self) -> String {
        self.lines.next().unwrap().unwrap()
    }

    /// Lets the program end, and returns the signals that it has told of since the last line that was read.
    fn end(mut self) -> Vec<String> {
        self.program.stdin.take().unwrap().write_all(b"\n").unwrap();
        let said: Vec<String> = self.lines.map(Result::unwrap).collect();
        assert!(self.program.wait().unwrap().success());
        said.into_iter().filter(|line| line.contains("got")).collect()
    }
}

#[test]
fn signals_to_the_guard_alone_are_passed_on() {
    let mut counting = Counting::start(&mut guarded(GUARDED, &["count"]));
    for (signal, number) in [(Signal::TERM, 15), (Signal::INT, 2), (Signal::USR1, 10)] {
        kill_process(Pid::from_child(&counting.program), signal).unwrap();
        assert_eq!(counting.line(), format!("got {number}"));
    }
    assert_eq!(counting.end(), [""; 0], "each once");
}

#[test]
fn the_terminals_ctrl_c_reaches_the_job_once() {
    // `script` gives guard and job a terminal of their own, in whose foreground they are. `exec` leaves no shell, which
    // would die of the signal in their place.
    let mut script = Command::new("script");
    script.args(["-qec", &format!("exec {GUARDED} count"), "/dev/null"]).env("SHELL", "/bin/sh");
    let mut counting = Counting::start(&mut script);
    let stdin = counting.program.stdin.as_mut().unwrap();
    stdin.write_all(b"\x03").unwrap();
    // The terminal's echo of the key can come anywhere in the line.
    let heard = counting.line().replace("^C", "");
    assert_eq!(heard.trim_end(), "got 2");
    assert_eq!(counting.end(), [""; 0], "once");
}

#[test]
fn a_job_that_does_not_handle_a_signal_dies_of_it() {
    let mut program =
        guarded(GUARDED, &["wait"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(program.stdout.take().unwrap()).lines();
    lines.next().unwrap().unwrap();
    kill_process(Pid::from_child(&program), Signal::TERM).unwrap();
    let said: Vec<_> = lines.map(Result::unwrap).collect();
    assert!(said.iter().any(|line| line.contains("killed by signal 15")), "{said:?}");
    assert_eq!(program.wait().unwrap().code(), Some(143));
}

#[test]
fn after_the_job_the_guards_own_signals_are_as_before() {
    let output = guarded(GUARDED, &["signal-in-rescue"]).output().unwrap();
    assert_eq!(output.status.signal(), Some(15), "{output:?}");
}
