//! The time at which Slurm ends this process, as `squeue` tells it.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::environment::is_number;

/// The longest time to wait for an answer of `squeue`.
const PATIENCE: Duration = Duration::from_secs(30);
/// The longest answer that is read, in bytes. It has one line for each running task of an array.
const LONGEST_ANSWER: u64 = 16 << 20;
/// The option that selects the columns, which are padded with spaces.
const FORMAT: &str = "--Format=JobArrayID:40,TimeLeft:40,RestartCnt:20";
/// The beginning of a shared answer that is a failure, in front of the reason. No line of an answer begins like this.
const FAILED: &str = "! ";
/// The environment variables that would make `squeue` leave jobs out, or print them differently.
const OPTIONS: [&str; 12] = [
    "SQUEUE_ACCOUNT",
    "SQUEUE_ALL",
    "SQUEUE_ARRAY",
    "SQUEUE_FEDERATION",
    "SQUEUE_FORMAT",
    "SQUEUE_FORMAT2",
    "SQUEUE_LICENSES",
    "SQUEUE_NAMES",
    "SQUEUE_PARTITION",
    "SQUEUE_QOS",
    "SQUEUE_STATES",
    "SQUEUE_USERS",
];

/// The Slurm job that this process belongs to, and how to ask for it.
#[derive(Clone, Debug)]
pub(super) struct Squeue {
    program: PathBuf,
    /// The id of the array, or of the job if it is in no array. It is what `squeue` is asked for.
    asked: String,
    /// The job's id in the answer, such as `77_3` or `78`, and the number of its restarts.
    own: (String, String),
    /// The cluster's name, as other clusters that this machine uses have jobs with the same ids.
    cluster: String,
    /// The folder in which processes of this machine share answers.
    folder: Option<PathBuf>,
    /// The time for which an answer counts.
    pub(super) every: Duration,
}

/// The answer about the job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Ends(SystemTime),
    Never,
    /// No line is about the job.
    Silent,
    /// The answer is another process's, from before the job began.
    Early,
}

impl Squeue {
    /// Returns the job, in an environment with these variables.
    pub(super) fn of(variable: &impl Fn(&str) -> Option<String>) -> Option<Squeue> {
        let number = |name| variable(name).filter(|value| is_number(value));
        let job = number("SLURM_JOB_ID")?;
        let array = number("SLURM_ARRAY_JOB_ID").zip(number("SLURM_ARRAY_TASK_ID"));
        let (asked, own) = match array {
            // The id of an array's last task is the array's own id, so a task is identified by its number.
            Some((array, task)) => (array.clone(), format!("{array}_{task}")),
            None => (job.clone(), job),
        };
        let restarts = number("SLURM_RESTART_COUNT").unwrap_or_else(|| "0".to_owned());
        let name = variable("SLURM_CLUSTER_NAME").unwrap_or_default();
        let cluster = name.chars().filter(char::is_ascii_alphanumeric).take(40).collect();
        Some(Squeue {
            program: PathBuf::from("squeue"),
            asked,
            own: (own, restarts),
            cluster,
            folder: folder(),
            every: Duration::from_secs(60),
        })
    }

    /// Asks `squeue`, unless a process of this machine has asked for the same job recently. Returns the answer, and when it was
    /// asked for.
    pub(super) fn ask(&self) -> Result<(Answer, SystemTime), String> {
        let Some(mut file) = self.shared() else {
            let now = SystemTime::now();
            return Ok((self.answer(&self.call()?, now), now));
        };
        // A process that comes while another one asks waits for its answer.
        file.lock().map_err(|error| error.to_string())?;
        if let Some((asked, text)) = self.shared_answer(&mut file) {
            if let Some(reason) = text.strip_prefix(FAILED) {
                return Err(reason.to_owned());
            }
            let answer = self.answer(&text, asked);
            return Ok((if answer == Answer::Silent { Answer::Early } else { answer }, asked));
        }
        let asked = SystemTime::now();
        let called = self.call();
        let failed = called.as_ref().err().map(|reason| format!("{FAILED}{reason}"));
        let text = failed.as_deref().or(called.as_deref().ok()).unwrap_or_default();
        // If sharing fails, the next process asks by itself.
        let _ = share(&mut file, asked, text);
        Ok((self.answer(&called?, asked), asked))
    }

    fn shared(&self) -> Option<File> {
        let path = self.folder.as_ref()?.join(format!("slurm-{}-{}", self.cluster, self.asked));
        OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path).ok()
    }

    /// Returns a shared answer that is recent enough.
    fn shared_answer(&self, file: &mut File) -> Option<(SystemTime, String)> {
        let mut text = String::new();
        file.take(LONGEST_ANSWER).read_to_string(&mut text).ok()?;
        let (asked, lines) = text.split_once('\n')?;
        let asked = UNIX_EPOCH.checked_add(Duration::from_millis(asked.parse().ok()?))?;
        let is_fresh = asked.elapsed().is_ok_and(|age| age < self.every);
        is_fresh.then(|| (asked, lines.to_owned()))
    }

    fn call(&self) -> Result<String, String> {
        let mut command = Command::new(&self.program);
        command.args(["--noheader", FORMAT]).arg(format!("--jobs={}", self.asked));
        for name in OPTIONS {
            command.env_remove(name);
        }
        let command = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(|error| format!("`squeue`: {error}"))?;
        let output = child.stdout.take();
        let reading = thread::Builder::new().name("safe-state-squeue".to_owned()).spawn(|| {
            let mut text = String::new();
            let read = output.map(|it| it.take(LONGEST_ANSWER).read_to_string(&mut text));
            read.and_then(Result::ok).map(|_| text)
        });
        let began = Instant::now();
        let status = loop {
            match child.try_wait() {
                Ok(Some(status)) => break status,
                Ok(None) if began.elapsed() < PATIENCE => {
                    thread::sleep(Duration::from_millis(10));
                }
                _ => {
                    // The child may have ended already.
                    let _ = child.kill();
                    let _ = child.wait();
                    return Err("`squeue` does not answer".to_owned());
                }
            }
        };
        let text = reading.ok().and_then(|reading| reading.join().ok()).flatten();
        text.filter(|_| status.success()).ok_or_else(|| format!("`squeue` failed: {status}"))
    }

    fn answer(&self, text: &str, asked: SystemTime) -> Answer {
        let (own, restarts) = &self.own;
        let is_own = |id: &str| {
            // The parts of a heterogeneous job end together.
            id.strip_prefix(own).is_some_and(|rest| rest.is_empty() || rest.starts_with('+'))
        };
        let left = text.lines().find_map(|line| {
            let mut columns = line.split_whitespace();
            let (id, left, started) = (columns.next()?, columns.next()?, columns.next()?);
            // A job that was started again has another end.
            (is_own(id) && started == restarts).then_some(left)
        });
        match left {
            None => Answer::Silent,
            Some("UNLIMITED") => Answer::Never,
            // The time of the job is over.
            Some("INVALID") => Answer::Ends(asked),
            Some(left) => time(left)
                .and_then(|left| asked.checked_add(left))
                .map_or(Answer::Silent, Answer::Ends),
        }
    }
}

fn share(file: &mut File, asked: SystemTime, text: &str) -> std::io::Result<()> {
    let asked = asked.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    file.rewind()?;
    file.set_len(0)?;
    file.write_all(format!("{asked}\n{text}").as_bytes())
}

/// Parses a time such as `9:58`, `1:00:00`, or `2-01:00:00`.
pub(super) fn time(text: &str) -> Option<Duration> {
    let (days, rest) = text.split_once('-').unwrap_or(("0", text));
    let parts = rest.split(':').map(|part| part.parse::<u64>().ok());
    let seconds =
        parts.into_iter().try_fold(0_u64, |total, part| total.checked_mul(60)?.checked_add(part?));
    let days = days.parse::<u64>().ok()?.checked_mul(24 * 60 * 60)?;
    Some(Duration::from_secs(seconds?.checked_add(days)?))
}

/// Returns a folder that only this user can use; `None` if there is none.
#[cfg(unix)]
fn folder() -> Option<PathBuf> {
    use std::os::unix::fs::{DirBuilderExt, MetadataExt};
    let user = fs::metadata("/proc/self").ok()?.uid();
    let folder = std::env::temp_dir().join(format!("safe-state-{user}"));
    // The folder may exist already; its owner and mode are checked below.
    let _ = DirBuilder::new().mode(0o700).create(&folder);
    let is_own = |path: &Path| {
        let found = fs::symlink_metadata(path).ok()?;
        (found.is_dir() && found.uid() == user && found.mode() & 0o777 == 0o700).then_some(())
    };
    is_own(&folder).map(|()| folder)
}

/// Returns `None`: Slurm does not run on this system.
#[cfg(not(unix))]
fn folder() -> Option<PathBuf> {
    None
}

#[cfg(all(test, unix))]
pub(super) mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::super::environment::testing::environment;
    use super::*;

    /// Creates a `squeue` that prints the contents of a file, and notes each call.
    pub(in super::super) fn fake(
        dir: &Path,
        variables: &[(&str, &str)],
        every: Duration,
    ) -> Squeue {
        let program = dir.join("squeue");
        let (calls, says) = (dir.join("calls"), dir.join("says"));
        let script =
            format!("#!/bin/sh\necho \"$*\" >>{}\ncat {}\n", calls.display(), says.display());
        fs::write(&program, script).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).unwrap();
        let squeue = Squeue::of(&environment(variables)).unwrap();
        Squeue { program, folder: Some(dir.to_owned()), every, ..squeue }
    }

    pub(in super::super) fn calls(dir: &Path) -> usize {
        fs::read_to_string(dir.join("calls")).unwrap_or_default().lines().count()
    }

    const TASK: [(&str, &str); 3] =
        [("SLURM_JOB_ID", "77"), ("SLURM_ARRAY_JOB_ID", "77"), ("SLURM_ARRAY_TASK_ID", "3")];

    fn left(squeue: &Squeue) -> Option<u64> {
        let (answer, asked) = squeue.ask().unwrap();
        let Answer::Ends(at) = answer else { return None };
        Some(at.duration_since(asked).unwrap().as_secs())
    }

    #[test]
    fn times_are_read_as_slurm_writes_them() {
        let seconds = |text| time(text).map(|it| it.as_secs());
        assert_eq!([seconds("9:58"), seconds("1:00:00")], [Some(598), Some(3600)]);
        assert_eq!(seconds("2-01:00:01"), Some(49 * 3600 + 1));
        assert_eq!([seconds("NOT_SET"), seconds(""), seconds("1-"), seconds("-1")], [None; 4]);
        assert_eq!(seconds("99999999999999999999-00:00"), None);
    }

    /// The id of the array's last task is the array's own id, and the answer has several lines.
    #[test]
    fn a_task_is_known_by_its_number() {
        let dir = tempfile::tempdir().unwrap();
        let squeue = fake(dir.path(), &TASK, Duration::ZERO);
        let says = |text: &str| {
            fs::write(dir.path().join("says"), text).unwrap();
            left(&squeue)
        };
        assert_eq!(says("77_1  5:00 0\n77_31 9:00 0\n77_3 1:00 0 \n"), Some(60));
        assert_eq!(says("77_3 2:00 0\n"), Some(120));
        assert_eq!(says("77_3 UNLIMITED 0\n"), None);
        assert_eq!(says("77_[4-15] INVALID 0\n77_3\n"), None);
        assert_eq!(says("77_3 INVALID 0\n"), Some(0));
        assert_eq!(says("77_3 2:00 1\n"), None, "that is of a later start");
        let asked = fs::read_to_string(dir.path().join("calls")).unwrap();
        assert_eq!(asked.lines().next().unwrap(), format!("--noheader {FORMAT} --jobs=77"));
    }

    #[test]
    fn a_machine_asks_once_for_all_tasks_of_an_array() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("says"), "77_3 1:00 0\n77_4 2:00 0\n").unwrap();
        let first = fake(dir.path(), &TASK, Duration::from_secs(3600));
        let other = Squeue { own: ("77_4".to_owned(), "0".to_owned()), ..first.clone() };
        let answers = thread::scope(|scope| {
            let all: Vec<_> = (0..8)
                .map(|at| if at % 2 == 0 { &first } else { &other })
                .map(|squeue| scope.spawn(|| left(squeue)))
                .collect();
            all.into_iter().map(|it| it.join().unwrap().unwrap()).collect::<Vec<_>>()
        });
        assert_eq!(answers, [60, 120, 60, 120, 60, 120, 60, 120]);
        assert_eq!(calls(dir.path()), 1);
    }

    #[test]
    fn an_answer_that_fails_is_an_error_for_each_who_asks_and_counts_as_asked() {
        let dir = tempfile::tempdir().unwrap();
        let squeue = fake(dir.path(), &TASK, Duration::from_secs(3600));
        let failed = squeue.ask().unwrap_err();
        assert!(failed.contains("`squeue` failed"), "{failed}");
        assert_eq!(squeue.ask().unwrap_err(), failed);
        assert_eq!(calls(dir.path()), 1);
        let none = Squeue { program: dir.path().join("none"), folder: None, ..squeue };
        assert!(none.ask().unwrap_err().contains("squeue"));
    }
}
