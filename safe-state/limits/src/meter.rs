//! Meters for the memory in use.

use std::fs::File;
use std::io;

use safe_state_base::Memory;

use crate::cgroup::{Cgroup, nine_tenths};

/// A meter that can be read over and over.
#[derive(Debug)]
pub(crate) enum Meter {
    Process(Resident),
    Cgroup(Cgroup),
}

impl Meter {
    /// Makes the meter of the process or of its control group.
    ///
    /// # Errors
    ///
    /// The system does not tell: it is not Linux, or has no such control group.
    pub(crate) fn of(memory: Memory) -> io::Result<Self> {
        match memory {
            Memory::Process => Resident::of_this_process().map(Meter::Process),
            Memory::Cgroup => Cgroup::of_this_process().map(Meter::Cgroup),
        }
    }

    /// Returns the most memory that may be in use in any case, in bytes: nine tenths of the control group's limit; for
    /// the process alone there is no bound.
    pub(crate) fn ceiling(&self) -> u64 {
        match self {
            Meter::Process(_) => u64::MAX,
            Meter::Cgroup(cgroup) => cgroup.limit().map_or(u64::MAX, nine_tenths),
        }
    }

    /// Returns the memory in use, in bytes; `None` if the system did not tell this time.
    pub(crate) fn read(&self) -> Option<u64> {
        match self {
            Meter::Process(resident) => resident.read(),
            Meter::Cgroup(cgroup) => cgroup.used(),
        }
    }
}

/// The resident memory of a process, read from `/proc/PID/statm`. The file stays open, as reading it takes a tenth of
/// the time that opening does.
#[derive(Debug)]
pub(crate) struct Resident {
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "there is no such file"))]
    statm: File,
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "there is no such file"))]
    page_size: u64,
}

#[cfg(target_os = "linux")]
impl Resident {
    pub(crate) fn of_this_process() -> io::Result<Self> {
        Resident::of("self")
    }

    /// Makes the meter of a process, given by its number or as `self`.
    pub(crate) fn of(process: &str) -> io::Result<Self> {
        let statm = File::open(format!("/proc/{process}/statm"))?;
        Ok(Resident { statm, page_size: rustix::param::page_size() as u64 })
    }

    /// Returns the memory in use, in bytes, without shared memory; `None` if the process has ended.
    pub(crate) fn read(&self) -> Option<u64> {
        use std::os::unix::fs::FileExt;
        let mut text = [0; 128];
        let length = self.statm.read_at(&mut text, 0).ok()?;
        let text = std::str::from_utf8(text.get(..length)?).ok()?;
        own_pages(text)?.checked_mul(self.page_size)
    }
}

/// Returns the memory that the process `pid` has in use, in bytes; `None` if that is not known.
#[cfg(unix)]
pub(crate) fn resident(pid: u32) -> Option<u64> {
    #[cfg(target_os = "linux")]
    return Resident::of(&pid.to_string()).ok()?.read();
    #[cfg(not(target_os = "linux"))]
    return Some(pid).and(None);
}

#[cfg(not(target_os = "linux"))]
impl Resident {
    pub(crate) fn of_this_process() -> io::Result<Self> {
        let text =
            "limits on memory are for Linux: this system does not tell what a process has in use";
        Err(io::Error::new(io::ErrorKind::Unsupported, text))
    }

    pub(crate) fn read(&self) -> Option<u64> {
        None
    }
}

/// Returns the process's own pages from a line such as `size resident shared ..`.
#[cfg(target_os = "linux")]
fn own_pages(statm: &str) -> Option<u64> {
    let mut pages = statm.split_ascii_whitespace().skip(1).map(str::parse::<u64>);
    let (resident, shared) = (pages.next()?.ok()?, pages.next()?.ok()?);
    Some(resident.saturating_sub(shared))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn shared_pages_are_not_the_process_s_own() {
        assert_eq!(own_pages("5000 700 300 1 0 400 0\n"), Some(400));
        assert_eq!(own_pages("5000"), None);
    }

    #[test]
    fn what_is_allocated_is_seen() {
        let meter = Meter::of(Memory::Process).unwrap();
        let before = meter.read().unwrap();
        let held = vec![7_u8; 64 << 20];
        let after = meter.read().unwrap();
        assert!(after >= before + (60 << 20), "{before} {after}");
        drop(held);
    }
}
