//! Tests progress bars, as they look in a terminal.

use std::path::Path;
use std::process::{Command, Output};

/// Runs the program that shows bars, in a terminal of 100 columns, and returns its output. It fails at the item
/// `fails_at`, if the job has one.
fn shown(dir: &Path, fails_at: &str) -> String {
    let command = format!(
        "stty cols 100 rows 30; exec '{}' bars {fails_at} '{}'",
        env!("CARGO_BIN_EXE_worker"),
        dir.display()
    );
    let mut script = Command::new("script");
    script
        .args(["--quiet", "--return", "--command", &command, "/dev/null"])
        .env("TERM", "xterm")
        .env("SHELL", "/bin/sh");
    text(&script.output().expect("there is `script`, of util-linux"))
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn a_bar_begins_where_the_run_does() {
    let dir = tempfile::tempdir().unwrap();
    let first = shown(dir.path(), "5");
    assert!(first.contains("bars") && first.contains("5 of 8"), "{first}");
    let second = shown(dir.path(), "8");
    assert!(second.contains("5 of 8") && second.contains("8 of 8"), "{second}");
    assert!(!second.contains(" 4 of 8"), "it goes on where it was: {second}");
}

#[test]
fn phases_and_loops_inside_others_have_bars_of_their_own() {
    let dir = tempfile::tempdir().unwrap();
    let text = shown(dir.path(), "8");
    assert!(text.contains("  item 7") && text.contains(" of 3"), "{text}");
    assert!(text.contains("bars, phase 2") && text.contains("2 of 2"), "{text}");
    assert!(text.contains("7 of 8"), "it stands in its last item: {text}");
    let alone = "\x1b[2Kbeside the bars\r\n";
    assert!(text.contains(alone), "what is written beside them has a line of its own: {text}");
}

#[test]
fn nothing_is_shown_where_there_is_no_terminal() {
    let dir = tempfile::tempdir().unwrap();
    let mut worker = Command::new(env!("CARGO_BIN_EXE_worker"));
    let output = worker.args(["bars", "8"]).arg(dir.path()).output().unwrap();
    assert_eq!(text(&output), "beside the bars\n");
}
