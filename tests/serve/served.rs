//! Provides a directory of jobs, and the command that serves it.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use safe_state::{Action, Durability, ErrorContext, Job, resumable};
use serde_json::{Value, json};

use crate::http::{Answer, ask};

/// The time after which a test counts as hanging.
const LATE: Duration = Duration::from_secs(60);
const USUAL: &str = ".safe_state";

/// The jobs of one directory, which has the usual name.
pub(crate) struct Jobs {
    around: tempfile::TempDir,
    dir: PathBuf,
}

impl Jobs {
    pub(crate) fn new() -> Self {
        let around = tempfile::tempdir().unwrap();
        let dir = around.path().join(USUAL);
        Jobs { around, dir }
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    pub(crate) fn job(&self, name: &str) -> Job {
        Job::new(name).state_dir(self.dir()).durability(Durability::Process)
    }

    /// Runs the job `name` over eight items, which fails at the item `at`.
    pub(crate) fn fail(&self, name: &str, at: u64, message: &str) {
        let failed = self.job(name).run(0..8, |item| match item {
            item if item == at => Err(std::io::Error::other(message)),
            _ => Ok(()),
        });
        failed.unwrap_err();
    }

    pub(crate) fn command(&self) -> Command {
        let mut command = command(Path::new(USUAL));
        command.current_dir(&self.around);
        command
    }

    /// Returns the command's answer in JSON.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let told = self.command().args(arguments).arg("--json").output().unwrap();
        serde_json::from_slice(&told.stdout).unwrap_or_else(|error| panic!("{error}: {told:?}"))
    }

    /// Waits until the command tells a state of the job that `is` accepts.
    pub(crate) fn wait_for(&self, job: &str, is: impl Fn(&Value) -> bool) {
        let began = Instant::now();
        loop {
            let told = command(self.dir()).args(["peek", job, "--json"]).output().unwrap();
            if serde_json::from_slice(&told.stdout).is_ok_and(|peek| is(&peek)) {
                return;
            }
            assert!(began.elapsed() < LATE, "{told:?}");
        }
    }

    pub(crate) fn serve(&self, arguments: &[&str]) -> Served {
        Served::start(self.command().args(["serve", "--json"]).args(arguments))
    }
}

pub(crate) fn command(dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_command"));
    command.env_remove("SAFE_STATE_BACKEND").env_remove("SAFE_STATE_DIR");
    command.arg("--dir").arg(dir);
    command
}

/// A process of a slow job, which is killed when it is dropped.
pub(crate) struct Slow(Child);

impl Slow {
    pub(crate) fn start(kind: &str, dir: &Path, job: &str, items: u64, millis: u64) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_served"));
        command.arg(kind).arg(dir).args([job, &items.to_string(), &millis.to_string()]);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "running\n");
        Slow(child)
    }

    pub(crate) fn pid(&self) -> u32 {
        self.0.id()
    }

    pub(crate) fn kill(mut self) {
        self.end();
    }

    fn end(&mut self) {
        // The process may have ended.
        let _ = self.0.kill();
        self.0.wait().unwrap();
    }
}

impl Drop for Slow {
    fn drop(&mut self) {
        self.end();
    }
}

/// A server, which is killed when it is dropped.
pub(crate) struct Served {
    child: Child,
    pub(crate) address: SocketAddr,
    /// The link to the page, with the token.
    pub(crate) link: String,
}

impl Served {
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let mut lines = out.lines().map(Result::unwrap);
        let mut text = String::new();
        for line in lines.by_ref() {
            text += &line;
            if line == "}" {
                break;
            }
        }
        let told: Value = serde_json::from_str(&text).unwrap();
        let address = told["address"].as_str().unwrap().parse().unwrap();
        Served { child, address, link: told["link"].as_str().unwrap().to_owned() }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn host(&self) -> String {
        self.address.to_string()
    }

    pub(crate) fn token(&self) -> &str {
        self.link.split("token=").nth(1).unwrap()
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        ask(self.address, &format!("GET {path}"), &[("Host", &self.host())], "")
    }

    /// Presses a button as the page does.
    pub(crate) fn press(&self, verb: &str, job: &str) -> Answer {
        let body = json!({ "verb": verb, "job": job }).to_string();
        self.post(&[], Some(self.token()), &body)
    }

    /// Sends a press with other headers, and without a token if `token` is `None`.
    pub(crate) fn post(&self, headers: &[(&str, &str)], token: Option<&str>, body: &str) -> Answer {
        let host = self.host();
        let mut all = vec![("Content-Type", "application/json")];
        if !headers.iter().any(|(name, _)| *name == "Host") {
            all.push(("Host", &host));
        }
        all.extend(token.map(|token| ("X-Safe-State-Token", token)));
        all.extend(headers);
        ask(self.address, "POST /api/do", &all, body)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        // The server does not end by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Gives up the items that are not well.
#[resumable(name = "mail", state_dir = dir, durability = "process", on_error = give_up)]
pub(crate) fn send(dir: &Path, are_well: &[bool]) -> anyhow::Result<()> {
    for is_well in are_well {
        anyhow::ensure!(*is_well, "no such mailbox");
    }
    Ok(())
}

fn give_up(_: &ErrorContext) -> Action {
    Action::DeadLetter
}
