//! Messages to systemd, or to another service manager with its protocol: that a job is ready, makes progress, and ends.
//!
//! Only code that makes progress sends messages, so the manager's watchdog notices a job that makes none.

use std::env;
use std::ffi::OsStr;
use std::fmt::Write;
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use safe_state_backends::escape::Line;

/// The time between messages about a job's progress.
const INTERVAL: Duration = Duration::from_secs(1);
/// The least number of messages within the watchdog's time.
const PARTS: u32 = 4;

/// The service manager that listens.
#[derive(Debug)]
struct Manager {
    socket: UnixDatagram,
    has_watchdog: bool,
    every: Duration,
    told: Mutex<LastNotice>,
}

#[derive(Debug, Default)]
struct LastNotice {
    is_ready: bool,
    next: Option<Instant>,
}

/// Tells the manager that the process makes progress, with a status line, unless that was told a moment ago.
#[inline]
pub fn comes_on<S: AsRef<str>>(status: impl FnOnce() -> S) {
    if let Some(manager) = manager() {
        manager.comes_on(Instant::now(), false, status);
    }
}

/// Tells the manager at once that the process makes progress, and what it does now.
#[inline]
pub fn turns_to<S: AsRef<str>>(status: impl FnOnce() -> S) {
    if let Some(manager) = manager() {
        manager.comes_on(Instant::now(), true, status);
    }
}

/// Tells the manager that the process was asked to end, and is ending.
pub fn stops<S: AsRef<str>>(status: impl FnOnce() -> S) {
    if let Some(manager) = manager() {
        manager.send("STOPPING=1\n", status().as_ref());
    }
}

fn manager() -> Option<&'static Manager> {
    static MANAGER: OnceLock<Option<Manager>> = OnceLock::new();
    MANAGER.get_or_init(|| Manager::find(|name| env::var_os(name))).as_ref()
}

impl Manager {
    fn find<S: AsRef<OsStr>>(variable: impl Fn(&str) -> Option<S>) -> Option<Self> {
        let address = variable("NOTIFY_SOCKET")?;
        let socket = match connected(address.as_ref()) {
            Ok(socket) => socket,
            Err(error) => {
                tracing::warn!(target: "safe_state", %error, "the manager of services can't be told anything");
                return None;
            }
        };
        let number = |name| variable(name)?.as_ref().to_str()?.parse::<u64>().ok();
        let is_watched =
            number("WATCHDOG_PID").is_none_or(|pid| pid == u64::from(std::process::id()));
        let watchdog = number("WATCHDOG_USEC").filter(|micros| is_watched && *micros > 0);
        let every = watchdog.map(|micros| Duration::from_micros(micros) / PARTS);
        Some(Manager {
            socket,
            has_watchdog: watchdog.is_some(),
            every: every.map_or(INTERVAL, |every| every.min(INTERVAL)),
            told: Mutex::default(),
        })
    }

    fn comes_on<S: AsRef<str>>(&self, now: Instant, at_once: bool, status: impl FnOnce() -> S) {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if !at_once && told.next.is_some_and(|next| now < next) {
            return;
        }
        told.next = now.checked_add(self.every);
        let ready = if told.is_ready { "" } else { "READY=1\n" };
        let watchdog = if self.has_watchdog { "WATCHDOG=1\n" } else { "" };
        told.is_ready |= self.send(&format!("{ready}{watchdog}"), status().as_ref());
    }

    /// Sends a message. Returns whether it was accepted. A manager that does not read does not block a job: a message that has
    /// no room is dropped.
    fn send(&self, what: &str, status: &str) -> bool {
        let mut message = what.to_owned();
        let _ = write!(message, "STATUS={}", Line(status));
        self.socket.send(message.as_bytes()).is_ok()
    }
}

/// Returns a socket to a manager that listens at a path, or, with `@` in front, at an abstract name outside of the file system.
fn connected(address: &OsStr) -> io::Result<UnixDatagram> {
    let address = match address.as_bytes() {
        [b'@', name @ ..] => SocketAddr::from_abstract_name(name)?,
        path => SocketAddr::from_pathname(OsStr::from_bytes(path))?,
    };
    let socket = UnixDatagram::unbound()?;
    socket.set_nonblocking(true)?;
    socket.connect_addr(&address)?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(listens: &UnixDatagram) -> Vec<String> {
        listens.set_nonblocking(true).unwrap();
        let mut heard = Vec::new();
        let mut message = [0; 4096];
        while let Ok(length) = listens.recv(&mut message) {
            heard.push(String::from_utf8(message[..length].to_vec()).unwrap());
        }
        heard
    }

    fn found(variables: &[(&str, String)]) -> Option<Manager> {
        Manager::find(|name| {
            variables.iter().find(|(it, _)| *it == name).map(|(_, value)| value.clone())
        })
    }

    #[test]
    fn the_manager_is_told_four_times_within_the_watchdog_s_time() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("notify");
        let listens = UnixDatagram::bind(&path).unwrap();
        let path = path.to_str().unwrap().to_owned();
        let own = std::process::id().to_string();
        let micros = ("WATCHDOG_USEC", "400000".to_owned());
        let socket = ("NOTIFY_SOCKET", path);
        let manager = found(&[socket.clone(), micros.clone(), ("WATCHDOG_PID", own)]).unwrap();
        let began = Instant::now();
        for (millis, at_once) in [(0, false), (99, false), (100, false), (150, true), (249, false)]
        {
            manager.comes_on(began + Duration::from_millis(millis), at_once, || {
                format!("{millis}\nWATCHDOG=trigger")
            });
        }
        let escaped = |millis: u64| format!("STATUS={millis}\\nWATCHDOG=trigger");
        let expected = [
            format!("READY=1\nWATCHDOG=1\n{}", escaped(0)),
            format!("WATCHDOG=1\n{}", escaped(100)),
            format!("WATCHDOG=1\n{}", escaped(150)),
        ];
        assert_eq!(heard(&listens), expected);
        let others = found(&[socket, micros, ("WATCHDOG_PID", "1".to_owned())]).unwrap();
        assert_eq!((others.has_watchdog, others.every), (false, INTERVAL));
    }

    #[test]
    fn a_manager_with_an_abstract_socket_is_found() {
        let name = format!("safe-state-{}", std::process::id());
        let address = SocketAddr::from_abstract_name(&name).unwrap();
        let listens = UnixDatagram::bind_addr(&address).unwrap();
        let manager = found(&[("NOTIFY_SOCKET", format!("@{name}"))]).unwrap();
        manager.comes_on(Instant::now(), false, || "here");
        assert_eq!(heard(&listens), ["READY=1\nSTATUS=here"]);
        assert!(found(&[("NOTIFY_SOCKET", "/no/such/socket".to_owned())]).is_none());
        assert!(found(&[]).is_none());
    }

    /// A manager that does not read has a full queue, and is told that the job is ready when it reads again.
    #[test]
    fn a_manager_that_does_not_read_holds_nothing_up() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("notify");
        let listens = UnixDatagram::bind(&path).unwrap();
        let manager = found(&[("NOTIFY_SOCKET", path.to_str().unwrap().to_owned())]).unwrap();
        while manager.send("", "filled") {}
        manager.comes_on(Instant::now(), true, || "dropped");
        assert!(!heard(&listens).contains(&"READY=1\nSTATUS=dropped".to_owned()));
        manager.comes_on(Instant::now(), true, || "taken");
        assert_eq!(heard(&listens), ["READY=1\nSTATUS=taken"]);
    }
}
