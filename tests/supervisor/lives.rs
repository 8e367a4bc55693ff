//! Tests what is started again, how often, and how it ends.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use safe_state::supervisor::{End, Supervised};
use safe_state::{Backoff, CrashCause, Supervisor};

/// Returns the supervisor of a shell script.
fn shell(script: &str) -> Supervisor {
    let mut command = Command::new("sh");
    command.args(["-c", script]).stdout(Stdio::null());
    Supervisor::new(command).backoff(Backoff::none())
}

fn causes(ended: &Supervised) -> Vec<CrashCause> {
    ended.ends().map(End::cause).collect()
}

#[test]
fn what_fails_again_and_again_is_given_up() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("log");
    let ended = shell(&format!("echo ran >> {}; exit 3", log.display())).restarts(2).run().unwrap();
    assert_eq!(fs::read_to_string(log).unwrap().lines().count(), 3);
    assert!(ended.has_given_up() && !ended.success());
    assert_eq!((ended.code(), ended.restarts()), (3, 2));
    assert_eq!(ended.to_string(), "gave up after 2 restarts; it ended by exit code 3 (3 times)");
}

#[test]
fn what_was_called_wrongly_is_not_started_again() {
    let ended = shell("exit 2").run().unwrap();
    assert_eq!((ended.code(), ended.restarts(), ended.has_given_up()), (2, 0, false));
    let ended = shell("exit 5").final_codes([5]).run().unwrap();
    assert_eq!((ended.code(), ended.restarts()), (5, 0));
    assert!(shell("exit 0").run().unwrap().success());
    Supervisor::new(Command::new("/no/such/program")).run().unwrap_err();
}

#[test]
fn what_takes_too_long_is_ended_and_what_does_not_heed_that_is_killed() {
    let ended = shell("exec sleep 1000").timeout("50ms").restarts(1).run().unwrap();
    assert_eq!((causes(&ended), ended.code()), (vec![CrashCause::Timeout; 2], 128 + 15));
    let deaf = shell("trap '' TERM; while :; do sleep 0.1; done");
    let ended = deaf.timeout("300ms").grace_period("50ms").restarts(0).run().unwrap();
    assert_eq!((causes(&ended), ended.code()), (vec![CrashCause::Timeout], 128 + 9));
}

/// The memory of processes that the program has started counts as well.
#[test]
fn what_takes_too_much_memory_is_ended() {
    let takes = "head -c 600M /dev/zero | tail | wc -c; sleep 1000";
    let ended = shell(takes).max_memory("64MiB").restarts(0).run().unwrap();
    let [CrashCause::Memory(used)] = causes(&ended)[..] else { panic!("{ended}") };
    assert!(used > 64 << 20, "{used}");
}

fn supervised(script: &str, dir: &Path) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_command"));
    command.args(["run", "--backoff", "1ms", "--", "sh", "-c", script]).current_dir(dir);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn wait_for(line: &str, child: &mut Child) -> impl Read + use<> {
    let mut said = BufReader::new(child.stdout.take().unwrap());
    let mut first = String::new();
    said.read_line(&mut first).unwrap();
    assert_eq!(first.trim_end(), line);
    said
}

#[test]
fn signals_are_passed_on_and_one_that_asks_to_end_is_the_last() {
    let dir = tempfile::tempdir().unwrap();
    let script =
        "trap 'echo again' USR1; trap 'exit 7' TERM; echo ready; while :; do sleep 0.02; done";
    let mut child = supervised(script, dir.path());
    let mut said = BufReader::new(wait_for("ready", &mut child));
    let pid = Pid::from_child(&child);
    kill_process(pid, Signal::USR1).unwrap();
    let mut line = String::new();
    said.read_line(&mut line).unwrap();
    assert_eq!(line, "again\n");
    kill_process(pid, Signal::TERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(7));
}

#[test]
fn a_signal_ends_the_wait_for_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_command"));
    command.args(["run", "--backoff", "1h", "--", "sh", "-c", "touch ran; exit 9"]);
    let mut child = command.current_dir(dir.path()).stderr(Stdio::null()).spawn().unwrap();
    while !dir.path().join("ran").exists() {
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
    // The program exits with its own code, or dies of the signal if it gets it before it could exit.
    assert!([Some(9), Some(128 + 15)].contains(&child.wait().unwrap().code()));
}

#[test]
fn the_command_says_what_it_came_to_and_exits_as_the_program_did() {
    let dir = tempfile::tempdir().unwrap();
    let crash_once = "test -e done || { touch done; kill -SEGV $$; }; echo done; exit 0";
    let output = supervised(crash_once, dir.path()).wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "done\n");
    let said = String::from_utf8(output.stderr).unwrap();
    let expected = "safe-state: `sh` succeeded after 1 restart; it ended by signal 11 (SIGSEGV)\n";
    assert_eq!(said, expected);
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_command"));
        command.arg("run").args(arguments).output().unwrap().status.code()
    };
    assert_eq!(run(&["--", "/no/such/program"]), Some(127));
    assert_eq!(run(&["--", "/"]), Some(126));
    assert_eq!(run(&["--restarts", "0", "--", "sh", "-c", "kill -9 $$"]), Some(128 + 9));
    assert_eq!(run(&["--backoff", "soon", "--", "true"]), Some(2));
}
