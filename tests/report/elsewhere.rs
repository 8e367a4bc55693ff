//! Tests that a report opens where nothing else is left of the program: no source, no symbols, no checkpoint.

use std::fs;
use std::path::Path;
use std::process::Command;

use safe_state::report::{Report, Style};

use crate::run;

const REPORT: &str = "SAFE_STATE_TEST_REPORT";

/// Opens the report that the environment names, in a process that another test starts. Without one, the test passes.
#[test]
fn a_named_report_opens() {
    let Some(path) = std::env::var_os(REPORT) else { return };
    let report = Report::open(&path).unwrap();
    print!("{}{}{}", report.to_text(Style::Plain), report.to_html(), report.to_json());
}

/// Opens the report in another process, in an empty folder. Returns what it shows, and the log of the files that it has
/// opened.
fn opened_elsewhere(report: &Path) -> (String, String) {
    let empty = tempfile::tempdir().unwrap();
    let log = tempfile::NamedTempFile::new().unwrap();
    let mut command = Command::new("strace");
    command.args(["-f", "-qqq", "-e", "trace=open,openat,readlink,stat", "-o"]).arg(log.path());
    command.arg(std::env::current_exe().unwrap());
    command.args(["elsewhere::a_named_report_opens", "--exact", "--nocapture"]);
    command.env(REPORT, report).current_dir(empty.path());
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let shown = String::from_utf8(output.stdout).unwrap();
    (shown, fs::read_to_string(log.path()).unwrap())
}

#[test]
fn a_report_is_whole_where_nothing_else_is_left() {
    let (dir, away) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let program = dir.path().join("billing");
    fs::copy(env!("CARGO_BIN_EXE_report"), &program).unwrap();
    run(Command::new(&program), dir.path(), "error");
    for (name, moved) in [("saved.report", "a.report"), ("billing.safestate", "b.safestate")] {
        fs::rename(dir.path().join(name), away.path().join(moved)).unwrap();
    }
    fs::remove_dir_all(dir.path()).unwrap();
    for file in ["a.report", "b.safestate"] {
        let (shown, files) = opened_elsewhere(&away.path().join(file));
        let told = [
            "error: cannot bill order 30",
            "caused by: mail-1 is gone (std::io::error::Error)",
            "receipts.push(send(*order, account).with_context(",
            "item = 30",
            "order = 10",
            "host = \"mail-1\"",
            "main",
            "--password ***",
        ];
        for text in told {
            assert!(shown.contains(text), "{text} is missing: {shown}");
        }
        assert!(files.contains(file), "the files opened are seen: {files}");
        assert!(!files.contains(".rs\""), "the source is not looked for: {files}");
    }
}
