//! How this process ends by a signal that it sends itself. To process 1 of a pid namespace, which is what the
//! program of a container is, the kernel gives no signal of its own that it has no handler for, SIGKILL
//! included.

use signal_hook::low_level;

/// Whether this is process 1.
pub fn is_first() -> bool {
    std::process::id() == 1
}

/// The exit code by which shells say that a signal has ended a program.
pub fn code(signal: i32) -> i32 {
    128 + signal
}

/// Ends the process at once, without destructors, with the code that tells of the signal.
pub fn exit_as_by(signal: i32) -> ! {
    low_level::exit(code(signal))
}

/// Ends the process as the signal does that nothing handles, whatever handles it now.
pub fn die_of(signal: i32) -> ! {
    if !is_first() {
        // It comes back only if it is no signal that ends a process.
        let _ = low_level::emulate_default_handler(signal);
    }
    exit_as_by(signal)
}

/// Whether the program neither handles the signal nor ignores it; where the system does not tell, it is taken
/// to do neither.
pub fn is_by_default(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    !["SigIgn:", "SigCgt:"].into_iter().any(|set| has(&status, set, signal))
}

/// Whether the signal is in that set of `/proc/PID/status`.
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
