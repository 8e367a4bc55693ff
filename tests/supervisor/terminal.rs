//! Tests that Ctrl-C in a terminal reaches the program once, from the terminal itself.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

/// A program that counts its interrupts until a file exists.
const COUNTING: &str = r#"n=0; trap 'n=$((n + 1)); echo "got $n"' INT; echo waiting
    while [ ! -e "$0" ]; do sleep 0.02; done; echo "in all $n""#;

fn ctrl_c_comes_once(redirected: &str) {
    let dir = tempfile::tempdir().unwrap();
    let end = dir.path().join("end");
    // `exec` leaves no shell, which would die of the signal in the place of the supervisor and its program.
    let watched = format!(
        "exec '{}' run -- sh -c '{}' '{}' {redirected}",
        env!("CARGO_BIN_EXE_command"),
        COUNTING.replace('\'', r"'\''"),
        end.display()
    );
    let mut script = Command::new("script")
        .args(["--quiet", "--return", "--command", &watched, "/dev/null"])
        .env("SHELL", "/bin/sh")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("there is `script`, of util-linux");
    let mut lines = BufReader::new(script.stdout.take().unwrap()).lines();
    // The terminal's echo of the key can come anywhere in a line.
    let mut line = || Some(lines.next()?.unwrap().replace("^C", "").trim_end().to_owned());
    while line().as_deref() != Some("waiting") {}
    script.stdin.as_mut().unwrap().write_all(b"\x03").unwrap();
    while line().as_deref() != Some("got 1") {}
    fs::write(&end, "").unwrap();
    let rest: Vec<String> = std::iter::from_fn(line).collect();
    assert!(rest.contains(&"in all 1".to_owned()), "{rest:?}");
    assert!(script.wait().unwrap().success(), "{rest:?}");
}

#[test]
fn a_program_in_the_terminal_gets_ctrl_c_once() {
    ctrl_c_comes_once("");
}

#[test]
fn a_program_whose_input_is_a_file_gets_ctrl_c_once() {
    ctrl_c_comes_once("< /dev/null");
}
