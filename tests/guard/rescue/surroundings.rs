//! Tests that the job sees what a program without a guard sees.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::process::Stdio;
use std::{fs, str};

use safe_state_guard_tests::guarded;

use crate::GUARDED;

#[test]
fn the_job_has_the_programs_surroundings() {
    let dir = tempfile::tempdir().unwrap();
    let mut command = guarded(GUARDED, &["show", "a b", "-c", ""]);
    command.arg0("called").env_clear().env("ONLY", "this").current_dir(dir.path());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut program = command.spawn().unwrap();
    program.stdin.take().unwrap().write_all(b"some input").unwrap();
    let output = program.wait_with_output().unwrap();
    let said = str::from_utf8(&output.stdout).unwrap();
    let dir = fs::canonicalize(dir.path()).unwrap();
    for line in [
        r#"arguments ["called", "show", "a b", "-c", ""]"#.to_owned(),
        r#"variables [("ONLY", "this")]"#.to_owned(),
        format!("directory {}", dir.display()),
        format!("program {}", fs::canonicalize(GUARDED).unwrap().display()),
        r#"input "some input""#.to_owned(),
        "name guarded".to_owned(),
    ] {
        assert!(said.lines().any(|said| said == line), "{line} is not in {said}");
    }
    assert_eq!(str::from_utf8(&output.stderr).unwrap(), "error\n");
    // A process that the job starts does not inherit the shared memory.
    assert!(!said.contains("memfd"), "{said}");
    assert!(output.status.success());
}

#[test]
fn a_program_that_was_replaced_meanwhile_is_started_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let program = dir.path().join("program");
    fs::copy(GUARDED, &program).unwrap();
    let mut command = guarded(program.to_str().unwrap(), &["replaced"]);
    let output = command.env("PROGRAM", &program).output().unwrap();
    assert_eq!(str::from_utf8(&output.stdout).unwrap(), "the same\n", "{output:?}");
    assert!(!program.exists());
}
