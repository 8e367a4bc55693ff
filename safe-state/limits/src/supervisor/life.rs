//! One run of a program: from its start to its end, which a limit may bring about.

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};
use safe_state_backends::CrashCause;

use super::ended::End;
use super::event::Event;
use super::kills::Kills;
use super::{family, signals};
use crate::memory::pause;
use crate::process_limits::ProcessLimits;

/// The time between two looks at memory that is far from its limit.
const INTERVAL: Duration = Duration::from_millis(100);

#[derive(Debug)]
pub(super) struct Life {
    child: Child,
    pid: Pid,
    number: usize,
    limits: ProcessLimits,
    kills: Kills,
    began: Instant,
    /// The limit that the program passed, and when it got SIGTERM for it.
    passed: Option<(CrashCause, Instant)>,
    asked: AskedToEnd,
}

/// The signals by which the program was asked to end.
#[derive(Debug, Default)]
struct AskedToEnd {
    by: Option<i32>,
    /// A warning that the program did not take in: it died of it, or had ended before.
    unheard: Option<i32>,
}

/// The error of a program that can't be started.
#[derive(thiserror::Error)]
#[error("cannot start `{program}`")]
struct NotStarted {
    program: String,
    source: io::Error,
}

safe_state_backends::debug_is_one_line!(NotStarted);

impl Life {
    pub(super) fn start(
        command: &mut Command,
        limits: ProcessLimits,
        events: Sender<Event>,
        number: usize,
    ) -> io::Result<Self> {
        let kills = Kills::so_far();
        let child = command.spawn().map_err(|source| {
            let program = command.get_program().to_string_lossy().into_owned();
            io::Error::new(source.kind(), NotStarted { program, source })
        })?;
        let pid = Pid::from_child(&child);
        // Waits for the program's end without reaping it: until it is reaped, no other process gets its number.
        let wait = move || {
            while let Err(rustix::io::Errno::INTR) =
                waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT)
            {
            }
            let _ = events.send(Event::Ended(number));
        };
        let life = Life {
            child,
            pid,
            number,
            limits,
            kills,
            began: Instant::now(),
            passed: None,
            asked: AskedToEnd::default(),
        };
        match thread::Builder::new().name("safe-state-wait".to_owned()).spawn(wait) {
            Ok(_) => Ok(life),
            Err(error) => {
                life.kill();
                Err(error)
            }
        }
    }

    /// Waits for the program's end, passes signals on, and ends the program if it passes a limit. Calls `asked` with
    /// the first signal that asks the program to end.
    pub(super) fn watch(
        &mut self,
        events: &Receiver<Event>,
        asked: impl Fn(i32),
    ) -> io::Result<(ExitStatus, End)> {
        let mut warning = None;
        loop {
            let now = Instant::now();
            let next = self.look(now);
            let event = match next {
                Some(next) => events.recv_timeout(next.saturating_duration_since(now)),
                None => events.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            match event {
                Ok(Event::Ended(number)) if number == self.number => break,
                Ok(Event::Ended(_)) | Err(RecvTimeoutError::Timeout) => {}
                Ok(Event::Signal(signal)) => {
                    if self.asked.by.is_none() && signals::asks_to_end(signal) {
                        self.asked.by = Some(signal);
                        asked(signal);
                    }
                    if signals::warns(signal) {
                        warning = Some(signal);
                        if !self.listens_to(signal) {
                            self.asked.unheard = warning;
                        }
                    }
                    signals::pass_on(signal, self.pid);
                }
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        let status = self.child.wait()?;
        self.asked.unheard =
            self.asked.unheard.or(warning.filter(|warning| status.signal() == Some(*warning)));
        Ok((status, End::of(status, self.passed.map(|(cause, _)| cause), self.kills.since())))
    }

    /// Returns the first signal that has asked the program to end.
    pub(super) fn asked_by(&self) -> Option<i32> {
        self.asked.by
    }

    /// Returns the warning that the program did not take in, if there is one.
    pub(super) fn unheard(&self) -> Option<i32> {
        self.asked.unheard
    }

    /// Returns whether the program goes on after the signal, as far as is known.
    fn listens_to(&self, signal: i32) -> bool {
        let known = family::takes(self.child.id(), signal);
        known.unwrap_or(true) && !self.has_ended()
    }

    fn has_ended(&self) -> bool {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
        waitid(WaitId::Pid(self.pid), options).is_ok_and(|ended| ended.is_some())
    }

    /// Checks the program's limits, and ends it if it passed one. Returns when to look again.
    fn look(&mut self, now: Instant) -> Option<Instant> {
        if let Some((_, told)) = self.passed {
            let killed = told + self.limits.grace_period;
            if now >= killed {
                self.kill();
                return None;
            }
            return Some(killed);
        }
        let over = self.limits.timeout.and_then(|timeout| self.began.checked_add(timeout));
        if over.is_some_and(|over| now >= over) {
            return Some(self.end(CrashCause::Timeout, now));
        }
        let Some(limit) = self.limits.max_memory else { return over };
        let used = family::memory(self.child.id()).unwrap_or(0);
        if used > limit {
            return Some(self.end(CrashCause::Memory(used), now));
        }
        let again = now + pause(limit - used, INTERVAL);
        Some(over.map_or(again, |over| over.min(again)))
    }

    fn end(&mut self, cause: CrashCause, now: Instant) -> Instant {
        tracing::warn!(target: "safe_state", %cause, "the program passed a limit");
        self.passed = Some((cause, now));
        // The program may have ended by itself.
        let _ = kill_process(self.pid, Signal::TERM);
        now + self.limits.grace_period
    }

    fn kill(&self) {
        let _ = kill_process(self.pid, Signal::KILL);
    }
}
