//! Runs a process beside the test's own.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A process that runs a job and does not end by itself. Dropping it kills it.
#[derive(Debug)]
pub struct Worker(Child);

impl Worker {
    /// Starts `executable`, to hold a job in `dir`, and waits until it does.
    ///
    /// # Panics
    ///
    /// If the process does not come to hold the job.
    pub fn holding(executable: &str, dir: &Path) -> Self {
        Worker::holding_by(Command::new(executable), dir)
    }

    /// Starts `executable`, to hold a graceful job in `dir`, and waits until it does.
    ///
    /// # Panics
    ///
    /// If the process does not come to hold the job.
    pub fn holding_gracefully(executable: &str, dir: &Path) -> Self {
        Worker::start(Command::new(executable).arg("hold-gracefully").arg(dir))
    }

    /// Starts a process by `command`, to hold a job in `dir`, and waits until it does.
    ///
    /// # Panics
    ///
    /// If the process does not come to hold the job.
    pub fn holding_by(mut command: Command, dir: &Path) -> Self {
        command.arg("hold").arg(dir);
        Worker::start(&mut command)
    }

    /// Starts `executable`, to hold a job on the backend at a URL by leases of the length `lease`, and waits until it
    /// does.
    ///
    /// # Panics
    ///
    /// If the process does not come to hold the job.
    pub fn holding_on(executable: &str, url: &str, job: &str, lease: Duration) -> Self {
        let mut command = Command::new(executable);
        command.args(["hold-on", url, job, &lease.as_millis().to_string()]);
        Worker::start(&mut command)
    }

    /// Starts a process that fights for a job on the backend at a URL, and never ends.
    ///
    /// # Panics
    ///
    /// If the process does not start to fight.
    pub fn fighting(executable: &str, url: &str, dir: &Path) -> Self {
        Worker::start(Command::new(executable).args(["fight", url]).arg(dir))
    }

    fn start(command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let worker = Worker(child);
        assert_eq!(line, "holding\n");
        worker
    }

    /// Returns the id of the process.
    pub fn pid(&self) -> u32 {
        self.0.id()
    }

    /// Returns whether the process has not ended.
    ///
    /// # Panics
    ///
    /// If the process cannot be waited for.
    pub fn is_alive(&mut self) -> bool {
        self.0.try_wait().unwrap().is_none()
    }

    /// Sends the process a signal, such as `TERM`.
    ///
    /// # Panics
    ///
    /// If the signal can't be sent.
    pub fn send(&self, signal: &str) {
        // The shell's own `kill` is used, because the program is not on every system.
        let kill = format!("kill -s {signal} {}", self.pid());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    }

    /// Sends the process a signal, and waits for its end.
    ///
    /// # Panics
    ///
    /// If the process does not die of the signal.
    pub fn signal(mut self, signal: &str) {
        // Waiting would close the standard input, and the item that reads from it would end by itself.
        let _held = self.0.stdin.take();
        self.send(signal);
        assert_eq!(self.0.wait().unwrap().code(), None);
    }

    /// Kills the process with a signal that it cannot catch.
    ///
    /// # Panics
    ///
    /// If the process cannot be waited for.
    pub fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    /// Lets the process go on to its end.
    ///
    /// # Panics
    ///
    /// If the process fails.
    pub fn let_go(mut self) {
        drop(self.0.stdin.take());
        assert!(self.0.wait().unwrap().success());
    }

    /// Lets the process go on, which has to fail, and returns what it says of that.
    ///
    /// # Panics
    ///
    /// If the process does not fail.
    pub fn fails(mut self) -> String {
        drop(self.0.stdin.take());
        let said = self.said();
        assert!(!self.0.wait().unwrap().success());
        said
    }

    /// Waits until the process ends, and returns what it has said on its standard error.
    ///
    /// # Panics
    ///
    /// If it was asked before.
    pub fn said(&mut self) -> String {
        let mut said = String::new();
        self.0.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        said
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // The process may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
