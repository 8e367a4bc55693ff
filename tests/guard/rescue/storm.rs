//! Tests a job that publishes as fast as it can and is killed at random: its guard has exactly the last update.
//!
//! `SAFE_STATE_STORM=50` kills fifty times as often, `SAFE_STATE_STORM_SEED` at other instants.

use std::io::Read;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use safe_state_guard_tests::guarded;
use serde_json::Value;

use crate::GUARDED;

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().unwrap())
}

/// The lengths of the longest values, in bytes.
const SIZES: [&str; 4] = ["10", "1000", "100000", "10000000"];

#[test]
fn a_guard_has_the_last_update_of_a_job_that_is_killed() {
    storm(0, |job, delay| {
        thread::sleep(delay);
        kill_process(job, Signal::KILL).unwrap();
    });
}

#[test]
fn a_guard_has_the_last_update_of_a_job_that_crashes() {
    storm(1, |_, _| ());
}

fn storm(crashes: u64, kill: impl Fn(Pid, Duration)) {
    let rounds = 5 * number("SAFE_STATE_STORM").unwrap_or(1);
    let mut random = fastrand::Rng::with_seed(number("SAFE_STATE_STORM_SEED").unwrap_or(crashes));
    for (size, _) in SIZES.iter().flat_map(|size| (0..rounds).map(move |round| (size, round))) {
        let micros = random.u64(1..=20_000);
        let crash_after = (crashes * micros).to_string();
        let mut guard = guarded(GUARDED, &["storm", &crash_after, size])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = Vec::new();
        let mut out = guard.stdout.take().unwrap();
        let mut first = [0; 8];
        out.read_exact(&mut first).unwrap();
        let job = u64::from_le_bytes(first);
        let job = Pid::from_raw(i32::try_from(job).unwrap()).unwrap();
        thread::scope(|scope| {
            let reading = scope.spawn(|| out.read_to_end(&mut said).unwrap());
            kill(job, Duration::from_micros(micros));
            reading.join().unwrap();
        });
        assert!(!guard.wait().unwrap().success());
        check(&said, &format!("{size} bytes, {micros} µs"));
    }
}

/// Checks that the rescued step is the last that the job told of, or the next, which it had no time to tell of.
fn check(said: &[u8], what: &str) {
    let at = said.windows(9).position(|text| text == b"\nrescued ").unwrap();
    let steps = &said[..at - at % 8];
    let acknowledged = steps.last_chunk().map_or(0, |last| u64::from_le_bytes(*last));
    assert_eq!(acknowledged, (steps.len() / 8) as u64, "{what}");
    let told: Value = serde_json::from_slice(said[at + 9..].trim_ascii_end()).unwrap();
    let rescued = told["storm"].as_u64().unwrap();
    assert!(
        (acknowledged..=acknowledged + 1).contains(&rescued),
        "{what}: {acknowledged}, {rescued}"
    );
}
