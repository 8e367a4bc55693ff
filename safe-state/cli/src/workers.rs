//! `safe-state run --workers`: runs a program in several processes, each of which is started again.

use std::ffi::OsString;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitCode, ExitStatus};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, SystemTime};

use rustix::process::{Pid, Signal, kill_process};
use safe_state_base::engine;
use safe_state_base::exit::ExitCodes;
use signal_hook::consts::{SIGALRM, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGXCPU};

use super::exit::{Code, Failed};
use super::screen::{Screen, aside};

/// The variable that tells workers which submission they belong to.
const SUBMISSION: &str = "SAFE_STATE_SUBMISSION";
/// The time between two looks for workers that have ended, and for signals.
const LOOK: Duration = Duration::from_millis(20);

/// Runs `count` workers, each under this command with `arguments`, and tells how they ended.
pub(super) fn run(count: u32, arguments: &[OsString], screen: &Screen) -> ExitCode {
    match started(count, arguments).and_then(|(workers, asked)| all_ended(workers, &asked)) {
        Ok(codes) => {
            // The standard output belongs to the program.
            aside(format_args!("safe-state: {}", told(&codes)));
            ExitCode::from(code(&codes))
        }
        Err(error) => screen.fail(&Failed {
            code: Code::Unwatched,
            message: format!("the workers can't be run: {error}"),
        }),
    }
}

/// Returns a text that tells how the workers ended.
fn told(codes: &[i32]) -> String {
    let failed: Vec<String> =
        codes.iter().filter(|code| **code != 0).map(ToString::to_string).collect();
    let told = format!("{} of {} workers succeeded", codes.len() - failed.len(), codes.len());
    if failed.is_empty() {
        told
    } else {
        format!("{told}; the others exited with {}", failed.join(", "))
    }
}

/// Returns the exit code for all workers. A failure counts first, then a cancelled worker, then one that stopped, then
/// success, and last that nothing was left to do.
fn code(codes: &[i32]) -> u8 {
    let [stopped, idle, cancelled] = ExitCodes::new().all().map(i32::from);
    let is_failure = |code: &i32| ![0, stopped, idle, cancelled].contains(code);
    let found =
        codes.iter().copied().find(is_failure).or_else(|| {
            [cancelled, stopped, 0, idle].into_iter().find(|code| codes.contains(code))
        });
    found.map_or(0, |code| u8::try_from(code).unwrap_or(1))
}

/// Each signal that is passed on to the workers, with a flag that tells whether it has come.
type PassedSignals = Vec<(i32, Arc<AtomicBool>)>;

/// Starts the workers. Returns them, with the flags of the signals that are passed on.
fn started(count: u32, arguments: &[OsString]) -> io::Result<(Vec<Child>, PassedSignals)> {
    let mut asked = PassedSignals::new();
    for signal in [SIGALRM, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGXCPU] {
        let flag = Arc::new(AtomicBool::new(false));
        signal_hook::flag::register(signal, Arc::clone(&flag))?;
        asked.push((signal, flag));
    }
    let program = std::env::current_exe()?;
    // Workers on other machines may belong to the same submission.
    let submission = engine::submission().map_or_else(submission, OsString::from);
    let start = || {
        let mut command = Command::new(&program);
        command.args(arguments).env(SUBMISSION, &submission).spawn()
    };
    Ok((all_started(count, start)?, asked))
}

/// Starts `count` workers. If one cannot be started, the workers before it are asked to end and waited for, as nobody
/// would look after them.
fn all_started(count: u32, mut start: impl FnMut() -> io::Result<Child>) -> io::Result<Vec<Child>> {
    let mut workers = Vec::new();
    for _ in 0..count {
        match start() {
            Ok(worker) => workers.push(worker),
            Err(error) => {
                pass_on(&workers, Signal::TERM);
                for mut worker in workers {
                    // The reason why a worker was not started is the error that counts.
                    let _ = worker.wait();
                }
                return Err(error);
            }
        }
    }
    Ok(workers)
}

/// Returns a name that no other call returns.
fn submission() -> OsString {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    format!("{}-{}", std::process::id(), now.as_nanos()).into()
}

/// Waits until all workers have ended, and passes signals on to them. Returns their exit codes.
fn all_ended(mut workers: Vec<Child>, asked: &PassedSignals) -> io::Result<Vec<i32>> {
    let mut codes = Vec::new();
    while !workers.is_empty() {
        let mut left = Vec::new();
        for mut worker in workers {
            match worker.try_wait()? {
                Some(status) => codes.push(exit_code(status)),
                None => left.push(worker),
            }
        }
        workers = left;
        let came = asked.iter().filter(|(_, flag)| flag.swap(false, Ordering::Relaxed));
        let signals = came.filter_map(|(signal, _)| Signal::from_named_raw(*signal));
        signals.for_each(|signal| pass_on(&workers, signal));
        thread::sleep(LOOK);
    }
    Ok(codes)
}

/// Returns a worker's exit code, or 128 and the number of the signal that ended its supervisor.
fn exit_code(status: ExitStatus) -> i32 {
    status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap_or(1)
}

fn pass_on(workers: &[Child], signal: Signal) {
    let pids = workers.iter().filter_map(|worker| i32::try_from(worker.id()).ok());
    for pid in pids.filter_map(Pid::from_raw) {
        // A worker that has ended by now needs no signal.
        let _ = kill_process(pid, signal);
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::process::Command;

    use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};

    use super::{all_ended, all_started, code};

    #[test]
    fn no_worker_is_left_if_one_cannot_be_started() {
        let mut started = Vec::new();
        let start = || {
            if started.len() == 2 {
                return Err(io::Error::other("no more"));
            }
            let worker = Command::new("sleep").arg("3600").spawn()?;
            started.push(Pid::from_child(&worker));
            Ok(worker)
        };
        assert_eq!(all_started(3, start).unwrap_err().to_string(), "no more");
        assert_eq!(started.len(), 2);
        for pid in started {
            let left = waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOHANG);
            assert_eq!(left.unwrap_err(), rustix::io::Errno::CHILD, "it was waited for");
        }
    }

    #[test]
    fn a_signal_is_told_by_its_number() {
        let killed = Command::new("sh").args(["-c", "kill -9 $$"]).spawn().unwrap();
        assert_eq!(all_ended(vec![killed], &vec![]).unwrap(), [137]);
    }

    #[test]
    fn what_failed_counts_before_what_stopped() {
        assert_eq!([code(&[0, 0]), code(&[]), code(&[0, 76]), code(&[76, 76])], [0, 0, 0, 76]);
        assert_eq!([code(&[0, 75, 76]), code(&[75, 77]), code(&[75, 3, 0])], [75, 77, 3]);
    }
}
