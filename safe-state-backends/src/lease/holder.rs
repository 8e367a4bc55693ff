//! The holder of a lease, written as one line of text.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use crate::escape::Line;
use crate::lease::process::Process;
use crate::timestamp::Timestamp;

/// The process that holds a lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    pid: u32,
    host: String,
    since: Timestamp,
    /// The identity of the process among all with its id, and the number of this lease among the process's leases. `None` for a
    /// holder that did not write it.
    mark: Option<(Process, u64)>,
    /// The device of the lock's file, as seen by the holder's process.
    device: Option<u64>,
}

impl Holder {
    /// Returns this process as a holder since now. No two calls return the same holder.
    pub fn this_process() -> Self {
        static LEASES: AtomicU64 = AtomicU64::new(0);
        let host = hostname::get().unwrap_or_default();
        Holder {
            pid: std::process::id(),
            host: host.to_string_lossy().into_owned(),
            since: Timestamp::now(),
            mark: Process::this().map(|process| (process, LEASES.fetch_add(1, Ordering::Relaxed))),
            device: None,
        }
    }

    /// Returns this process as the holder of a lock on a file with this metadata.
    #[cfg(unix)]
    pub(crate) fn of(file: &std::fs::Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        Holder { device: Some(file.dev()), ..Holder::this_process() }
    }

    /// Returns this process as the holder of a lock on a file. The standard library does not tell the file's device here.
    #[cfg(not(unix))]
    pub(crate) fn of(_: &std::fs::Metadata) -> Self {
        Holder::this_process()
    }

    /// Formats the holder as one line of text: `PID MICROS HOST [PROCESS#LEASE[@DEVICE]]`.
    #[doc(hidden)]
    pub fn to_line(&self) -> String {
        let Holder { pid, host, since, mark, device } = self;
        let device = device.map(|device| format!("@{device:x}")).unwrap_or_default();
        let mark = mark.as_ref().map(|(process, lease)| format!(" {process}#{lease}{device}"));
        format!("{pid} {} {host}{}", since.micros(), mark.unwrap_or_default())
    }

    /// Parses a line of [`to_line`](Self::to_line), also one of older releases, which wrote no mark.
    #[doc(hidden)]
    pub fn from_line(line: &str) -> Option<Self> {
        let mut words = line.splitn(3, ' ');
        let pid = words.next()?.parse().ok()?;
        let since = Timestamp::from_micros(words.next()?.parse().ok()?);
        let rest = words.next()?;
        let marked = rest.rsplit_once(' ').and_then(|(host, mark)| Some((host, mark_of(mark)?)));
        let (host, mark) = marked.map_or((rest, None), |(host, mark)| (host, Some(mark)));
        let (mark, device) = mark.map_or((None, None), |(mark, device)| (Some(mark), device));
        Some(Holder { pid, since, host: host.to_owned(), mark, device })
    }

    /// Returns whether the process is known to have ended. That can be known only of a process on this machine.
    #[doc(hidden)]
    pub fn has_ended(&self) -> bool {
        self.mark.as_ref().is_some_and(|(process, _)| process.has_ended(self.pid))
    }

    /// Returns whether the process is known to have run here and to have ended. [`has_ended`](Self::has_ended) does not
    /// suffice: a copy of a virtual machine has the boot id of the original, but not its processes.
    #[doc(hidden)]
    pub fn has_left(&self) -> bool {
        let Some((process, _)) = self.mark.as_ref().filter(|_| self.has_ended()) else {
            return false;
        };
        #[cfg(unix)]
        return crate::lease::presence::has_left(process, self.pid);
        #[cfg(not(unix))]
        {
            let _ = process;
            false
        }
    }

    /// Returns whether this process can know whether the holder's has ended: both have their ids from the same namespace.
    #[doc(hidden)]
    pub fn is_neighbour(&self) -> bool {
        let (Some((process, _)), Some(this)) = (&self.mark, Process::this()) else { return false };
        process.is_neighbour_of(&this)
    }

    /// Returns whether the process was started since this machine was booted. For a holder without a mark, compares the names
    /// of the hosts instead.
    pub(crate) fn is_of_this_boot(&self) -> bool {
        match (&self.mark, Process::this()) {
            (Some((process, _)), Some(this)) => process.has_boot_of(&this),
            _ => self.host == Holder::this_process().host,
        }
    }

    /// Returns whether the holder wrote down the identity of its process.
    pub(crate) fn is_marked(&self) -> bool {
        self.mark.is_some()
    }

    /// Returns the device of the lock's file, as seen by the holder's process, if it wrote it down.
    pub(crate) fn device(&self) -> Option<u64> {
        self.device
    }

    /// Returns the id of the process.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Returns the name of the process's host.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Returns when the process took the lease.
    pub fn since(&self) -> SystemTime {
        self.since.into()
    }
}

/// The process and lease, and the device of the lock's file, as read from a line.
type LeaseMark = ((Process, u64), Option<u64>);

fn mark_of(word: &str) -> Option<LeaseMark> {
    let (process, lease) = word.rsplit_once('#')?;
    let (lease, device) = match lease.split_once('@') {
        Some((lease, device)) => (lease, Some(u64::from_str_radix(device, 16).ok()?)),
        None => (lease, None),
    };
    Some(((process.parse().ok()?, lease.parse().ok()?), device))
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "pid {} on host {}, since {}", self.pid, Line(&self.host), self.since)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_comes_back() {
        let holder = Holder::this_process();
        assert_eq!(Holder::from_line(&holder.to_line()), Some(holder));
        let holder = Holder { device: Some(0x801), ..Holder::this_process() };
        assert!(holder.to_line().ends_with("@801"));
        assert_eq!(Holder::from_line(&holder.to_line()), Some(holder));
    }

    #[test]
    fn no_two_leases_of_a_process_are_alike() {
        assert_ne!(Holder::this_process(), Holder::this_process());
    }

    #[test]
    fn older_lines_are_read() {
        let holder = Holder::from_line("4711 1000000 mail-2").unwrap();
        assert_eq!((holder.pid(), holder.host(), &holder.mark), (4711, "mail-2", &None));
        assert_eq!(holder.to_string(), "pid 4711 on host mail-2, since 1970-01-01T00:00:01Z");
        assert_eq!(Holder::from_line("1 1 two words").unwrap().host(), "two words");
        for line in ["", "1", "1 1", "one 1 host", "1 one host"] {
            assert_eq!(Holder::from_line(line), None, "{line}");
        }
    }
}
