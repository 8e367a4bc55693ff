//! `safe-state run --workers`: a program in several processes, each of which is started again.

use std::ffi::OsString;
use std::io;
use std::process::{Child, Command, ExitCode};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, SystemTime};

use rustix::process::{Pid, Signal, kill_process};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use super::exit::{Code, Failed};
use super::screen::{Screen, aside};

/// What tells workers which submission they are of.
const SUBMISSION: &str = "SAFE_STATE_SUBMISSION";
/// How often one looks whether a worker has ended, or is to.
const LOOK: Duration = Duration::from_millis(20);

/// Runs so many, each under this command with those arguments, and says what they came to.
pub(super) fn run(count: u32, arguments: &[OsString], screen: &Screen) -> ExitCode {
    match started(count, arguments).and_then(|(workers, asked)| all_ended(workers, &asked)) {
        Ok(codes) => {
            let failed: Vec<i32> = codes.iter().copied().filter(|code| *code != 0).collect();
            let well = codes.len() - failed.len();
            let mut told = format!("{well} of {} workers succeeded", codes.len());
            if !failed.is_empty() {
                let failed: Vec<String> = failed.iter().map(ToString::to_string).collect();
                told = format!("{told}; the others exited with {}", failed.join(", "));
            }
            // The standard output is the program's.
            aside(format_args!("safe-state: {told}"));
            let code = failed.first().map_or(0, |code| u8::try_from(*code).unwrap_or(1));
            ExitCode::from(code)
        }
        Err(error) => screen.fail(&Failed {
            code: Code::Unwatched,
            message: format!("the workers can't be run: {error}"),
        }),
    }
}

/// Starts the workers. Returns them, and where the signal is noted that asks them to end.
fn started(count: u32, arguments: &[OsString]) -> io::Result<(Vec<Child>, Arc<AtomicUsize>)> {
    let asked = Arc::new(AtomicUsize::new(0));
    for signal in [SIGHUP, SIGINT, SIGTERM] {
        let number = usize::try_from(signal).unwrap_or_default();
        signal_hook::flag::register_usize(signal, Arc::clone(&asked), number)?;
    }
    let program = std::env::current_exe()?;
    let submission = std::env::var_os(SUBMISSION).unwrap_or_else(submission);
    let start = || {
        let mut command = Command::new(&program);
        command.args(arguments).env(SUBMISSION, &submission).spawn()
    };
    let workers = (0..count).map(|_| start()).collect::<io::Result<_>>()?;
    Ok((workers, asked))
}

/// A name that no other call has.
fn submission() -> OsString {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    format!("{}-{}", std::process::id(), now.as_nanos()).into()
}

/// Waits until all have ended, and passes on what asks them to. Returns their codes.
fn all_ended(mut workers: Vec<Child>, asked: &AtomicUsize) -> io::Result<Vec<i32>> {
    let mut codes = Vec::new();
    while !workers.is_empty() {
        let mut left = Vec::new();
        for mut worker in workers {
            match worker.try_wait()? {
                Some(status) => codes.push(status.code().unwrap_or(1)),
                None => left.push(worker),
            }
        }
        workers = left;
        let signal = i32::try_from(asked.swap(0, Ordering::Relaxed)).unwrap_or_default();
        if let Some(signal) = Signal::from_named_raw(signal) {
            pass_on(&workers, signal);
        }
        thread::sleep(LOOK);
    }
    Ok(codes)
}

fn pass_on(workers: &[Child], signal: Signal) {
    let pids = workers.iter().filter_map(|worker| i32::try_from(worker.id()).ok());
    for pid in pids.filter_map(Pid::from_raw) {
        // One that has ended by now needs none.
        let _ = kill_process(pid, signal);
    }
}
