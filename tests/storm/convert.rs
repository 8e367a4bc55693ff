//! Tests a job from one CSV file to another that is killed at random instants. In the end, its output and its result
//! are those of a run that nobody killed.
//!
//! `SAFE_STATE_STORM=10` kills ten times as often.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use fastrand::Rng;
use safe_state_tests::storms;

const KILLS: u32 = 100;
const LONGEST_RUN: Duration = Duration::from_millis(15);

#[test]
fn every_line_is_there_once_when_every_line_is_saved() {
    killed_is_as_uninterrupted(1, 1500);
}

#[test]
fn every_line_is_there_once_when_every_ninth_line_is_saved() {
    killed_is_as_uninterrupted(9, 12_000);
}

fn killed_is_as_uninterrupted(save_every: u64, lines: u32) {
    let expected = {
        let dir = prepared(lines);
        let result = finish(dir.path(), save_every);
        (result, output(dir.path()))
    };
    let mut rng = Rng::with_seed(save_every);
    let mut dir = prepared(lines);
    let mut inside = 0;
    for _ in 0..KILLS * storms::times() {
        let mut child = spawn(dir.path(), save_every);
        thread::sleep(LONGEST_RUN.mul_f64(rng.f64()));
        child.kill().unwrap();
        if child.wait_with_output().unwrap().status.success() {
            assert_eq!(output(dir.path()), expected.1);
            dir = prepared(lines);
        } else if dir.path().join("convert.safestate").exists() {
            inside += 1;
        }
    }
    assert!(inside * 4 > KILLS, "only {inside} kills fell inside a run");
    assert_eq!((finish(dir.path(), save_every), output(dir.path())), expected);
}

fn prepared(lines: u32) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let input: Vec<String> =
        (0..lines).map(|line| format!("customer {line},{}", line * 7 % 1000)).collect();
    fs::write(dir.path().join("input.csv"), input.join("\n")).unwrap();
    dir
}

fn spawn(dir: &Path, save_every: u64) -> Child {
    Command::new(env!("CARGO_BIN_EXE_worker"))
        .args(["convert", &save_every.to_string()])
        .arg(dir)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn finish(dir: &Path, save_every: u64) -> String {
    let run = spawn(dir, save_every).wait_with_output().unwrap();
    assert!(run.status.success(), "{run:?}");
    String::from_utf8(run.stdout).unwrap()
}

fn output(dir: &Path) -> String {
    fs::read_to_string(dir.join("output.csv")).unwrap()
}
