//! Tests exit codes that tell whether to run the program again, and how a supervisor reacts to them.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use safe_state::Job;

use crate::{completed, effects, program, said, supervised};

/// Starts `command`, calls `then` once an item has begun, and returns the exit code and what it said.
fn ended(mut command: Command, then: impl FnOnce(Pid)) -> (Option<i32>, String) {
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    lines.read_line(&mut String::new()).unwrap();
    then(Pid::from_child(&child));
    let reading = std::thread::spawn(move || std::io::copy(&mut lines, &mut std::io::sink()));
    let output = child.wait_with_output().unwrap();
    reading.join().unwrap().unwrap();
    (output.status.code(), said(&output))
}

/// Makes the action on a run whose job is stored in a folder.
type Then = fn(&Path) -> Box<dyn FnOnce(Pid)>;

fn signal(signal: Signal) -> impl FnOnce(Pid) {
    move |pid| kill_process(pid, signal).unwrap()
}

fn cancel(dir: &Path) -> impl FnOnce(Pid) + use<> {
    let job = Job::new("engine").state_dir(dir);
    move |_| job.cancel().unwrap()
}

#[test]
fn each_way_to_stop_has_its_code() {
    let code = |kind: &str, then: Then| {
        let dir = tempfile::tempdir().unwrap();
        ended(program(kind, dir.path()), then(dir.path()))
    };
    let nothing = |_: &Path| Box::new(|_| ()) as Box<dyn FnOnce(Pid)>;
    assert_eq!(code("graceful", |_| Box::new(signal(Signal::TERM))).0, Some(75));
    assert_eq!(code("held", |dir| Box::new(cancel(dir))).0, Some(77));
    assert_eq!(code("stops", nothing).0, Some(77));
    assert_eq!(code("limited", nothing).0, Some(75));
    assert_eq!(code("plain", nothing).0, Some(0));
    let (failed, told) = code("fails", nothing);
    assert_eq!((failed, told.as_str()), (Some(1), "Error: on its own account\n"));
}

#[test]
fn a_worker_that_finds_nothing_left_has_its_own_exit_code() {
    let dir = tempfile::tempdir().unwrap();
    let leaves = |_: Pid| {
        let other = program("leaves", dir.path()).output().unwrap();
        assert_eq!(other.status.code(), Some(76), "{}", said(&other));
    };
    assert_eq!(ended(program("leaves", dir.path()), leaves).0, Some(0));
}

/// Grid Engine restarts a job by an exit code of its own, 99.
#[test]
fn the_environment_sets_the_exit_codes() {
    let dir = tempfile::tempdir().unwrap();
    let code = |value: &str| {
        let mut command = program("graceful", dir.path());
        command.env("SAFE_STATE_EXIT_STOPPED", value);
        ended(command, signal(Signal::TERM))
    };
    assert_eq!(code("99").0, Some(99));
    let (code, told) = code("ninety");
    assert_eq!(code, Some(75));
    assert!(told.contains("`ninety` is no exit code from 0 to 255"), "{told}");
}

/// Grid Engine sends SIGUSR1 and SIGUSR2 ahead of the end, and Slurm sends the signal that it is asked for.
#[test]
fn signals_that_warn_ask_a_run_to_end() {
    for sent in [Signal::USR1, Signal::USR2, Signal::XCPU, Signal::TERM] {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(ended(program("warned", dir.path()), signal(sent)).0, Some(75), "{sent:?}");
        assert_eq!(completed(dir.path()), effects(dir.path()).len() as u64, "{sent:?}");
        let supervised = supervised(&[], "warned", dir.path());
        let before = effects(dir.path()).len();
        assert_eq!(ended(supervised, signal(sent)).0, Some(75), "{sent:?}");
        assert_eq!(completed(dir.path()), effects(dir.path()).len() as u64, "{sent:?}");
        assert!(effects(dir.path()).len() > before);
    }
    // SIGINT is none of the signals that the job names.
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(ended(program("warned", dir.path()), signal(Signal::INT)).0, None);
}

/// The signal that ends a program comes long after the signal that warned it, and still counts as the first one to end
/// it.
#[test]
fn a_signal_after_a_warning_is_the_first_that_asks_to_end() {
    let dir = tempfile::tempdir().unwrap();
    let mut command = program("warned", dir.path());
    command.env("MILLIS", "4000");
    let both = |pid| {
        kill_process(pid, Signal::USR1).unwrap();
        std::thread::sleep(Duration::from_millis(2500));
        kill_process(pid, Signal::TERM).unwrap();
    };
    assert_eq!(ended(command, both).0, Some(75));
    assert_eq!((completed(dir.path()), effects(dir.path()).len()), (1, 1));
}

#[test]
fn what_was_stopped_on_purpose_is_not_started_again() {
    for (kind, expected) in [("held", 77), ("stops", 77)] {
        let dir = tempfile::tempdir().unwrap();
        let then = |pid| {
            if kind == "held" {
                cancel(dir.path())(pid);
            }
        };
        let (code, told) = ended(supervised(&[], kind, dir.path()), then);
        assert_eq!(code, Some(expected), "{told}");
        assert!(told.contains("stopped, as it was to, after 0 restarts"), "{told}");
        let runs = Job::new("engine").state_dir(dir.path()).peek_checkpoint().unwrap().unwrap();
        assert_eq!(runs.run_count(), 1);
    }
}

/// Waits for the end of a program that could go on for an hour, and returns its exit code.
fn soon_ended(mut child: Child) -> Option<i32> {
    let began = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status.code();
        }
        if began.elapsed() > Duration::from_secs(120) {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("it goes on");
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The program has died, and waits for its next start, so only the supervisor gets the warning.
#[test]
fn a_warning_in_the_pause_before_a_restart_is_kept() {
    for sent in [Signal::USR1, Signal::USR2, Signal::XCPU, Signal::ALARM] {
        let dir = tempfile::tempdir().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_command"));
        command.args(["run", "--backoff", "1h", "--", env!("CARGO_BIN_EXE_engines"), "fails"]);
        command.arg(dir.path()).stderr(Stdio::piped()).stdin(Stdio::null());
        let mut child = command.spawn().unwrap();
        let mut told = BufReader::new(child.stderr.take().unwrap());
        told.read_line(&mut String::new()).unwrap();
        kill_process(Pid::from_child(&child), sent).unwrap();
        assert_eq!(soon_ended(child), Some(75), "{sent:?}");
        let mut rest = String::new();
        std::io::Read::read_to_string(&mut told, &mut rest).unwrap();
        assert!(rest.contains("was asked to end by signal"), "{rest}");
    }
}

/// The program dies of the warning, because it has no handler yet.
#[test]
fn a_warning_before_the_program_listens_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    let (code, told) = ended(supervised(&[], "late", dir.path()), signal(Signal::USR1));
    assert_eq!(code, Some(75), "{told}");
    assert!(told.contains("was asked to end by signal 10, and"), "{told}");
}

#[test]
fn a_failure_after_a_run_that_stopped_counts_as_a_failure() {
    let dir = tempfile::tempdir().unwrap();
    let output = supervised(&["--restarts", "1"], "ignores", dir.path()).output().unwrap();
    let told = said(&output);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("gave up after 1 restart"), "{told}");
}

/// A run that passed its own limit is started again.
#[test]
fn a_run_that_passed_a_limit_is_started_again() {
    let dir = tempfile::tempdir().unwrap();
    let output = supervised(&["--restarts", "50"], "limited", dir.path()).output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    assert!(said(&output).contains("succeeded after"), "{}", said(&output));
}

/// A program whose `main` returns the error exits with 1, and tells its supervisor that it was asked to stop.
#[test]
fn a_supervisor_is_told_by_the_program_itself() {
    let dir = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_command"));
    command.args(["run", "--backoff", "1ms", "--"]).arg(env!("CARGO_BIN_EXE_signals_child"));
    command.arg("graceful").arg(dir.path()).arg("5").env("RUST_BACKTRACE", "0");
    command.stdin(Stdio::null()).stderr(Stdio::piped());
    let (code, told) = ended(command, |_| {
        let job = Job::new("asked").state_dir(dir.path());
        job.cancel().unwrap();
    });
    assert_eq!(code, Some(77), "{told}");
    assert!(told.contains("stopped, as it was to, after 0 restarts"), "{told}");
}

#[test]
fn several_workers_come_to_one_code() {
    let dir = tempfile::tempdir().unwrap();
    let output = supervised(&["--workers", "3"], "leaves", dir.path()).output().unwrap();
    let told = said(&output);
    assert!(output.status.success(), "{told}");
    assert!(told.contains("1 of 3 workers succeeded; the others exited with 76, 76"), "{told}");
}
