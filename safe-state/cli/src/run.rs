//! `safe-state run`: runs a program, and starts it again.

use std::error::Error;
use std::ffi::OsString;
use std::io::{self, ErrorKind};
use std::process::{Command, ExitCode};
use std::time::Duration;

use clap::Args;

use super::exit::{Code, Failed};
use super::parse::{number, time};
use super::screen::{Screen, aside};
use super::workers;
use safe_state_base::Backoff;
use safe_state_limits::{ByteSize, Supervisor};

/// Runs any program, and starts it again if it crashes, is killed, fails, or exceeds a limit.
///
/// The command exits with the code of the program's last run, or with 128 plus the number of the signal that ended it.
/// If the program's run stopped, the program is not started again. Then the command exits with 75 if a later run resumes, with
/// 76 if nothing was left for a worker, and with 77 if the run was cancelled or ended itself.
/// It exits with 125 if it can't watch the program, 126 if the program can't be executed, and 127 if it is not found.
#[derive(Args, Debug)]
pub(super) struct Run {
    /// How many times in a row the program is started again; a run of more than a minute resets the count.
    #[arg(long, value_name = "COUNT", default_value_t = 5, value_parser = number::<u32>, allow_negative_numbers = true)]
    restarts: u32,
    /// The pauses before a restart: the first, and the longest.
    #[arg(long, value_name = "TIME..TIME", default_value = "1s..1m", value_parser = backoff)]
    backoff: Backoff,
    /// How long one run may take.
    #[arg(long, value_name = "TIME", value_parser = time)]
    timeout: Option<Duration>,
    /// How much memory the program and its child processes may use.
    #[arg(long, value_name = "SIZE")]
    max_memory: Option<ByteSize>,
    /// How long the program has to end after a limit, before it is killed.
    #[arg(long, value_name = "TIME", default_value = "15s", value_parser = time)]
    grace_period: Duration,
    /// The number of processes that run at the same time, for a job that they share; each is started again.
    #[arg(long, value_name = "COUNT", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1024))]
    workers: u32,
    /// The program, and its arguments.
    #[arg(last = true, required = true, value_name = "PROGRAM")]
    program: Vec<OsString>,
}

fn backoff(text: &str) -> Result<Backoff, String> {
    match text.split_once("..") {
        Some((first, longest)) => Ok(Backoff::exponential(time(first)?, time(longest)?)),
        None => time(text).map(Backoff::constant),
    }
}

impl Run {
    pub(super) fn run(self, screen: &Screen) -> ExitCode {
        let Some((program, arguments)) = self.program.split_first() else {
            return ExitCode::from(Code::Unwatched);
        };
        if self.workers > 1 {
            return workers::run(self.workers, &self.of_one_worker(), screen);
        }
        let mut command = Command::new(program);
        command.args(arguments);
        let mut supervisor = Supervisor::new(command)
            .restarts(self.restarts)
            .backoff(self.backoff)
            .grace_period(self.grace_period)
            .aloud()
            .until_exit();
        if let Some(timeout) = self.timeout {
            supervisor = supervisor.timeout(timeout);
        }
        if let Some(max_memory) = self.max_memory {
            supervisor = supervisor.max_memory(max_memory);
        }
        match supervisor.run() {
            Ok(ended) => {
                let is_of_interest = ended.restarts() > 0
                    || ended.has_given_up()
                    || ended.was_asked_to_end()
                    || ended.has_stopped();
                if is_of_interest {
                    // The standard output belongs to the program.
                    aside(format_args!("safe-state: `{}` {ended}", program.display()));
                }
                ExitCode::from(ended.code())
            }
            Err(error) => screen.fail(&failed(&program.to_string_lossy(), &error)),
        }
    }
}

impl Run {
    /// Returns the arguments with which this command runs one worker.
    fn of_one_worker(&self) -> Vec<OsString> {
        let mut own = std::env::args_os().skip(1).take_while(|it| it != "--").peekable();
        let mut arguments = Vec::new();
        while let Some(argument) = own.next() {
            if argument == "--workers" {
                own.next();
            } else if !argument.as_encoded_bytes().starts_with(b"--workers=") {
                arguments.push(argument);
            }
        }
        arguments.push("--".into());
        arguments.extend(self.program.iter().cloned());
        arguments
    }
}

fn failed(program: &str, error: &io::Error) -> Failed {
    let (code, what) = match error.kind() {
        ErrorKind::NotFound => (Code::NotFound, "is not found"),
        ErrorKind::PermissionDenied => (Code::NotExecutable, "can't be executed"),
        _ => (Code::Unwatched, "can't be run"),
    };
    let reason = error.source().map_or_else(|| error.to_string(), ToString::to_string);
    Failed { code, message: format!("`{program}` {what}: {reason}") }
}
