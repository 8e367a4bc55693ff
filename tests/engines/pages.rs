//! Tests the scripts of the guide's pages on batch systems, without those systems.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Output};

use rustix::process::{Pid, Signal, kill_process};

use crate::clean;

/// A program that notes its environment and its signals. It ends with the code in the file `go` once that file exists,
/// or after two minutes without it.
const PROGRAM: &str = r#"#!/bin/sh
trap 'echo USR1 >&3; echo USR1 >>signals' USR1
trap 'echo TERM >&3; echo TERM >>signals' TERM
env >environment
echo ready >&3
left=12000
while [ ! -e go ] && [ $left -gt 0 ]; do sleep 0.01; left=$((left - 1)); done
exit "$(cat go)"
"#;

/// Returns the script that the page tells its readers to save.
fn script(page: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/guide/engines");
    let text = fs::read_to_string(folder.join(page)).unwrap();
    let block = text.split("```text\n").find(|block| block.starts_with("#!")).expect(page);
    block.split("```").next().unwrap().to_owned()
}

fn executable(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// A script that runs in a folder of its own, with stand-ins for `embed` and the clients of the batch system.
struct Script {
    dir: tempfile::TempDir,
    shell: Child,
    /// The lines that the program says of itself.
    lines: BufReader<std::process::ChildStdout>,
}

impl Script {
    fn start(page: &str) -> Script {
        Script::start_under(page, "")
    }

    /// Starts the script by the command `tracer`, in whose place the script then runs.
    fn start_under(page: &str, tracer: &str) -> Script {
        let dir = tempfile::tempdir().unwrap();
        executable(&dir.path().join("embed"), PROGRAM);
        executable(&dir.path().join("scontrol"), "#!/bin/sh\necho \"$*\" >>calls\n");
        let path = dir.path().join("embed.sh");
        executable(&path, &script(page));
        let paths = format!("{}:{}", dir.path().display(), std::env::var("PATH").unwrap());
        // Running the file itself uses the interpreter of its first line.
        let start = format!("exec {tracer} ./embed.sh 3>&1");
        let mut command = clean(Command::new("sh"), &["-c", &start]);
        command.env("PATH", paths).env("PBS_O_WORKDIR", dir.path()).current_dir(dir.path());
        command.env("SLURM_ARRAY_JOB_ID", "7").env("SLURM_ARRAY_TASK_ID", "3");
        command.env("SLURM_JOB_ID", "7");
        let mut shell = command.spawn().unwrap();
        let mut script = Script { lines: BufReader::new(shell.stdout.take().unwrap()), dir, shell };
        script.says("ready");
        script
    }

    fn says(&mut self, expected: &str) {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        assert_eq!(line.trim_end(), expected);
    }

    /// Sends a signal to the shell that runs the script, and waits until the program tells of it.
    fn signal(&mut self, signal: Signal, name: &str) {
        kill_process(Pid::from_child(&self.shell), signal).unwrap();
        self.says(name);
    }

    /// Lets the program end with `code`. Returns the exit code of the shell, and what the clients were asked.
    fn ended(self, code: u8) -> (Option<i32>, String) {
        let new = self.dir.path().join("new");
        fs::write(&new, code.to_string()).unwrap();
        fs::rename(new, self.dir.path().join("go")).unwrap();
        let output: Output = self.shell.wait_with_output().unwrap();
        let calls = fs::read_to_string(self.dir.path().join("calls")).unwrap_or_default();
        (output.status.code(), calls)
    }

    fn environment(&self) -> String {
        fs::read_to_string(self.dir.path().join("environment")).unwrap()
    }
}

const SCRIPTS: [&str; 4] = ["slurm.md", "grid-engine.md", "pbs.md", "lsf.md"];

#[test]
fn each_script_starts_the_program_and_hands_its_code_on() {
    for page in SCRIPTS {
        for code in [0, 1, 75] {
            let script = Script::start(page);
            let environment = script.environment();
            // The page on PBS sets the backend by an option.
            let says_where = environment.contains("SAFE_STATE_BACKEND=postgres://");
            assert_eq!(says_where, page != "pbs.md", "{page}");
            assert_eq!(environment.contains("SAFE_STATE_END_TIME="), page == "pbs.md", "{page}");
            let stopped = environment.contains("SAFE_STATE_EXIT_STOPPED=99");
            assert_eq!(stopped, page == "grid-engine.md", "{page}");
            let (ended, calls) = script.ended(code);
            assert_eq!(ended, Some(i32::from(code)), "{page}");
            let requeued = page == "slurm.md" && code == 75;
            assert_eq!(calls, if requeued { "requeue 7_3\n" } else { "" }, "{page}, {code}");
        }
    }
}

#[test]
fn each_script_has_the_program_get_its_signals() {
    for page in SCRIPTS {
        let mut script = Script::start(page);
        for _ in 0..3 {
            script.signal(Signal::USR1, "USR1");
        }
        script.signal(Signal::TERM, "TERM");
        assert_eq!(script.ended(3).0, Some(3), "{page}");
    }
}

/// On a busy machine, the program may have begun before the shell is back from its fork.
#[test]
fn a_script_passes_on_a_signal_that_comes_as_its_program_begins() {
    let slow_fork = "strace -D -o /dev/null -e trace=clone -e inject=clone:delay_exit=100000";
    for page in SCRIPTS {
        let mut script = Script::start_under(page, slow_fork);
        script.signal(Signal::USR1, "USR1");
        assert_eq!(script.ended(0).0, Some(0), "{page}");
    }
}

/// Slurm itself puts a task that it ends into the queue again, unless `scancel` ended it.
#[test]
fn a_task_of_slurm_that_ends_without_a_warning_is_not_queued_again() {
    let after = |signals: &[(Signal, &str)], code: u8| {
        let mut script = Script::start("slurm.md");
        for (signal, name) in signals {
            script.signal(*signal, name);
        }
        script.ended(code)
    };
    let (warned, ended) = ((Signal::USR1, "USR1"), (Signal::TERM, "TERM"));
    let again = "requeue 7_3\n".to_owned();
    assert_eq!(after(&[ended], 75), (Some(75), String::new()));
    assert_eq!(after(&[warned], 75), (Some(75), again.clone()));
    assert_eq!(after(&[warned, ended], 75), (Some(75), again.clone()));
    // The warning killed a program that did not listen.
    assert_eq!(after(&[warned], 138), (Some(138), again));
    assert_eq!(after(&[warned, ended], 1), (Some(1), String::new()));
}

#[test]
fn the_definition_for_aws_batch_is_json() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/guide/engines");
    let text = fs::read_to_string(folder.join("aws-batch.md")).unwrap();
    let block = text.split("```json\n").nth(1).unwrap().split("```").next().unwrap();
    let definition: serde_json::Value = serde_json::from_str(block).unwrap();
    assert_eq!(definition["type"], "container");
    let rules = definition["retryStrategy"]["evaluateOnExit"].as_array().unwrap();
    let codes: Vec<_> = rules.iter().filter_map(|rule| rule["onExitCode"].as_str()).collect();
    assert_eq!(codes, ["76", "77"]);
    assert_eq!(rules.last().unwrap()["action"], "RETRY");
}

/// The lines set values by their names, and the last line queues.
#[test]
fn the_description_for_htcondor_sets_values_and_queues() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/guide/engines");
    let text = fs::read_to_string(folder.join("htcondor.md")).unwrap();
    let block = text.split("```text\n").nth(1).unwrap().split("```").next().unwrap();
    let mut lines: Vec<&str> = block.lines().collect();
    assert_eq!(lines.pop(), Some("queue 16"));
    for line in lines {
        let (name, value) = line.split_once('=').expect(line);
        let is_name = |c: char| c.is_ascii_lowercase() || c == '_';
        assert!(name.trim().chars().all(is_name) && !value.trim().is_empty(), "{line}");
        assert_eq!(value.matches('"').count() % 2, 0, "{line}");
    }
}
