//! Runs the command, and holds what it told.

use std::path::Path;
use std::process::Command;

use safe_state::Job;
use serde_json::Value;

/// A directory of jobs, and the command that looks into it.
pub(crate) struct Jobs(tempfile::TempDir);

/// The output of the command.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Jobs {
    pub(crate) fn new() -> Self {
        Jobs(tempfile::tempdir().unwrap())
    }

    pub(crate) fn dir(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn job(&self, name: &str) -> Job {
        Job::new(name).state_dir(self.dir())
    }

    /// Runs the job `name` over eight items, which fails at the item `at`.
    pub(crate) fn fail(&self, name: &str, at: u64, message: &str) {
        let failed = self.job(name).run(0..8, |item| match item {
            item if item == at => Err(std::io::Error::other(message)),
            _ => Ok(()),
        });
        failed.unwrap_err();
    }

    /// Runs the command on the directory.
    pub(crate) fn tell(&self, arguments: &[&str]) -> Told {
        tell(command().arg("--dir").arg(self.dir()).args(arguments))
    }

    /// Runs the command on the directory with `--json`, and returns its answer.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let told = self.tell(&[arguments, &["--json"]].concat());
        serde_json::from_str(&told.out).unwrap_or_else(|error| panic!("{error}: {told:?}"))
    }
}

pub(crate) fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_command"));
    // The tests must not depend on the places and the terminal that the environment names.
    for name in ["SAFE_STATE_DIR", "SAFE_STATE_BACKEND", "COLUMNS", "NO_COLOR", "CLICOLOR_FORCE"] {
        command.env_remove(name);
    }
    command
}

pub(crate) fn tell(command: &mut Command) -> Told {
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Told { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
}
