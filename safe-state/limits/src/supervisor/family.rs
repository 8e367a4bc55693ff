//! The kernel's information on a program and the processes that it has started.

use std::fs;

use crate::meter::resident;

/// Returns the memory that a process and its descendants have in use, in bytes; `None` if the process has ended.
pub(super) fn memory(pid: u32) -> Option<u64> {
    let own = resident(pid)?;
    let others = children(pid).into_iter().filter_map(memory);
    Some(others.fold(own, u64::saturating_add))
}

/// Returns the processes that the threads of a process have started.
fn children(pid: u32) -> Vec<u32> {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let told = threads.filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    told.flat_map(|told| {
        told.split_ascii_whitespace().filter_map(|pid| pid.parse().ok()).collect::<Vec<_>>()
    })
    .collect()
}

/// Returns whether a process catches, blocks or ignores a signal, and so survives it; `None` if that is not known.
pub(super) fn takes(pid: u32, signal: i32) -> Option<bool> {
    let told = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let mask = 1_u64.checked_shl(u32::try_from(signal).ok()?.checked_sub(1)?)?;
    let masks = told.lines().filter_map(|line| {
        let (name, set) = line.split_once(':')?;
        let is_one = ["SigCgt", "SigIgn", "SigBlk"].contains(&name);
        is_one.then(|| u64::from_str_radix(set.trim(), 16).ok())?
    });
    masks.map(|set| set & mask != 0).reduce(|one, other| one || other)
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use signal_hook::consts::{SIGUSR1, SIGUSR2};

    use super::*;

    #[test]
    fn a_signal_that_a_program_ignores_counts_as_taken() {
        let mut shell = Command::new("sh");
        shell.args(["-c", "trap '' USR1; echo ready; exec sleep 3600"]);
        let mut child = shell.stdout(std::process::Stdio::piped()).spawn().unwrap();
        let mut output = std::io::BufReader::new(child.stdout.take().unwrap());
        std::io::BufRead::read_line(&mut output, &mut String::new()).unwrap();
        let taken = [takes(child.id(), SIGUSR1), takes(child.id(), SIGUSR2)];
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(taken, [Some(true), Some(false)]);
        assert_eq!(takes(child.id(), SIGUSR1), None);
    }
}
