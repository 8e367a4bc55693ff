//! Tests ends of a process that are known in advance.

use std::fs;
use std::io::{BufRead, BufReader};
use std::ops::RangeInclusive;
use std::process::Command;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::{clean, completed, effects, program, said, until_begun, with_squeue};

fn in_seconds(seconds: u64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    (now.as_secs() + seconds).to_string()
}

/// Returns the source that tells the end, and checks that the end is `expected` seconds ahead. A busy machine takes
/// some of them.
fn source_of_the_end(told: &str, expected: RangeInclusive<u64>) -> &str {
    let (_, rest) = told.split_once("its time ends in ").expect(told);
    let (left, rest) = rest.split_once(", as `").expect(told);
    let seconds = |part: &str| {
        let (count, unit) = part.split_at(part.len() - 1);
        let size = [("h", 3600), ("m", 60), ("s", 1)].into_iter().find(|it| it.0 == unit);
        count.parse::<u64>().expect(told) * size.expect(told).1
    };
    let left = left.split(' ').map(seconds).sum();
    assert!(expected.contains(&left), "{told}");
    rest.split_once("` says").expect(told).0
}

const LAST_TASK: [(&str, &str); 4] = [
    ("SLURM_JOB_ID", "77"),
    ("SLURM_ARRAY_JOB_ID", "77"),
    ("SLURM_ARRAY_TASK_ID", "3"),
    ("SLURM_ARRAY_TASK_COUNT", "4"),
];

/// The job has no other limit, and only `squeue` tells the end.
#[test]
fn a_graceful_run_stops_before_the_end_that_squeue_tells() {
    let dir = tempfile::tempdir().unwrap();
    let mut command = program("timed", dir.path());
    let lines = "echo '77_0 9:00 0'; echo '77_31 9:00 0'; echo '77_3 0:52 0'";
    with_squeue(&mut command, dir.path(), lines);
    let output = command.envs(LAST_TASK).output().unwrap();
    let told = said(&output);
    assert_eq!(output.status.code(), Some(75), "{told}");
    assert_eq!(source_of_the_end(&told, 0..=52), "squeue", "{told}");
    assert!(told.contains("stopped before the batch system ends it"), "{told}");
    let done = effects(dir.path()).len() as u64;
    assert!(done > 0 && completed(dir.path()) == done, "{done} {told}");
    let calls = fs::read_to_string(dir.path().join("calls")).unwrap();
    assert_eq!(calls.lines().count(), 1, "{calls}");
    assert!(calls.trim_end().ends_with("--jobs=77"), "{calls}");
}

#[test]
fn an_end_can_be_said_and_then_nobody_is_asked() {
    let dir = tempfile::tempdir().unwrap();
    let mut command = program("timed", dir.path());
    with_squeue(&mut command, dir.path(), "exit 1");
    command.env("SLURM_JOB_ID", "78").env("SAFE_STATE_END_TIME", in_seconds(52));
    let output = command.output().unwrap();
    let told = said(&output);
    assert_eq!(output.status.code(), Some(75), "{told}");
    assert!(told.contains("as `SAFE_STATE_END_TIME` says"), "{told}");
    assert!(!dir.path().join("calls").exists());
}

/// Neither the job nor the program's end waits for the answer of `squeue`.
#[test]
fn the_job_never_waits_for_the_answer() {
    let dir = tempfile::tempdir().unwrap();
    let mut command = program("limited", dir.path());
    with_squeue(&mut command, dir.path(), "exec sleep 30");
    let began = Instant::now();
    let output = command.env("SLURM_JOB_ID", "78").output().unwrap();
    assert!(began.elapsed() < Duration::from_secs(20), "{}", said(&output));
    assert!(said(&output).contains("at the end of its `timeout`"), "{}", said(&output));
}

#[test]
fn an_end_within_the_grace_period_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let output =
        program("timed", dir.path()).env("SLURM_JOB_END_TIME", in_seconds(30)).output().unwrap();
    let told = said(&output);
    assert!(told.contains("within the grace period of 50s: no run can get on"), "{told}");
    assert_eq!(effects(dir.path()), [0; 0]);
}

#[test]
fn an_end_that_is_not_known_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let mut command = program("graceful", dir.path());
    command.env("SGE_TASK_ID", "undefined").env("JOB_ID", "9");
    let mut child = command.stdout(std::process::Stdio::null()).spawn().unwrap();
    until_begun(&mut child, dir.path());
    std::thread::sleep(Duration::from_millis(100));
    rustix::process::kill_process(
        rustix::process::Pid::from_child(&child),
        rustix::process::Signal::TERM,
    )
    .unwrap();
    child.wait().unwrap();
    let told = said(&child.wait_with_output().unwrap());
    let unknown = "Grid Engine does not tell when its time ends, so nothing is saved ahead of that; \
                   `SAFE_STATE_END_TIME` can say it";
    assert!(told.contains(unknown), "{told}");
    let explain = |name: &str, value: &str| {
        let command = Command::new(env!("CARGO_BIN_EXE_command"));
        let arguments = ["--dir", dir.path().to_str().unwrap(), "explain", "engine"];
        let output = clean(command, &arguments).env(name, value).output().unwrap();
        assert!(output.status.success(), "{}", said(&output));
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(explain("SGE_TASK_ID", "undefined").contains(unknown));
    let known = explain("SAFE_STATE_END_TIME", &in_seconds(3600));
    assert_eq!(source_of_the_end(&known, 1000..=3600), "SAFE_STATE_END_TIME", "{known}");
    assert!(!explain("OTHER", "x").contains("its time"));
}

/// The item takes longer than the batch system waits before it kills the process.
#[test]
fn a_job_with_a_limit_saves_what_is_complete_during_an_item() {
    let killed_in_the_last = |kind: &str, expected: u64, least: Duration| {
        let dir = tempfile::tempdir().unwrap();
        let mut child = program(kind, dir.path()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap() == "item 50"));
        let pid = rustix::process::Pid::from_child(&child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        let told = Instant::now();
        while completed(dir.path()) < expected || told.elapsed() < least {
            assert!(child.try_wait().unwrap().is_none(), "{kind} has ended");
            std::thread::sleep(Duration::from_millis(5));
        }
        let took = told.elapsed();
        child.kill().unwrap();
        child.wait().unwrap();
        (completed(dir.path()), took)
    };
    let (saved, took) = killed_in_the_last("beside", 50, Duration::ZERO);
    assert_eq!(saved, 50);
    // The guide says that a job without a limit loses its items, even if it is given more time.
    assert_eq!(killed_in_the_last("unlimited", 0, 4 * took).0, 0);
}
