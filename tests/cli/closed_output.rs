//! Tests that the command ends by an exit code of its own where nobody can read its output, or a file can't be written.

use std::fs::OpenOptions;
use std::io::pipe;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Output, Stdio};

use crate::command::{Jobs, command};

/// All commands, in forms that write something. Some of them remove the job.
const ALL: &[&[&str]] = &[
    &["list"],
    &["peek", "broken"],
    &["peek", "nowhere"],
    &["failure", "broken"],
    &["failure", "broken", "--html", "page.html"],
    &["failure", "broken", "--save", "saved"],
    &["dead-letters", "broken"],
    &["history", "broken"],
    &["explain", "broken"],
    &["serve", "broken", "--out", "served"],
    &["serve", "--listen", "192.0.2.1:1"],
    &["watch", "--looks", "1"],
    &["watch", "--json", "--looks", "2", "--every", "1ms"],
    &["retry", "broken"],
    &["replay", "broken", "--", "true"],
    &["clear", "broken"],
    &["pause", "broken"],
    &["resume", "broken"],
    &["cancel", "broken"],
    &["accept", "broken"],
    &["abandon", "broken"],
    &["skip", "broken", "5"],
    &["done", "broken", "--until", "5"],
    &["rename", "broken", "mended"],
    &["restart", "broken", "--", "true"],
    &["clear", "--finished"],
    &["export", "broken", "-"],
    &["export", "broken", "exported"],
    &["import", "exported"],
    &["doctor"],
    &["doctor", "broken"],
    &["run", "--restarts", "1", "--backoff", "1ms", "--", "sh", "-c", "exit 3"],
    &["run", "--", "/no/such/program"],
    &["completions", "bash"],
    &["help"],
    &["nonsense"],
    &[],
];

fn jobs() -> Jobs {
    let jobs = Jobs::new();
    jobs.fail("broken", 3, "it broke");
    jobs
}

fn each(of: impl Fn(&mut Command), what: &str) {
    for arguments in ALL {
        for json in [false, true] {
            let jobs = jobs();
            let mut command = command();
            command.env("SAFE_STATE_DIR", jobs.dir()).current_dir(jobs.dir());
            command.args(json.then_some("--json")).args(*arguments);
            command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
            of(&mut command);
            let Output { status, stderr, .. } =
                command.spawn().unwrap().wait_with_output().unwrap();
            let said = String::from_utf8_lossy(&stderr);
            let what = format!("{what}, {arguments:?}, {json}: {status}, {said}");
            assert_eq!(status.signal(), None, "{what}");
            assert_ne!(status.code(), Some(101), "{what}");
            assert!(!said.contains("panicked"), "{what}");
            if arguments.contains(&"exit 3") {
                assert_eq!(status.code(), Some(3), "{what}");
            }
        }
    }
}

#[test]
fn every_command_of_the_help_is_tested() {
    let output = command().arg("--help").output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    let (_, commands) = help.split_once("Commands:\n").unwrap();
    for line in commands.lines().take_while(|line| !line.is_empty()) {
        let Some(name) = line.strip_prefix("  ").and_then(|line| line.split(' ').next()) else {
            continue;
        };
        assert!(name.is_empty() || ALL.iter().any(|of| of.first() == Some(&name)), "{name}");
    }
}

/// Returns a pipe that nobody reads any more.
fn closed() -> Stdio {
    let (reader, writer) = pipe().unwrap();
    drop(reader);
    writer.into()
}

fn full() -> Stdio {
    OpenOptions::new().write(true).open("/dev/full").unwrap().into()
}

#[test]
fn each_command_ends_by_an_exit_code_on_a_closed_pipe() {
    each(|command| _ = command.stdout(closed()), "output");
    each(|command| _ = command.stderr(closed()), "error");
    each(|command| _ = command.stdout(closed()).stderr(closed()), "both");
}

#[test]
fn each_command_ends_by_an_exit_code_on_a_full_disk() {
    each(|command| _ = command.stdout(full()), "output");
    each(|command| _ = command.stderr(full()), "error");
    each(|command| _ = command.stdout(full()).stderr(full()), "both");
}

/// Makes a shell run the command after `first`, as users do it.
fn in_shell(command: &mut Command, first: &str) {
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("{first}; exec \"$@\""), "sh"]);
    shell.arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell.current_dir(command.get_current_dir().unwrap());
    shell.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    *command = shell;
}

#[test]
fn each_command_ends_by_an_exit_code_on_closed_streams() {
    each(|command| in_shell(command, "exec >&-"), "output");
    each(|command| in_shell(command, "exec 2>&-"), "error");
    each(|command| in_shell(command, "exec >&- 2>&-"), "both");
}

#[test]
fn each_command_ends_by_an_exit_code_if_files_may_not_grow() {
    each(|command| in_shell(command, "ulimit -f 0"), "none");
    each(|command| in_shell(command, "ulimit -f 0; exec >out"), "output");
    each(|command| in_shell(command, "ulimit -f 0; exec 2>err"), "error");
}
