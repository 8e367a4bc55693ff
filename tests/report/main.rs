//! Tests reports of failures, as a user meets them.

mod chromium;
mod elsewhere;
mod errors;
mod hostile;
mod made;
mod replay;
mod secrets;
mod shown;
mod spans;

use std::path::Path;
use std::process::{Command, Output};

use safe_state::report::Report;

/// Runs the program whose job fails in the way `how`.
fn fail(dir: &Path, how: &str) -> Output {
    run(Command::new(env!("CARGO_BIN_EXE_report")), dir, how)
}

fn run(mut program: Command, dir: &Path, how: &str) -> Output {
    program.arg(dir).arg(how).args(["--password", "hunter2", "postgres://me:hunter2@db/jobs"]);
    program
        .args(["--url=https://me:hunter2@host/login?session=1", "--conn=host=h password=hunter2"]);
    program.args([
        "--dbs=redis://:hunter2@h/0,redis://:hunter2@h/tokens",
        "https://h/x?token=hunter2",
    ]);
    program.env("RUST_BACKTRACE", "0").output().unwrap()
}

/// Returns the report that the program leaves.
fn report_of(how: &str) -> Report {
    let dir = tempfile::tempdir().unwrap();
    let output = fail(dir.path(), how);
    assert!(output.status.success(), "{output:?}");
    Report::open(dir.path().join("saved.report")).unwrap()
}
