//! One test of a program, in a process of its own.

use std::env;
use std::ffi::OsStr;
use std::process::Command;

/// A test that runs alone, in another process.
#[derive(Debug)]
pub struct Alone(Command);

impl Alone {
    /// Names the test `name` in the module `module`, which is what `module_path!` returns there.
    ///
    /// # Panics
    ///
    /// The system does not tell the path of this program.
    pub fn new(module: &str, name: &str) -> Self {
        let within = module.split_once("::").map(|(_, within)| format!("{within}::"));
        let mut command = Command::new(env::current_exe().unwrap());
        command.arg(within.unwrap_or_default() + name);
        command.args(["--exact", "--nocapture", "--test-threads=1"]);
        Alone(command)
    }

    /// Returns the command that runs the test.
    pub fn command(self) -> Command {
        self.0
    }

    /// Runs the test with `variables` in its environment, which tell it that it is the other process.
    ///
    /// # Panics
    ///
    /// The test fails, or there is none of that name. Without one, the other process would succeed.
    pub fn passes(self, variables: &[(&str, &dyn AsRef<OsStr>)]) {
        let mut command = self.command();
        for (name, value) in variables {
            command.env(name, value.as_ref());
        }
        let output = command.output().unwrap();
        let told = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && told.contains("\nrunning 1 test\n"), "{output:?}");
    }
}
