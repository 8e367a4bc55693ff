//! The command `safe-state`: looks at jobs from outside, even while they run.
//!
//! Its commands, exit codes and JSON are documented in the project's
//! [`docs/guide/cli.md`](https://safe-state.github.io/safe-state/guide/cli.html). It is installed by `cargo install
//! safe-state --features cli`: this crate is what that package's program calls.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![deny(missing_docs)]

mod by_hand;
mod clear;
mod completions;
mod control;
mod dead_letters;
mod doctor;
mod escape;
mod exit;
mod explain;
mod export;
mod failure;
mod history;
mod import;
mod list;
mod parse;
mod peek;
mod place;
mod rename;
#[cfg(unix)]
mod replay;
#[cfg(unix)]
mod restart;
mod retry;
#[cfg(unix)]
mod run;
mod screen;
#[cfg(feature = "serve")]
mod serve;
mod shown;
mod watch;
#[cfg(unix)]
mod workers;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use place::Place;
use screen::Screen;

/// Shows and steers the jobs of safe-state, also while they run.
#[derive(Debug, Parser)]
#[command(name = "safe-state", version, max_term_width = 100, after_long_help = EXIT_CODES)]
struct Arguments {
    #[command(flatten)]
    place: Place,
    /// Answers in JSON.
    #[arg(long, global = true, help_heading = place::EVERYWHERE)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "\
Exit codes:
  0  the command succeeded
  1  the command failed; the message says why
  2  the arguments are wrong
  3  the job does not exist, has nothing to show, or has no run to cancel
  4  the job is running
  5  the job's checkpoint is damaged
  6  the stored file is not a checkpoint of this job that can be read";

#[derive(Debug, Subcommand)]
enum Command {
    List(list::List),
    Peek(peek::Peek),
    Failure(failure::Failure),
    DeadLetters(dead_letters::DeadLetters),
    History(history::History),
    Explain(explain::Explain),
    Watch(watch::Watch),
    #[cfg(feature = "serve")]
    Serve(serve::Serve),
    Retry(retry::Retry),
    #[cfg(unix)]
    Replay(replay::Replay),
    Clear(clear::Clear),
    Skip(by_hand::Skip),
    Done(by_hand::Done),
    Rename(rename::Rename),
    #[cfg(unix)]
    Restart(restart::Restart),
    /// Asks a job to pause: its run saves, and waits before its next item.
    Pause(control::JobAndReason),
    /// Withdraws a `pause`, `cancel`, `abandon` or `accept`, so that the job continues.
    Resume(control::JobArg),
    /// Asks the run of a job to end before its next item; a later run resumes.
    Cancel(control::JobArg),
    /// Ends a job for good: its run ends before its next item, and no other begins until `resume`.
    Abandon(control::JobAndReason),
    /// Lets the next run of a job resume, although its input, arguments, version or code have changed.
    Accept(control::JobArg),
    Export(export::Export),
    Import(import::Import),
    Doctor(doctor::Doctor),
    #[cfg(unix)]
    Run(run::Run),
    Completions(completions::Completions),
}

/// Does what the command line asks for. Returns the exit code.
pub fn main() -> ExitCode {
    #[cfg(unix)]
    let_large_files_be_errors();
    let Arguments { place, json, command } = Arguments::parse();
    let screen = Screen::new(json);
    let done = match command {
        Command::List(list) => list.run(&place, &screen),
        Command::Peek(peek) => peek.run(&place, &screen),
        Command::Failure(failure) => failure.run(&place, &screen),
        Command::DeadLetters(letters) => letters.run(&place, &screen),
        Command::History(history) => history.run(&place, &screen),
        Command::Explain(explain) => explain.run(&place, &screen),
        Command::Watch(watch) => watch.run(&place, &screen),
        #[cfg(feature = "serve")]
        Command::Serve(serve) => serve.run(&place, &screen),
        #[cfg(unix)]
        Command::Replay(replay) => replay.run(&place),
        Command::Retry(retry) => retry.run(&place, &screen),
        Command::Pause(job) => job.pause(&place, &screen),
        Command::Resume(job) => job.resume(&place, &screen),
        Command::Cancel(job) => job.cancel(&place, &screen),
        Command::Abandon(job) => job.abandon(&place, &screen),
        Command::Accept(job) => job.accept(&place, &screen),
        Command::Clear(clear) => clear.run(&place, &screen),
        Command::Skip(skip) => skip.run(&place, &screen),
        Command::Done(done) => done.run(&place, &screen),
        Command::Rename(rename) => rename.run(&place, &screen),
        #[cfg(unix)]
        Command::Restart(restart) => restart.run(&place),
        Command::Export(export) => export.run(&place, &screen),
        Command::Import(import) => import.run(&place, &screen),
        Command::Doctor(doctor) => doctor.run(&place, &screen),
        #[cfg(unix)]
        Command::Run(run) => return run.run(&screen),
        Command::Completions(completions) => completions.run(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failed) => screen.fail(&failed),
    }
}

/// Handles the signal for a file beyond `ulimit -f`, so that the write returns an error instead. A program that is
/// executed has the default handling again.
#[cfg(unix)]
fn let_large_files_be_errors() {
    let signal = rustix::process::Signal::XFSZ.as_raw();
    // This signal can be caught, which is the only reason why registering could fail.
    let _ = signal_hook::flag::register(
        signal,
        std::sync::Arc::<std::sync::atomic::AtomicBool>::default(),
    );
}
