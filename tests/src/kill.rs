//! Kills processes at random instants.

use std::io::{BufRead, BufReader};
use std::process::Child;
use std::thread;
use std::time::Duration;

use fastrand::Rng;

/// Kills a process at a random time, which is most often after the process has said that its first item has begun. The
/// process may have ended well by then.
///
/// # Panics
///
/// If the process has failed.
pub fn run_and_kill(mut victim: Child, longest: Duration, rng: &mut Rng) {
    if rng.u8(0..5) > 0 {
        // The process ends without a line if no item is left.
        BufReader::new(victim.stdout.as_mut().unwrap()).read_line(&mut String::new()).unwrap();
    }
    thread::sleep(longest.mul_f64(rng.f64()));
    victim.kill().unwrap();
    let output = victim.wait_with_output().unwrap();
    assert!(matches!(output.status.code(), None | Some(0)), "{output:?}");
}
