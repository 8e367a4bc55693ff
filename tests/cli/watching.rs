//! Tests `watch`, in a terminal and in JSON.

use std::io::{Read, Write};
use std::process::{Command, Stdio};

use crate::command::Jobs;

#[test]
fn watch_shows_the_jobs_in_a_terminal_until_q() {
    let jobs = Jobs::new();
    jobs.fail("mail", 6, "the printer is out of paper");
    let watch = format!(
        "stty cols 100 rows 30; exec '{}' --dir '{}' watch --every 50ms",
        env!("CARGO_BIN_EXE_command"),
        jobs.dir().display()
    );
    let mut script = Command::new("script")
        .args(["--quiet", "--return", "--command", &watch, "/dev/null"])
        .env("TERM", "xterm")
        .env("SHELL", "/bin/sh")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("there is `script`, of util-linux");
    let mut out = script.stdout.take().unwrap();
    let (mut seen, mut buffer) = (String::new(), [0; 4096]);
    while !(seen.contains("the printer is out of paper") && seen.contains("75%")) {
        let read = out.read(&mut buffer).unwrap();
        assert!(read > 0, "it has ended: {seen}");
        seen += &String::from_utf8_lossy(&buffer[..read]);
    }
    script.stdin.as_mut().unwrap().write_all(b"q").unwrap();
    let mut rest = String::new();
    out.read_to_string(&mut rest).unwrap();
    assert!(script.wait().unwrap().success(), "{rest}");
    assert!(rest.contains("\x1b[?1049l"), "the terminal is as it was before: {rest:?}");
}
