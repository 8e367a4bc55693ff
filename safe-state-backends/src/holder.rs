//! Who holds a lease, as one line of text.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use crate::escape::Line;
use crate::process::Process;
use crate::timestamp::Timestamp;

/// Who holds a lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    pid: u32,
    host: String,
    since: Timestamp,
    /// Which process of that number it is, and the how manieth lease of it this one is; of those
    /// that wrote it down.
    mark: Option<(Process, u64)>,
    /// The device that the lock's file is on, as its process has it.
    device: Option<u64>,
}

impl Holder {
    /// This process, from now. No two calls give the same.
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

    /// The same of a lock on a file with these.
    #[cfg(unix)]
    pub(crate) fn of(file: &std::fs::Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        Holder { device: Some(file.dev()), ..Holder::this_process() }
    }

    /// The same of a lock on a file; on which device that is, the standard library does not tell.
    #[cfg(not(unix))]
    pub(crate) fn of(_: &std::fs::Metadata) -> Self {
        Holder::this_process()
    }

    /// As one line of text: `PID MICROS HOST [PROCESS#LEASE[@DEVICE]]`.
    pub(crate) fn to_line(&self) -> String {
        let Holder { pid, host, since, mark, device } = self;
        let device = device.map(|device| format!("@{device:x}")).unwrap_or_default();
        let mark = mark.as_ref().map(|(process, lease)| format!(" {process}#{lease}{device}"));
        format!("{pid} {} {host}{}", since.micros(), mark.unwrap_or_default())
    }

    /// Reads such a line, of older releases as well, which wrote no mark.
    pub(crate) fn from_line(line: &str) -> Option<Self> {
        let mut words = line.splitn(3, ' ');
        let pid = words.next()?.parse().ok()?;
        let since = Timestamp::from_micros(words.next()?.parse().ok()?);
        let rest = words.next()?;
        let marked = rest.rsplit_once(' ').and_then(|(host, mark)| Some((host, mark_of(mark)?)));
        let (host, mark) = marked.map_or((rest, None), |(host, mark)| (host, Some(mark)));
        let (mark, device) = mark.map_or((None, None), |(mark, device)| (Some(mark), device));
        Some(Holder { pid, since, host: host.to_owned(), mark, device })
    }

    /// Whether its process is known to have ended: only one of this machine can be.
    pub(crate) fn has_ended(&self) -> bool {
        self.mark.as_ref().is_some_and(|(process, _)| process.has_ended(self.pid))
    }

    /// The same, and that it was here is known as well: a copy of a virtual machine has the boot of the first, and
    /// not its processes.
    #[cfg(feature = "network")]
    pub(crate) fn has_left(&self) -> bool {
        let Some((process, _)) = self.mark.as_ref().filter(|_| self.has_ended()) else {
            return false;
        };
        #[cfg(unix)]
        return crate::presence::has_left(process, self.pid);
        #[cfg(not(unix))]
        {
            let _ = process;
            false
        }
    }

    /// Whether it is known whether its process has ended: of one that has its number from where this one has its.
    #[doc(hidden)]
    pub fn is_neighbour(&self) -> bool {
        let (Some((process, _)), Some(this)) = (&self.mark, Process::this()) else { return false };
        process.is_neighbour_of(&this)
    }

    /// Whether its process was started since this machine was booted. Of one that has not written it
    /// down, its machine's name tells.
    pub(crate) fn is_of_this_boot(&self) -> bool {
        match (&self.mark, Process::this()) {
            (Some((process, _)), Some(this)) => process.has_boot_of(&this),
            _ => self.host == Holder::this_process().host,
        }
    }

    /// Whether it has written down which process it is.
    pub(crate) fn is_marked(&self) -> bool {
        self.mark.is_some()
    }

    /// The device that the lock's file is on, as its process has it; of those who have written it down.
    pub(crate) fn device(&self) -> Option<u64> {
        self.device
    }

    /// The process.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// The name of the host it runs on.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// When it took the lease.
    pub fn since(&self) -> SystemTime {
        self.since.into()
    }
}

/// Which process and lease, and on which device.
type Told = ((Process, u64), Option<u64>);

fn mark_of(word: &str) -> Option<Told> {
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
