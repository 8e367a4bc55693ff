//! The identity of a process, among all that ever have the same id.

use std::fmt;
use std::fs::{self, File};
use std::io::Read;
use std::str::FromStr;

/// The identity of a process on this machine since its boot. Together with the process id, it is unique: it differs for a
/// process that gets the same id later, and for one in a container with the same host name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// The boot id of the machine.
    boot: String,
    /// The namespace of the process id: the inode of `/proc/PID/ns/pid`.
    namespace: u64,
    /// The time of the process's start, in ticks since the boot.
    started: u64,
}

impl Process {
    /// Returns the identity of this process; `None` where it is unknown.
    pub fn this() -> Option<Self> {
        // If this differs, `/proc` is of another namespace, and shows other processes under these ids.
        let shown = fs::read_link("/proc/self").ok()?;
        if shown.to_str()? != std::process::id().to_string() {
            return None;
        }
        let boot = boot()?;
        let namespace = fs::read_link("/proc/self/ns/pid").ok()?;
        let inode = namespace.to_str()?.strip_prefix("pid:[")?.strip_suffix(']')?;
        Some(Process { boot, namespace: inode.parse().ok()?, started: stat_of("self")?.started })
    }

    /// Returns whether both have their ids from the same namespace, since the same boot.
    pub(crate) fn is_neighbour_of(&self, other: &Process) -> bool {
        self.has_boot_of(other) && self.namespace == other.namespace
    }

    pub(crate) fn has_boot_of(&self, other: &Process) -> bool {
        self.boot == other.boot
    }

    /// Returns a text that tells this process from all others that have its id, since the boot.
    #[cfg(unix)]
    pub fn place(&self) -> String {
        format!("{}-{}", self.namespace, self.started)
    }

    /// Returns whether this process, with the id `pid`, is known to have ended. That is known only for processes in our own
    /// namespace.
    pub(crate) fn has_ended(&self, pid: u32) -> bool {
        if !Process::this().is_some_and(|us| self.is_neighbour_of(&us)) {
            return false;
        }
        // `/proc` may hide the processes of other users; a signal still tells whether they exist.
        is_free(pid)
            || stat_of(&pid.to_string())
                .is_some_and(|stat| stat.started != self.started || stat.has_ended())
    }
}

/// Returns the boot id of the machine.
#[cfg(target_os = "linux")]
fn boot() -> Option<String> {
    safe_state_page::Boot::this()?.as_str().map(str::to_owned)
}

#[cfg(not(target_os = "linux"))]
fn boot() -> Option<String> {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(boot.trim().to_owned())
}

/// Returns whether no process has the id `pid`.
#[cfg(target_os = "linux")]
fn is_free(pid: u32) -> bool {
    let pid = i32::try_from(pid).ok().and_then(rustix::process::Pid::from_raw);
    pid.is_some_and(|pid| rustix::process::test_kill_process(pid) == Err(rustix::io::Errno::SRCH))
}

#[cfg(not(target_os = "linux"))]
fn is_free(_: u32) -> bool {
    false
}

struct Stat {
    state: char,
    started: u64,
}

impl Stat {
    /// Returns whether the process has ended, even if its parent has not waited for it yet.
    fn has_ended(&self) -> bool {
        matches!(self.state, 'Z' | 'X')
    }
}

fn stat_of(process: &str) -> Option<Stat> {
    // The file tells no length, for which `fs::read_to_string` would ask, and read it in small pieces.
    let mut stat = String::with_capacity(1024);
    let file = File::open(format!("/proc/{process}/stat")).ok()?;
    file.take(1 << 16).read_to_string(&mut stat).ok()?;
    // The second field is the program's name, in parentheses, which may itself contain spaces and parentheses.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_ascii_whitespace().collect();
    Some(Stat { state: fields.first()?.chars().next()?, started: fields.get(19)?.parse().ok()? })
}

impl fmt::Display for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.boot, self.namespace, self.started)
    }
}

impl FromStr for Process {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut parts = text.splitn(3, '/');
        let mut part = || parts.next().ok_or(());
        Ok(Process {
            boot: part()?.to_owned(),
            namespace: part()?.parse().map_err(drop)?,
            started: part()?.parse().map_err(drop)?,
        })
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_read_as_it_was_written() {
        let this = Process::this().unwrap();
        assert_eq!(this.to_string().parse(), Ok(this));
    }

    #[test]
    fn the_ended_are_told_from_the_living() {
        use std::process::Command;
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        let stat = stat_of(&child.id().to_string()).unwrap();
        let sleeper = Process { started: stat.started, ..Process::this().unwrap() };
        assert!(!sleeper.has_ended(child.id()));
        let later = Process { started: stat.started + 1, ..sleeper.clone() };
        assert!(later.has_ended(child.id()), "its number is another's by now");
        let elsewhere = Process { boot: "another".to_owned(), ..later.clone() };
        assert!(!elsewhere.has_ended(child.id()), "nothing is known of other machines");
        let contained = Process { namespace: 1, ..later };
        assert!(!contained.has_ended(child.id()), "nor of other containers");
        child.kill().unwrap();
        while stat_of(&child.id().to_string()).unwrap().state != 'Z' {
            std::thread::yield_now();
        }
        assert!(sleeper.has_ended(child.id()), "nobody has asked for its exit code yet");
        child.wait().unwrap();
        assert!(sleeper.has_ended(child.id()));
    }
}
