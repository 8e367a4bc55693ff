//! Tests that a file is published in the one order that survives a loss of power.

use std::fs;
use std::process::Command;

use crate::traced::parse;

#[test]
fn what_is_written_is_synced_before_it_has_its_name_and_the_name_after() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("calls");
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qqq", "-o"]).arg(&log);
    for file in ["", "published", "published.unpublished"] {
        strace.arg("-P").arg(dir.path().join(file));
    }
    let worker = [env!("CARGO_BIN_EXE_worker"), "publish", "1"];
    assert!(strace.args(worker).arg(dir.path()).status().expect("install strace").success());
    let calls = parse(&fs::read_to_string(&log).unwrap());
    let names: Vec<&str> = calls.iter().map(|call| call.name.as_str()).collect();
    let at = |name| names.iter().rposition(|call| *call == name).unwrap();
    let order = ["flock", "write", "fdatasync", "renameat", "fsync"].map(at);
    assert!(order.is_sorted(), "{names:?}");
}
