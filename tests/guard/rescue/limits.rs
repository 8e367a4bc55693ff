//! Tests the system's limits on what a guard takes, and what core dumps hold of its memory.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Output, Stdio};

use safe_state_guard_tests::guarded;

use crate::GUARDED;

fn under(limit: &str, how: &str) -> Output {
    guarded("sh", &["-c", &format!("{limit}; exec \"$0\" {how}"), GUARDED]).output().unwrap()
}

#[test]
fn a_guard_beyond_a_limit_says_so() {
    for (limit, says) in [
        ("ulimit -f 1000", "`ulimit -f` allows files of "),
        (
            "ulimit -f 0",
            "`ulimit -f` allows files of 0 bytes, and it is a file; raise that limit, or ask",
        ),
        (
            "ulimit -v 1000000",
            "`ulimit -v` allows 1024000000 bytes in all; raise that limit, or ask for less",
        ),
    ] {
        let output = under(limit, "return");
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{limit}: {said}");
        assert!(said.contains(says) && said.contains("`Guard::max_size`"), "{limit}: {said}");
        assert!(said.starts_with("Error: cannot m"), "{limit}: {said}");
    }
    assert!(under("ulimit -f 4000000", "return").status.success());
}

/// Returns the number of mappings of the shared memory that a process has, and how many of them are left out of dumps.
fn mapped(pid: u32) -> (usize, usize) {
    let maps = fs::read_to_string(format!("/proc/{pid}/smaps")).unwrap();
    let mut flags = Vec::new();
    let mut is_shared = false;
    for line in maps.lines() {
        if line.split(' ').next().is_some_and(|range| range.contains('-')) {
            is_shared = line.contains("memfd:safe-state-guard");
        } else if let Some(of) = line.strip_prefix("VmFlags:").filter(|_| is_shared) {
            flags.push(of.split(' ').any(|flag| flag == "dd"));
        }
    }
    (flags.len(), flags.into_iter().filter(|flag| *flag).count())
}

#[test]
fn the_memory_of_a_guard_is_left_out_of_core_dumps() {
    let mut guard =
        guarded(GUARDED, &["wait"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(guard.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let job: u32 = line.trim_end().strip_prefix("waiting ").unwrap().parse().unwrap();
    assert_eq!((mapped(guard.id()), mapped(job)), ((1, 1), (1, 1)));
    guard.kill().unwrap();
    guard.wait().unwrap();
}
