//! Compares commands and their answers with snapshots.

use std::fmt::Write as _;
use std::path::Path;

use crate::command::{Jobs, Told, command, tell};

/// The contents of a terminal, with `$` before each command, `2>` before each line on standard error, and the exit code
/// if it is not 0.
#[derive(Default)]
pub(crate) struct Transcript(String);

impl Transcript {
    /// Types a command, which runs on the directory of the jobs.
    pub(crate) fn typed(mut self, jobs: &Jobs, line: &str) -> Self {
        let told = tell(command().arg("--dir").arg(jobs.dir()).args(words(jobs, line)));
        self.add(line, &told);
        self
    }

    /// Types a command without and with `--json`.
    pub(crate) fn both(self, jobs: &Jobs, line: &str) -> Self {
        self.typed(jobs, line).typed(jobs, &format!("{line} --json"))
    }

    /// Types a command as in a terminal with styles, and shows the styles by their names.
    pub(crate) fn styled(mut self, jobs: &Jobs, line: &str) -> Self {
        let mut command = command();
        let told = tell(
            command.env("CLICOLOR_FORCE", "1").arg("--dir").arg(jobs.dir()).args(words(jobs, line)),
        );
        self.add(line, &Told { out: named(&told.out), err: named(&told.err), ..told });
        self
    }

    fn add(&mut self, line: &str, told: &Told) {
        // Writing into a string does not fail.
        let _ = write!(self.0, "$ safe-state {line}\n{}", told.out);
        for line in told.err.lines() {
            let _ = writeln!(self.0, "2> {line}");
        }
        if told.code != 0 {
            let _ = writeln!(self.0, "[exit code {}]", told.code);
        }
        self.0.push('\n');
    }

    /// Compares the transcript with its snapshot, in which the directory is `DIR`.
    pub(crate) fn assert_the_same(self, jobs: &Jobs, name: &str) {
        self.hold(jobs, name, insta::Settings::clone_current());
    }

    /// Compares the transcript with its snapshot, in which placeholders stand for the values that differ from run to
    /// run.
    pub(crate) fn assert(self, jobs: &Jobs, name: &str) {
        let mut settings = insta::Settings::clone_current();
        for (found, shown) in [
            // Whether anything was measured yet depends on how long the job runs.
            (r#""timings": (null|\{(?s:.*?)\n  \})"#, r#""timings": TIMINGS"#),
            (r#""saving": (null|\{[^}]*\})"#, r#""saving": SAVING"#),
            (r"(?m)^ +(<dim>)?saving .*\n", ""),
            (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "YYYY-MM-DDTHH:MM:SSZ"),
            (r"pid \d+ on host [^,]+", "pid PID on host HOST"),
            (r#""pid": \d+"#, r#""pid": PID"#),
            (r#""host": ".*""#, r#""host": "HOST""#),
            (r#"(seconds|per_second|seconds_left)": (null|[\d.e-]+)"#, r#"$1": NUMBER"#),
            (r"(rate[ </>]+)[\d.]+/s(, .* left)?", "${1}NUMBER/s"),
            (r"\.rs:\d+:\d+", ".rs:LINE:COLUMN"),
            (r"Usage: \w+ ", "Usage: safe-state "),
            (r"safe-state \d+\.\d+\.\d+", "safe-state VERSION"),
        ] {
            settings.add_filter(found, shown);
        }
        self.hold(jobs, name, settings);
    }

    fn hold(self, jobs: &Jobs, name: &str, mut settings: insta::Settings) {
        settings.set_prepend_module_to_snapshot(false);
        let text = self.0.replace(&jobs.dir().display().to_string(), "DIR");
        settings.bind(|| insta::assert_snapshot!(name, text));
    }
}

/// Returns the words of the line, with the directory of the jobs in place of `DIR`.
fn words(jobs: &Jobs, line: &str) -> Vec<String> {
    let dir = jobs.dir().display().to_string();
    line.split_whitespace().map(|word| word.replace("DIR", &dir)).collect()
}

/// Returns the text with names in place of its escape sequences.
fn named(text: &str) -> String {
    let names =
        [("0", "/"), ("1", "bold"), ("2", "dim"), ("31", "red"), ("32", "green"), ("33", "yellow")];
    names.iter().fold(text.to_owned(), |text, (code, name)| {
        text.replace(&format!("\x1b[{code}m"), &format!("<{name}>"))
    })
}

impl Jobs {
    /// Makes a directory with only the job of a golden file, `müller/import`, whose output is the same at all times.
    pub(crate) fn golden(name: &str) -> Self {
        let jobs = Jobs::new();
        let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/v1");
        let path = jobs.job("müller/import").checkpoint_path().unwrap();
        std::fs::copy(golden.join(name).with_extension("safestate"), path).unwrap();
        jobs
    }
}
