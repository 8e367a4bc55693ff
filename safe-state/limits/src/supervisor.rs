//! Programs that are started again when they crash, are killed, or pass a limit.

mod ended;
mod event;
mod family;
mod kills;
mod life;
mod signals;

use std::io::{self, Write};
use std::process::{Command, ExitStatus};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use safe_state_backends::CrashCause;
use safe_state_base::exit::{Ending, ExitCodes, Notes};
use safe_state_base::{Backoff, service};

use crate::died_of;
use crate::process_limits::ProcessLimits;
use crate::{Size, Time};
pub use ended::{End, Supervised};
use event::Event;
use life::Life;
use signals::{Forwarded, asks_to_end};

/// A program that is still alive after so long has come on: its restarts count anew.
const HEALTHY: Duration = Duration::from_secs(60);
/// How long a wait goes on before the manager of services is told that it is one.
const LOOK: Duration = Duration::from_millis(50);
/// What shells and their programs mean by them: wrong arguments, not executable, not found.
const FINAL_CODES: [i32; 4] = [2, 64, 126, 127];

/// Runs a program, any program, and starts it again if it does not succeed: if it crashes, is killed, fails,
/// or passes a limit.
///
/// ```
/// use std::process::Command;
/// use safe_state::{Backoff, Supervisor};
///
/// # let dir = tempfile::tempdir()?;
/// let mut program = Command::new("sh");
/// program.args(["-c", "test -e done || { touch done; kill -9 $$; }"]).current_dir(dir.path());
/// let ended = Supervisor::new(program).restarts(5).backoff(Backoff::constant("10ms")).run()?;
/// assert!(ended.success());
/// assert_eq!(ended.to_string(), "succeeded after 1 restart; it ended by signal 9 (SIGKILL)");
/// # Ok::<(), std::io::Error>(())
/// ```
///
/// The program has the arguments, environment, streams, directory and terminal of the `Command`, in the
/// process group of this process. SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGALRM, SIGUSR1, SIGUSR2 and SIGXCPU are passed on to it;
/// one that asks it to end is the last: it is not started again. Nor is it after SIGUSR1, SIGUSR2, SIGXCPU or SIGALRM, which
/// warn of an end, if no program has taken that in: it came in the pause before a start, or the program died of it. A Ctrl-C
/// of the terminal, which reaches it anyway, is not passed on.
///
/// A program whose run was asked to end, has come to the end of its time, was cancelled or has ended itself is not started
/// again either. It tells, if it is the program itself that the command starts, and no shell around it; else its exit code
/// does, by [`ExitCodes`].
///
/// A resumable job in the program is told what it died of, for the dead letter of an
/// item that is given up by `max_crashes`. Unix alone; a limit on memory, Linux alone.
#[derive(Debug)]
pub struct Supervisor {
    command: Command,
    restarts: u32,
    backoff: Backoff,
    limits: ProcessLimits,
    final_codes: Vec<i32>,
    is_aloud: bool,
    is_last: bool,
    exit_codes: ExitCodes,
}

impl Supervisor {
    /// Supervises what the command starts: 5 restarts, after pauses of one second to one minute, no limits.
    pub fn new(command: Command) -> Self {
        Supervisor {
            command,
            restarts: 5,
            backoff: Backoff::exponential(Duration::from_secs(1), HEALTHY),
            limits: ProcessLimits::default(),
            final_codes: FINAL_CODES.to_vec(),
            is_aloud: false,
            is_last: false,
            exit_codes: ExitCodes::new(),
        }
    }

    /// How often it is started again, in a row: a run of more than a minute lets the count begin anew.
    pub fn restarts(mut self, restarts: u32) -> Self {
        self.restarts = restarts;
        self
    }

    /// The pauses before restarts.
    pub fn backoff(mut self, backoff: Backoff) -> Self {
        self.backoff = backoff;
        self
    }

    /// How long one run of the program may take: a [`Duration`], or a text such as `"1h"`. Then it gets
    /// SIGTERM, and a grace period later SIGKILL, and is started again.
    ///
    /// # Panics
    ///
    /// If a text is no time. So do the others.
    pub fn timeout(mut self, timeout: impl Into<Time>) -> Self {
        self.limits.timeout = Some(timeout.into().into());
        self
    }

    /// How much memory it and the programs that it has started may have in use together: a number of bytes,
    /// or a text such as `"2GiB"`. The same as of a timeout.
    pub fn max_memory(mut self, max_memory: impl Into<Size>) -> Self {
        self.limits.max_memory = Some(max_memory.into().into());
        self
    }

    /// How long it has between SIGTERM and SIGKILL. By default 15 seconds.
    pub fn grace_period(mut self, grace_period: impl Into<Time>) -> Self {
        self.limits.grace_period = grace_period.into().into();
        self
    }

    /// The exit codes with which it is not started again, beside those of runs that were to stop. By default 2, 64, 126 and
    /// 127, which say that it was called wrongly, or could not be.
    pub fn final_codes(mut self, codes: impl IntoIterator<Item = i32>) -> Self {
        self.final_codes = codes.into_iter().collect();
        self
    }

    /// Has it say on standard error when a signal asks it to end.
    pub fn aloud(mut self) -> Self {
        self.is_aloud = true;
        self
    }

    /// Has it go on to take signals when it returns, for a process that exits then: a second one that comes in between would
    /// end the process by itself, and with another status.
    pub fn until_exit(mut self) -> Self {
        self.is_last = true;
        self
    }

    /// The exit codes of programs whose run was to stop, which are [`Supervised::code`] for one that says it and exits with 1.
    pub fn exit_codes(mut self, codes: ExitCodes) -> Self {
        self.exit_codes = codes;
        self
    }

    /// Runs the program until it succeeds, is asked to end, or has been started again too often.
    ///
    /// # Errors
    ///
    /// It can't be started, or not be watched.
    pub fn run(mut self) -> io::Result<Supervised> {
        let (sender, events) = channel();
        let _forwarded = Forwarded::listen(sender.clone(), self.is_last)?;
        watchdog_is_of_any(&mut self.command);
        // Without a place for them, exit codes have to do.
        let notes = Notes::new().ok();
        if let Some(notes) = &notes {
            notes.ask(&mut self.command);
        }
        let mut ends: Vec<End> = Vec::new();
        let mut in_a_row = 0;
        loop {
            let began = Instant::now();
            let mut life = Life::start(&mut self.command, self.limits, sender.clone(), ends.len())?;
            let (status, end) = life.watch(&events, |signal| self.say_asked(signal))?;
            let asked = life.asked_by();
            let told = notes.as_ref().and_then(Notes::take);
            // What dies of something else has gone on behind its run.
            let stopped = told.filter(|_| end.is_by_itself() && !status.success());
            let ended = |ends, has_given_up, asked: Option<i32>| {
                let code = |ending| self.exit_codes.code(ending);
                let unheard = asked.filter(|signal| signals::warns(*signal)).map(|_| Ending::Later);
                let ended = Supervised::new(status, end, ends, has_given_up).asked_by(asked);
                Ok(ended.stopped(stopped.map(code)).unheard(unheard.map(code)))
            };
            let is_last = asked.is_some() || self.is_final(status, end, stopped);
            if let Some(warning) = life.unheard().filter(|_| !is_last) {
                return ended(ends, false, Some(warning));
            }
            in_a_row = if began.elapsed() > HEALTHY { 0 } else { in_a_row };
            if is_last || in_a_row >= self.restarts {
                return ended(ends, !is_last, asked);
            }
            in_a_row += 1;
            let pause = self.backoff.pause(in_a_row);
            tracing::warn!(target: "safe_state", %end, restart = in_a_row, ?pause, "the program is started again");
            if let Some(signal) = asked_within(pause, &events, in_a_row) {
                return ended(ends, false, Some(signal));
            }
            ends.push(end);
            died_of::tell(&mut self.command, end.cause());
        }
    }

    fn say_asked(&self, signal: i32) {
        let signal = CrashCause::Signal(signal);
        tracing::info!(target: "safe_state", %signal, "asked to end");
        if self.is_aloud {
            let program = self.command.get_program().display();
            // In one piece: the program writes there as well. If nobody reads that, it is not the program's failure.
            let line = format!(
                "safe-state: asked to end by {signal}, which `{program}` is passed, and waited for\n"
            );
            let _ = io::stderr().write_all(line.as_bytes());
        }
    }

    /// Whether there is no sense in another start.
    fn is_final(&self, status: ExitStatus, end: End, stopped: Option<Ending>) -> bool {
        if let Some(ending) = stopped {
            return ending != Ending::Limit;
        }
        let stops = self.exit_codes.all();
        let is_final = |code: i32| {
            self.final_codes.contains(&code) || stops.iter().any(|it| i32::from(*it) == code)
        };
        status.success() || (end.is_by_itself() && status.code().is_some_and(is_final))
    }
}

/// Waits; a signal that asks to end, or warns of the end, ends the wait, and is returned.
fn asked_within(pause: Duration, events: &Receiver<Event>, restart: u32) -> Option<i32> {
    let until = Instant::now() + pause;
    loop {
        let now = Instant::now();
        let left = until.saturating_duration_since(now);
        match events.recv_timeout(left.min(LOOK)) {
            Ok(Event::Signal(signal)) if asks_to_end(signal) || signals::warns(signal) => {
                return Some(signal);
            }
            Err(_) if left <= LOOK => return None,
            _ => service::comes_on(|| format!("waits for restart {restart}")),
        }
    }
}

/// Lets the program tell a watchdog of systemd that it comes on, which goes by who tells it: this process does not, while
/// the program runs.
fn watchdog_is_of_any(command: &mut Command) {
    const VARIABLE: &str = "WATCHDOG_PID";
    let watched = std::env::var(VARIABLE).ok().and_then(|pid| pid.parse().ok());
    if [Some(std::process::id()), Some(std::os::unix::process::parent_id())].contains(&watched) {
        command.env_remove(VARIABLE);
    }
}
