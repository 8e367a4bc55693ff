//! Starts a program again when it crashes, is killed, or passes a limit.

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

/// A run of the program that lasts longer than this starts the count of restarts anew. Also the longest default pause.
const HEALTHY: Duration = Duration::from_secs(60);
/// The longest wait before the manager of services is told again that this process is alive.
const LOOK: Duration = Duration::from_millis(50);
/// The exit codes of shells and their programs for: wrong arguments (2 and 64), not executable, not found.
const FINAL_CODES: [i32; 4] = [2, 64, 126, 127];

/// Runs a program of any kind, and starts it again if it does not succeed: if it crashes, is killed, fails, or passes a
/// limit.
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
/// The program has the arguments, environment, streams, directory and terminal of the `Command`, in the process group
/// of this process. SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGALRM, SIGUSR1, SIGUSR2 and SIGXCPU are passed on to it. After
/// a signal that asks it to end, it is not started again. The same holds for SIGUSR1, SIGUSR2, SIGXCPU and SIGALRM,
/// which warn of an end, if no program has taken the warning in: it came in the pause before a start, or the program
/// died of it. A Ctrl-C of the terminal reaches the program anyway, and is not passed on.
///
/// A program is not started again either if its run was asked to end, has come to the end of its time, was cancelled or
/// has ended itself. The program says so if the command starts it directly, and not by a shell. Otherwise its exit code
/// tells, by [`ExitCodes`].
///
/// A resumable job in the program learns what the program died of, and records it in the dead letter of an item that is
/// given up by `max_crashes`. It works on Unix only; a limit on memory, on Linux only.
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
    /// Makes a supervisor of the program that the command starts: 5 restarts, after pauses of one second to one minute,
    /// and no limits.
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

    /// Sets how many times in a row the program is started again. After a run of more than a minute the count begins
    /// anew.
    pub fn restarts(mut self, restarts: u32) -> Self {
        self.restarts = restarts;
        self
    }

    /// Sets the pauses before restarts.
    pub fn backoff(mut self, backoff: Backoff) -> Self {
        self.backoff = backoff;
        self
    }

    /// Sets how long one run of the program may take: a [`Duration`], or a text such as `"1h"`. After that the program
    /// gets SIGTERM, and a grace period later SIGKILL, and is started again.
    ///
    /// # Panics
    ///
    /// Panics if a text is no time. The other methods panic for a wrong text, too.
    pub fn timeout(mut self, timeout: impl Into<Time>) -> Self {
        self.limits.timeout = Some(timeout.into().into());
        self
    }

    /// Sets how much memory the program and the programs that it has started may have in use together: a number of
    /// bytes, or a text such as `"2GiB"`. Beyond that, the program is ended and started again, as after a timeout.
    pub fn max_memory(mut self, max_memory: impl Into<Size>) -> Self {
        self.limits.max_memory = Some(max_memory.into().into());
        self
    }

    /// Sets the time between SIGTERM and SIGKILL. By default 15 seconds.
    pub fn grace_period(mut self, grace_period: impl Into<Time>) -> Self {
        self.limits.grace_period = grace_period.into().into();
        self
    }

    /// Sets the exit codes after which the program is not started again, beside those of runs that were to stop. By
    /// default 2, 64, 126 and 127, which say that it was called in a wrong way, or could not be started.
    pub fn final_codes(mut self, codes: impl IntoIterator<Item = i32>) -> Self {
        self.final_codes = codes.into_iter().collect();
        self
    }

    /// Makes the supervisor say on standard error when a signal asks the program to end.
    pub fn aloud(mut self) -> Self {
        self.is_aloud = true;
        self
    }

    /// Keeps the signals without effect after `run` has returned, for a process that exits then. Otherwise a second signal in
    /// between would end the process itself, with another status.
    pub fn until_exit(mut self) -> Self {
        self.is_last = true;
        self
    }

    /// Sets the exit codes for programs whose run was to stop. [`Supervised::code`] returns them for a program that
    /// says so and exits with 1.
    pub fn exit_codes(mut self, codes: ExitCodes) -> Self {
        self.exit_codes = codes;
        self
    }

    /// Runs the program until it succeeds, is asked to end, or has been started again as often as allowed.
    ///
    /// # Errors
    ///
    /// The program can't be started, or can't be watched.
    pub fn run(mut self) -> io::Result<Supervised> {
        let (sender, events) = channel();
        let _forwarded = Forwarded::listen(sender.clone(), self.is_last)?;
        watchdog_is_of_any(&mut self.command);
        // Without a directory for the program's notes, its exit codes have to do.
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
            // A program that died in another way had gone on after its run.
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
            // Written in one piece, as the program writes there as well. If nobody reads it, that is not the program's
            // failure.
            let line = format!(
                "safe-state: asked to end by {signal}, which `{program}` is passed, and waited for\n"
            );
            let _ = io::stderr().write_all(line.as_bytes());
        }
    }

    /// Returns whether it makes no sense to start the program again.
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

/// Waits for `pause`. Returns the signal that ended the wait, if one asked for the end or warned of it.
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

/// Lets the program itself report to a watchdog of systemd, which checks the process id of the sender. This process
/// does not report while the program runs.
fn watchdog_is_of_any(command: &mut Command) {
    const VARIABLE: &str = "WATCHDOG_PID";
    let watched = std::env::var(VARIABLE).ok().and_then(|pid| pid.parse().ok());
    if [Some(std::process::id()), Some(std::os::unix::process::parent_id())].contains(&watched) {
        command.env_remove(VARIABLE);
    }
}
