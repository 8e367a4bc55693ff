//! Signals to the supervisor, which are passed on to the program.

use std::fs::File;
use std::io;
use std::sync::mpsc::Sender;
use std::thread::{self, JoinHandle};

use rustix::process::{Pid, Signal, getpgrp, kill_process};
use rustix::termios::tcgetpgrp;
use safe_state_base::signals::Heard;
use signal_hook::consts::{SIGALRM, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGXCPU};
use signal_hook::iterator::{Handle, Signals};

use super::event::Event;

const SIGNALS: [i32; 8] = [SIGALRM, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGXCPU];

/// Listens to the signals that are passed on, until it is dropped.
#[derive(Debug)]
pub(super) struct Forwarded {
    heard: Option<Heard>,
    /// Whether the process ends soon after this is dropped, so that the signals have to be ignored then.
    is_last: bool,
    handle: Handle,
    thread: Option<JoinHandle<()>>,
}

impl Forwarded {
    pub(super) fn listen(events: Sender<Event>, is_last: bool) -> io::Result<Self> {
        let heard = Some(Heard::begin(&SIGNALS));
        let mut signals = Signals::new(SIGNALS)?;
        let handle = signals.handle();
        let tell = move || {
            for signal in signals.forever() {
                // The receiver is gone if the supervisor has ended.
                let _ = events.send(Event::Signal(signal));
            }
        };
        let thread = thread::Builder::new().name("safe-state-signals".to_owned()).spawn(tell)?;
        Ok(Forwarded { heard, is_last, handle, thread: Some(thread) })
    }
}

/// Returns whether the signal asks a program to end.
pub(super) fn asks_to_end(signal: i32) -> bool {
    [SIGHUP, SIGINT, SIGQUIT, SIGTERM].contains(&signal)
}

/// Returns whether the signal warns a program that its end is near.
pub(super) fn warns(signal: i32) -> bool {
    [SIGUSR1, SIGUSR2, SIGXCPU, SIGALRM].contains(&signal)
}

/// Passes the signal on, unless the terminal has sent it to both processes.
pub(super) fn pass_on(signal: i32, program: Pid) {
    if [SIGINT, SIGQUIT].contains(&signal) && is_in_the_foreground() {
        return;
    }
    if let Some(signal) = Signal::from_named_raw(signal) {
        // The program may have ended.
        let _ = kill_process(program, signal);
    }
}

/// Returns whether the terminal's keys reach this process group, wherever its input comes from.
fn is_in_the_foreground() -> bool {
    let terminal = File::open("/dev/tty");
    terminal.is_ok_and(|terminal| tcgetpgrp(terminal).is_ok_and(|group| group == getpgrp()))
}

impl Drop for Forwarded {
    fn drop(&mut self) {
        if self.is_last {
            std::mem::forget(self.heard.take());
        }
        self.handle.close();
        if let Some(thread) = self.thread.take() {
            // The thread runs nothing that panics.
            let _ = thread.join();
        }
    }
}
