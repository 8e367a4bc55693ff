//! A process beside the test's own.

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
    /// If it does not come to hold the job.
    pub fn holding(executable: &str, dir: &Path) -> Self {
        Worker::holding_by(Command::new(executable), dir)
    }

    /// The same with a job that is graceful.
    ///
    /// # Panics
    ///
    /// As there.
    pub fn holding_gracefully(executable: &str, dir: &Path) -> Self {
        Worker::start(Command::new(executable).arg("hold-gracefully").arg(dir))
    }

    /// The same by a command that starts it.
    ///
    /// # Panics
    ///
    /// As there.
    pub fn holding_by(mut command: Command, dir: &Path) -> Self {
        command.arg("hold").arg(dir);
        Worker::start(&mut command)
    }

    /// The same on the backend at a URL, by leases of that length.
    ///
    /// # Panics
    ///
    /// As there.
    pub fn holding_on(executable: &str, url: &str, job: &str, lease: Duration) -> Self {
        let mut command = Command::new(executable);
        command.args(["hold-on", url, job, &lease.as_millis().to_string()]);
        Worker::start(&mut command)
    }

    /// Starts one that fights for a job on the backend at a URL, and never ends.
    ///
    /// # Panics
    ///
    /// As there.
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

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.0.id()
    }

    /// Whether it has not ended.
    ///
    /// # Panics
    ///
    /// If it cannot be waited for.
    pub fn is_alive(&mut self) -> bool {
        self.0.try_wait().unwrap().is_none()
    }

    /// Sends it a signal, such as `TERM`.
    ///
    /// # Panics
    ///
    /// If it can't be sent.
    pub fn send(&self, signal: &str) {
        // The shell's own `kill`: the program is not on every system.
        let kill = format!("kill -s {signal} {}", self.pid());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    }

    /// Sends it a signal, and waits for its end.
    ///
    /// # Panics
    ///
    /// If it does not die of it.
    pub fn signal(mut self, signal: &str) {
        // Who waits closes it, and the item that reads from it would end by itself.
        let _held = self.0.stdin.take();
        self.send(signal);
        assert_eq!(self.0.wait().unwrap().code(), None);
    }

    /// Kills it with a signal that it cannot catch.
    ///
    /// # Panics
    ///
    /// If it cannot be waited for.
    pub fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    /// Lets it go on to its end.
    ///
    /// # Panics
    ///
    /// If it fails.
    pub fn let_go(mut self) {
        drop(self.0.stdin.take());
        assert!(self.0.wait().unwrap().success());
    }

    /// Lets it go on, to fail, and gives what it says of that.
    ///
    /// # Panics
    ///
    /// If it does not fail.
    pub fn fails(mut self) -> String {
        drop(self.0.stdin.take());
        let mut said = String::new();
        self.0.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        assert!(!self.0.wait().unwrap().success());
        said
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
