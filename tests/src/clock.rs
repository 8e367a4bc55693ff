//! Programs whose clock is wrong.

use std::process::Command;

/// Returns the command that starts programs with the time that `faketime -f` makes of `clock`. The monotonic clock, which
/// can't be set, stays as it is.
///
/// # Panics
///
/// `faketime` is not installed.
pub fn with_clock(clock: &str) -> Command {
    // `faketime` would stay as the parent. And it does not start under the id of a killed program that had its library, which is
    // then asked for again, under another id.
    let asked = || Command::new("faketime").args(["-f", "+0", "env"]).output();
    let library = (0..10).find_map(|_| {
        let said = String::from_utf8(asked().expect("install faketime").stdout).unwrap();
        said.lines().find_map(|line| line.strip_prefix("LD_PRELOAD=").map(str::to_owned))
    });
    let mut command = Command::new("env");
    let monotonic = ("FAKETIME_DONT_FAKE_MONOTONIC", "1");
    command.envs([("LD_PRELOAD", library.unwrap().as_str()), ("FAKETIME", clock), monotonic]);
    command
}
