//! A real Slurm: a controller and two nodes, which are this machine.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use fastrand::Rng;
use safe_state_tests::storms;
use tempfile::TempDir;

use crate::{clean, completed, effects};

/// Longer than anything takes that does not hang.
const LONG: Duration = Duration::from_secs(120);

/// A cluster of the test's own.
struct Slurm {
    child: Child,
    /// It ends with this.
    input: Option<ChildStdin>,
    folder: PathBuf,
    _dir: TempDir,
}

impl Slurm {
    fn start() -> Slurm {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("slurm");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("engines/slurm");
        let mut child = Command::new(script)
            .arg(&folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "ready\n");
        Slurm { input: child.stdin.take(), child, folder, _dir: dir }
    }

    /// What a client of it prints; nothing if it fails, as of a job that has ended.
    fn ask(&self, client: Command, arguments: &[&str]) -> Option<String> {
        let mut client = clean(client, arguments);
        let output = client.env("SLURM_CONF", self.folder.join("slurm.conf")).output().unwrap();
        output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
    }

    /// Returns the number of a job that runs the program with a job of that kind in its array's tasks, and is put into the queue
    /// again by the code that says so.
    fn submit(&self, kind: &str, dir: &Path, options: &[&str]) -> String {
        let script = dir.join("job.sh");
        let program = env!("CARGO_BIN_EXE_engines");
        let text = format!(
            "#!/bin/sh\n\
             # The shell gets the signals as well, and is to go on.\n\
             trap : TERM USR1\n\
             export TMPDIR={dir}\n\
             {program} {kind} {dir}\n\
             code=$?\n\
             [ $code != 75 ] || scontrol requeue \"$SLURM_JOB_ID\"\n\
             exit $code\n",
            dir = dir.display()
        );
        fs::write(&script, text).unwrap();
        let log = format!("--output={}/log", dir.display());
        let mut arguments = vec!["--parsable", "--requeue", "--open-mode=append", &log];
        arguments.extend(options);
        arguments.push(script.to_str().unwrap());
        let id = self.ask(Command::new("sbatch"), &arguments).expect("it is taken");
        id.trim().to_owned()
    }

    /// The jobs and tasks that run or wait, as `77_3 RUNNING`.
    fn queue(&self) -> Vec<(String, String)> {
        let arguments = ["--noheader", "--array", "--format=%i %T"];
        let listed = self.ask(Command::new("squeue"), &arguments).expect("it answers");
        let split =
            |line: &str| line.split_once(' ').map(|(id, state)| (id.to_owned(), state.to_owned()));
        listed.lines().filter_map(split).collect()
    }

    /// Why what waits does so, and the ends of the logs.
    fn told(&self, log: &Path) -> String {
        let reasons =
            self.ask(Command::new("squeue"), &["--noheader", "--array", "--format=%i %T %r"]);
        let nodes = self.ask(Command::new("sinfo"), &["--list-reasons"]);
        let logs = ["controller.log", "one.log", "two.log"].map(|name| self.folder.join(name));
        let mut told = format!("{reasons:?}\n{nodes:?}\n");
        for path in logs.iter().map(PathBuf::as_path).chain([log]) {
            let text = fs::read_to_string(path).unwrap_or_default();
            let last: Vec<&str> = text.lines().rev().take(40).collect();
            told += &format!("{}:\n", path.display());
            last.iter().rev().for_each(|line| told += &format!("  {line}\n"));
        }
        told
    }

    /// One that was started again waits for two minutes otherwise; and one that was so while a node was
    /// starting it is held for good, as its other start fails.
    fn hurry(&self) {
        let listed =
            self.ask(Command::new("squeue"), &["--noheader", "--array", "--format=%i %T %r"]);
        for line in listed.expect("it answers").lines() {
            let Some((id, reason)) = line.split_once(" PENDING ") else { continue };
            if reason.contains("held") {
                self.ask(Command::new("scontrol"), &["release", id]);
            }
            let job = format!("JobId={id}");
            self.ask(Command::new("scontrol"), &["update", &job, "StartTime=now"]);
        }
    }
}

impl Drop for Slurm {
    fn drop(&mut self) {
        drop(self.input.take());
        // A panic is told by the test.
        let _ = self.child.wait();
    }
}

/// Requeues, kills or warns a task, and says whether it was there.
fn disturb(slurm: &Slurm, task: &str, rng: &mut Rng) -> bool {
    let told = match rng.u8(..3) {
        0 => slurm.ask(Command::new("scontrol"), &["requeue", task]),
        1 => slurm.ask(Command::new("scancel"), &["--full", "--signal=KILL", task]),
        _ => slurm.ask(Command::new("scancel"), &["--full", "--signal=USR1", task]),
    };
    told.is_some()
}

fn returned(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let is_it =
        |path: &PathBuf| path.file_name().unwrap().to_string_lossy().starts_with("returned-");
    entries.filter(is_it).map(|path| fs::read_to_string(path).unwrap()).collect()
}

/// Until the job is done: arrays of it, one after another, whose tasks are disturbed. Returns how often they were.
///
/// A task is disturbed once there are more items, as a busy machine would otherwise do nothing but start them.
fn done_in_arrays(slurm: &Slurm, dir: &Path, (most, items): (u32, u64), rng: &mut Rng) -> u64 {
    let (began, mut disturbed, mut size, mut next) = (Instant::now(), 0_u64, most, 1);
    while returned(dir).is_empty() {
        let array = format!("--array=0-{}", size - 1);
        let items = format!("--export=ALL,ITEMS={items}");
        slurm.submit("shared", dir, &[&array, "--time=1", &items]);
        loop {
            thread::sleep(Duration::from_millis(rng.u64(100..700)));
            let queue = slurm.queue();
            if queue.is_empty() {
                break;
            }
            let running: Vec<_> = queue.iter().filter(|(_, state)| state == "RUNNING").collect();
            let done = effects(dir).len();
            if returned(dir).is_empty() && !running.is_empty() && done >= next {
                let (task, _) = running[rng.usize(..running.len())];
                disturbed += u64::from(disturb(slurm, task, rng));
                next = done + rng.usize(2..=20);
            }
            slurm.hurry();
            let hangs = began.elapsed() > 5 * LONG;
            assert!(!hangs, "{done} items, {queue:?}\n{}", slurm.told(&dir.join("log")));
        }
        size = rng.u32(1..=most);
    }
    disturbed
}

#[test]
fn arrays_of_a_shared_job_come_to_its_result() {
    let (slurm, seed) = (Slurm::start(), storms::seed(1));
    let mut rng = Rng::with_seed(seed);
    let (tasks, rounds, items) = if storms::times() > 1 { (16, 30, 1000) } else { (4, 1, 300) };
    for round in 0..rounds {
        let dir = tempfile::tempdir().unwrap();
        let disturbed = done_in_arrays(&slurm, dir.path(), (tasks, items), &mut rng);
        let expected = (1000 + (items - 1) * items / 2).to_string();
        let values: BTreeSet<String> = returned(dir.path()).into_iter().collect();
        let what = format!("round {round}, seed {seed}, disturbed {disturbed} times");
        assert_eq!(values, BTreeSet::from([expected]), "{what}");
        let done = effects(dir.path());
        let different: BTreeSet<u64> = done.iter().copied().collect();
        assert!(different.into_iter().eq(0..items), "{what}");
        // What a kill interrupts is done again, and nothing else.
        assert!(done.len() as u64 <= items + disturbed, "{what}: {} items", done.len());
        println!("{what}: {} items, {} tasks returned", done.len(), returned(dir.path()).len());
    }
}

/// A limit of a minute, and a grace period of fifty seconds.
#[test]
fn the_end_of_a_real_limit_is_seen() {
    let (slurm, dir) = (Slurm::start(), tempfile::tempdir().unwrap());
    slurm.submit("timed", dir.path(), &["--time=1"]);
    let (began, log) = (Instant::now(), dir.path().join("log"));
    let said = || fs::read_to_string(&log).unwrap_or_default();
    while !said().contains("stopped before the batch system ends it") {
        assert!(began.elapsed() < LONG, "{}", said());
        thread::sleep(Duration::from_millis(50));
    }
    assert!(said().contains("as `squeue` says"), "{}", said());
    // It is in the queue again, by its exit code.
    while !slurm.queue().iter().any(|(_, state)| state == "PENDING") {
        assert!(began.elapsed() < LONG, "{:?}", slurm.queue());
        thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(completed(dir.path()), effects(dir.path()).len() as u64);
}
