//! Tests what a service manager is told: that a job is ready, goes on by its items, waits on purpose, and ends.

use std::io::{BufRead, BufReader, Lines};
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use safe_state::Job;
use tempfile::TempDir;

use crate::contained;

/// The time of the watchdog, which is the shortest that a service can have.
const WATCHDOG: Duration = Duration::from_secs(1);

/// A program whose messages the test receives as a service manager would.
struct Served {
    _dir: TempDir,
    socket: UnixDatagram,
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Served {
    fn start(command: impl FnOnce(&Path) -> Command) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
        let mut command = command(dir.path());
        command.env("NOTIFY_SOCKET", path).env("WATCHDOG_USEC", WATCHDOG.as_micros().to_string());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Served { _dir: dir, socket, child, lines }
    }

    fn of(kind: &str) -> Self {
        Served::start(|dir| contained(kind, dir))
    }

    fn says(&mut self, line: &str) {
        while self.lines.next().unwrap().unwrap() != line {}
    }

    /// Returns the next message, if it comes within `within`.
    fn hears(&self, within: Duration) -> Option<String> {
        self.socket.set_read_timeout(Some(within)).unwrap();
        let mut message = [0; 4096];
        let length = self.socket.recv(&mut message).ok()?;
        Some(String::from_utf8(message[..length].to_vec()).unwrap())
    }

    /// Returns whether the program feeds the watchdog for three times its time, and says `because` as the reason.
    fn is_fed(&self, because: &str) -> bool {
        let until = Instant::now() + 3 * WATCHDOG;
        let mut seen = false;
        while Instant::now() < until {
            let Some(message) = self.hears(WATCHDOG) else { return false };
            seen |= message.contains("WATCHDOG=1") && message.contains(because);
        }
        seen
    }

    /// Returns whether the program stops feeding the watchdog, after the messages that it sent before.
    fn is_starved(&self) -> bool {
        let until = Instant::now() + 20 * WATCHDOG;
        while Instant::now() < until {
            if self.hears(2 * WATCHDOG).is_none() {
                return true;
            }
        }
        false
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        self.child.wait().unwrap();
    }
}

#[test]
fn items_that_complete_feed_the_watchdog_and_one_that_hangs_does_not() {
    let mut served = Served::of("hangs");
    let first = served.hears(Duration::from_secs(60)).unwrap();
    assert_eq!(first, "READY=1\nWATCHDOG=1\nSTATUS=served: begins");
    for position in [Some(0), None] {
        let next = served.hears(Duration::from_secs(60)).unwrap();
        assert!(next.starts_with("WATCHDOG=1\nSTATUS=served: "), "{next}");
        assert!(
            next.ends_with(" %)") && position.is_none_or(|_| next.ends_with(": 0 of 1000 (0 %)"))
        );
    }
    served.says("hangs");
    assert!(served.is_starved());
}

#[test]
fn an_item_that_completes_side_by_side_feeds_the_watchdog() {
    let mut served = Served::of("beside");
    served.says("hangs");
    assert!(served.hears(WATCHDOG).is_some());
    served.says("hangs");
    served.says("hangs");
    assert!(served.is_starved());
}

#[test]
fn a_run_that_waits_on_purpose_feeds_the_watchdog() {
    let mut rests = Served::of("rests");
    rests.says("rests");
    assert!(rests.is_fed("waits"));
    assert!(Served::of("rated").is_fed("waits"));
    let mut waits = Served::of("waits");
    waits.says("holds");
    assert!(waits.is_fed("waits for another run to end"));
    let mut paused = None;
    let served = Served::start(|dir| {
        paused = Some(Job::new("served").state_dir(dir));
        contained("graceful", dir)
    });
    paused.unwrap().pause().unwrap();
    assert!(served.is_fed("waits"));
}

#[test]
fn a_signal_that_asks_to_end_is_told() {
    let served = Served::of("graceful");
    served.hears(Duration::from_secs(60)).unwrap();
    kill_process(Pid::from_child(&served.child), Signal::TERM).unwrap();
    loop {
        let message = served.hears(Duration::from_secs(60)).unwrap();
        if message.starts_with("STOPPING=1\nSTATUS=served: ") {
            break;
        }
    }
}

/// A watchdog that was meant for the supervisor watches the job of its program, and the supervisor's own pauses.
#[test]
fn a_job_under_the_supervisor_feeds_the_watchdog() {
    let supervised = |program: &[&str], dir: &Path| {
        let mut command = Command::new("sh");
        command.args(["-c", r#"WATCHDOG_PID=$$ exec "$0" run --backoff 1h -- "$@""#]);
        command.arg(env!("CARGO_BIN_EXE_command")).args(program).arg(dir);
        command
    };
    let mut served =
        Served::start(|dir| supervised(&[env!("CARGO_BIN_EXE_contained"), "hangs"], dir));
    assert!(served.hears(Duration::from_secs(60)).unwrap().contains("WATCHDOG=1\nSTATUS=served: "));
    served.says("hangs");
    assert!(served.is_starved());
    kill_process(Pid::from_child(&served.child), Signal::TERM).unwrap();
    served.child.wait().unwrap();
    assert!(Served::start(|dir| supervised(&["cat"], dir)).is_fed("waits for restart 1"));
}
