//! The end of this process by a signal that it sends itself. To process 1 of a pid namespace, which is the program of a
//! container, the kernel delivers no signal of its own without a handler, SIGKILL included.

use signal_hook::low_level;

/// Returns whether this is process 1.
pub fn is_first() -> bool {
    std::process::id() == 1
}

/// Returns the exit code by which shells show that a signal has ended a program.
pub fn code(signal: i32) -> i32 {
    128 + signal
}

/// Ends the process at once, without destructors, with the exit code for the signal.
pub fn exit_as_by(signal: i32) -> ! {
    low_level::exit(code(signal))
}

/// Ends the process as the signal does by default, whatever handles it now.
pub fn die_of(signal: i32) -> ! {
    if !is_first() {
        // The call returns only if the signal does not end a process.
        let _ = low_level::emulate_default_handler(signal);
    }
    exit_as_by(signal)
}

/// Returns whether the program neither handles nor ignores the signal; true where the system does not tell.
pub fn is_by_default(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    !["SigIgn:", "SigCgt:"].into_iter().any(|set| has(&status, set, signal))
}

/// Returns whether the signal is in the set `set` of `/proc/PID/status`.
fn has(status: &str, set: &str, signal: i32) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix(set));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    // Signals are counted from 1.
    mask.is_some_and(|mask| mask & (1 << (signal - 1)) != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_is_sought_in_its_set() {
        let status = "Name:\tx\nSigIgn:\t0000000000001000\nSigCgt:\t0000000000004002\n";
        let sets = |signal| (has(status, "SigIgn:", signal), has(status, "SigCgt:", signal));
        assert_eq!(sets(13), (true, false), "SIGPIPE");
        assert_eq!((sets(2), sets(15)), ((false, true), (false, true)));
        assert_eq!((sets(9), has("", "SigIgn:", 9)), ((false, false), false));
    }
}
