//! Tests pairs of signals, as batch systems, supervisors and `timeout` send them. Nothing that is done is lost.

use std::process::Command;
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::{Asked, asked, is_all_saved};

/// The times between the two signals, in milliseconds. Slurm was seen to send two within 11 to 22 ms. The last time is
/// longer than any item.
const APART: [u64; 6] = [0, 1, 15, 100, 1000, 3000];
const ITEMS: [u64; 4] = [0, 5, 100, 500];

fn pairs(
    what: &str,
    command: fn(&mut Command) -> Command,
    whom: fn(&Asked) -> Vec<Pid>,
    (signal, code): (Signal, i32),
) {
    thread::scope(|scope| {
        for (apart, millis) in APART.into_iter().flat_map(|apart| ITEMS.map(|item| (apart, item))) {
            scope.spawn(move || {
                let what = format!("{what}, {apart} ms apart, items of {millis} ms");
                let dir = tempfile::tempdir().unwrap();
                let mut asked =
                    Asked::start(&mut command(&mut asked("graceful", dir.path(), millis)));
                asked.begun(2);
                asked.drain();
                let whom = whom(&asked);
                // The processes may have ended.
                let send = || whom.iter().for_each(|pid| _ = kill_process(*pid, signal));
                send();
                thread::sleep(Duration::from_millis(apart));
                send();
                let ended = asked.ended();
                // A signal that comes much later finds the run ended, so the exit code is not checked.
                assert!(apart > 2000 || ended.code() == Some(code), "{what}: {ended}");
                is_all_saved(dir.path(), &what);
            });
        }
    });
}

#[test]
fn a_pair_of_signals_to_the_process_loses_nothing() {
    let plain = |command: &mut Command| std::mem::replace(command, Command::new("true"));
    pairs("SIGTERM", plain, |asked| vec![asked.pid()], (Signal::TERM, 1));
    pairs("SIGINT", plain, |asked| vec![asked.pid()], (Signal::INT, 1));
}

fn supervised(command: &mut Command) -> Command {
    let mut run = Command::new(env!("CARGO_BIN_EXE_command"));
    run.args(["run", "--"]).arg(command.get_program()).args(command.get_args());
    run.env("RUST_BACKTRACE", "0");
    run
}

#[test]
fn a_pair_of_signals_to_a_supervisor_loses_nothing() {
    let both = |asked: &Asked| vec![asked.pid(), asked.child()];
    // The exit code says that the run was asked to stop, and may go on later.
    pairs("both", supervised, both, (Signal::TERM, 75));
}
