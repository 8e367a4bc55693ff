//! Tests that the name of an output file is on the disk before a checkpoint tells of what is in it.

use std::fs;
use std::process::Command;

use crate::traced::{Call, parse};

/// Runs a job with two outputs in one directory, and returns its syncs, each with the path of what it syncs.
fn syncs(durability: &str) -> Vec<Call> {
    let dir = tempfile::tempdir().unwrap();
    let to = dir.path().join("to");
    fs::create_dir(&to).unwrap();
    let log = dir.path().join("calls");
    let ran = Command::new("strace")
        .args(["-f", "-y", "-qqq", "-e", "trace=fsync,fdatasync,write", "-o"])
        .arg(&log)
        .arg(env!("CARGO_BIN_EXE_outputs"))
        .arg(dir.path().join("state"))
        .arg(&to)
        .args(["5", "1", durability])
        .output()
        .expect("install strace");
    assert!(ran.status.success(), "{ran:?}");
    parse(&fs::read_to_string(log).unwrap())
}

#[test]
fn the_directory_of_an_output_is_synced_with_the_first_save_and_no_other() {
    let calls = syncs("power");
    let at = |what: &str| -> Vec<usize> {
        let is_it =
            |call: &(usize, &Call)| call.1.name.ends_with("sync") && call.1.text.contains(what);
        calls.iter().enumerate().filter(is_it).map(|(at, _)| at).collect()
    };
    let (dir, rows) = (at("/to>"), at("/to/rows>"));
    // Each of the two files asks for it once.
    assert_eq!(dir.len(), 2, "{calls:?}");
    assert!(rows.len() > 5, "{calls:?}");
    let is_item =
        |(_, call): &(usize, &Call)| call.name == "write" && call.text.contains("/to/log>");
    let first_item = calls.iter().enumerate().find(is_item).map(|(at, _)| at).unwrap();
    assert!(dir.iter().all(|at| *at < first_item), "before the first item: {calls:?}");
    let saved = at("/state/");
    assert!(dir[0] < *saved.last().unwrap(), "{calls:?}");
}

#[test]
fn a_job_that_need_not_survive_a_loss_of_power_syncs_no_directory_of_an_output() {
    let calls = syncs("process");
    assert!(!calls.iter().any(|call| call.text.contains("/to>")), "{calls:?}");
}
