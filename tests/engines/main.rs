//! Tests jobs under batch systems.

mod arrays;
mod codes;
mod ends;
mod pages;
mod slurm;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use safe_state_tests::Effects;

/// The variables that would make the test's own environment that of a batch system.
const VARIABLES: [&str; 6] = [
    "SLURM_JOB_ID",
    "SLURM_ARRAY_JOB_ID",
    "SLURM_ARRAY_TASK_ID",
    "SLURM_JOB_END_TIME",
    "SAFE_STATE_END_TIME",
    "SAFE_STATE_SUBMISSION",
];

/// Returns the program with the job `kind`, outside of any batch system.
fn program(kind: &str, dir: &Path) -> Command {
    clean(Command::new(env!("CARGO_BIN_EXE_engines")), &[kind, dir.to_str().unwrap()])
}

/// Returns the program with the job `kind` under `safe-state run`.
fn supervised(options: &[&str], kind: &str, dir: &Path) -> Command {
    let program = env!("CARGO_BIN_EXE_engines");
    let mut arguments = vec!["run", "--backoff", "1ms"];
    arguments.extend(options);
    arguments.extend(["--", program, kind, dir.to_str().unwrap()]);
    clean(Command::new(env!("CARGO_BIN_EXE_command")), &arguments)
}

fn clean(mut command: Command, arguments: &[&str]) -> Command {
    for name in VARIABLES {
        command.env_remove(name);
    }
    command.args(arguments).env("RUST_BACKTRACE", "0").stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Makes the command find a `squeue` that runs `script`, and notes each call.
fn with_squeue(command: &mut Command, dir: &Path, script: &str) {
    let program = dir.join("squeue");
    let text = format!("#!/bin/sh\necho \"$*\" >>{}\n{script}\n", dir.join("calls").display());
    fs::write(&program, text).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let path = std::env::var("PATH").unwrap();
    command.env("PATH", format!("{}:{path}", dir.display())).env("TMPDIR", dir);
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn effects(dir: &Path) -> Vec<u64> {
    Effects::open(dir.join("effects")).unwrap().all()
}

/// Waits until the job is stored, which the child does.
fn until_begun(child: &mut Child, dir: &Path) {
    let job = safe_state::Job::new("engine").state_dir(dir);
    while job.peek_checkpoint().unwrap().is_none() {
        assert!(child.try_wait().unwrap().is_none(), "it has ended before its job began");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}

/// Returns the number of items that are saved as complete.
fn completed(dir: &Path) -> u64 {
    let job = safe_state::Job::new("engine").state_dir(dir);
    job.peek_checkpoint().unwrap().unwrap().completed().len()
}
