//! Tests a real Slurm: a controller and two nodes, which are this machine.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
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

/// A time that is longer than anything takes that does not hang.
const LONG: Duration = Duration::from_secs(120);

/// A cluster that belongs to the test.
struct Slurm {
    child: Child,
    /// The standard input of the cluster's script; the cluster ends when it is closed.
    input: Option<ChildStdin>,
    folder: PathBuf,
    /// The tasks that wait, each with the time when it was told to start.
    hurried: RefCell<BTreeMap<String, Instant>>,
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
        Slurm { input: child.stdin.take(), child, folder, hurried: RefCell::default(), _dir: dir }
    }

    /// Returns what a client of the cluster prints; `None` if it fails, as it does for a job that has ended.
    fn ask(&self, client: Command, arguments: &[&str]) -> Option<String> {
        let mut client = clean(client, arguments);
        let output = client.env("SLURM_CONF", self.folder.join("slurm.conf")).output().unwrap();
        output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
    }

    /// Submits the page's own script, with the job `kind` in the tasks of its array, and returns the number of the
    /// Slurm job. The options name the tasks; without them, there is one.
    fn submit(&self, kind: &str, dir: &Path, options: &[&str]) -> String {
        let script = dir.join("job.sh");
        let program = format!("{} {kind} {}", env!("CARGO_BIN_EXE_engines"), dir.display());
        fs::write(&script, page_script(&program, dir)).unwrap();
        let log = format!("--output={}/log", dir.display());
        // The only warnings are those of the test.
        let mut arguments = vec!["--parsable", "--array=0", "--signal=B:USR1@1", &log];
        arguments.extend(options);
        arguments.push(script.to_str().unwrap());
        let id = self.ask(Command::new("sbatch"), &arguments).expect("it is taken");
        id.trim().to_owned()
    }

    /// Returns the jobs and tasks that run or wait, each with its state, as in `77_3 RUNNING`.
    fn queue(&self) -> Vec<(String, String)> {
        let arguments = ["--noheader", "--array", "--format=%i %T"];
        let listed = self.ask(Command::new("squeue"), &arguments).expect("it answers");
        let split =
            |line: &str| line.split_once(' ').map(|(id, state)| (id.to_owned(), state.to_owned()));
        listed.lines().filter_map(split).collect()
    }

    /// Returns why jobs wait, and the ends of the logs.
    fn told(&self, log: &Path) -> String {
        let reasons =
            self.ask(Command::new("squeue"), &["--noheader", "--array", "--format=%i %T %r"]);
        let nodes = self.ask(Command::new("sinfo"), &["--list-reasons"]);
        let logs = ["controller.log", "one.log", "two.log"].map(|name| self.folder.join(name));
        let mut told = format!("{reasons:?}\n{nodes:?}\n");
        for path in logs.iter().map(PathBuf::as_path).chain([log]) {
            let text = fs::read_to_string(path).unwrap_or_default();
            let last: Vec<&str> = text.lines().rev().take(40).collect();
            let last: Vec<&str> = last.into_iter().rev().collect();
            told += &[&path.display().to_string(), ":\n  ", &last.join("\n  "), "\n"].concat();
        }
        told
    }

    /// Makes waiting tasks start soon. A task that is started again otherwise waits for two minutes. If it is started
    /// again while a node is starting it, it is held for good, because its other start fails. A node that has ended a
    /// task refuses to start it within the same second, and the refusal ends the task.
    fn hurry(&self) {
        let listed =
            self.ask(Command::new("squeue"), &["--noheader", "--array", "--format=%i %T %r"]);
        let mut hurried = self.hurried.borrow_mut();
        let listed = listed.expect("it answers");
        let waiting = listed.lines().filter_map(|line| line.split_once(" PENDING "));
        let waiting: BTreeMap<&str, &str> = waiting.collect();
        // A task that has run since the last look waits for two minutes anew.
        let is_recent = |told: &Instant| told.elapsed() < Duration::from_secs(6);
        hurried.retain(|id, told| waiting.contains_key(id.as_str()) && is_recent(told));
        for (id, reason) in waiting {
            if reason.contains("held") {
                self.ask(Command::new("scontrol"), &["release", id]);
            } else if !hurried.contains_key(id) {
                hurried.insert(id.to_owned(), Instant::now());
                let job = format!("JobId={id}");
                self.ask(Command::new("scontrol"), &["update", &job, "StartTime=now+2"]);
            }
        }
    }
}

impl Drop for Slurm {
    fn drop(&mut self) {
        drop(self.input.take());
        // The test itself tells of a panic.
        let _ = self.child.wait();
    }
}

/// Returns the script of the page, with `program` in place of its program and a folder in place of its database.
fn page_script(program: &str, dir: &Path) -> String {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/guide/engines/slurm.md");
    let text = fs::read_to_string(page).unwrap();
    let block = text.split("```text\n").find(|block| block.starts_with("#!")).unwrap();
    let script = block.split("```").next().unwrap();
    let url = "SAFE_STATE_BACKEND=postgres://jobs.example.org/jobs";
    for replaced in ["./embed &", url] {
        assert_eq!(script.matches(replaced).count(), 1, "{replaced}: {script}");
    }
    let place = format!("TMPDIR={}", dir.display());
    script.replace("./embed &", &format!("{program} &")).replace(url, &place)
}

/// Requeues, kills or warns a task, and returns whether the task existed.
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

/// Submits arrays of a job, one after another, and disturbs their tasks, until the job is done. Returns the number of
/// disturbances.
///
/// A task is disturbed only after more items are done, because a busy machine would otherwise do nothing but start
/// tasks.
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
        // Only items that a kill interrupts are done again.
        assert!(done.len() as u64 <= items + disturbed, "{what}: {} items", done.len());
        println!("{what}: {} items, {} tasks returned", done.len(), returned(dir.path()).len());
    }
}

/// The limit is a minute, and the grace period fifty seconds.
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
    // The task is in the queue again because of its exit code.
    while !slurm.queue().iter().any(|(_, state)| state == "PENDING") {
        assert!(began.elapsed() < LONG, "{:?}", slurm.queue());
        thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(completed(dir.path()), effects(dir.path()).len() as u64);
}

/// No source has told the limit before, and the item takes longer than Slurm waits.
#[test]
fn what_is_complete_when_a_limit_strikes_is_saved() {
    let (slurm, dir) = (Slurm::start(), tempfile::tempdir().unwrap());
    let far = "--export=ALL,SAFE_STATE_END_TIME=99999999999";
    let id = slurm.submit("beside", dir.path(), &["--time=1", "--signal=B:CONT@1", far]);
    let began = Instant::now();
    while !slurm.queue().is_empty() {
        assert!(began.elapsed() < 3 * LONG, "{}", slurm.told(&dir.path().join("log")));
        thread::sleep(Duration::from_millis(100));
    }
    let show = slurm.ask(Command::new("scontrol"), &["show", "job", &id]).unwrap_or_default();
    assert!(show.contains("JobState=TIMEOUT"), "{show}");
    assert_eq!((completed(dir.path()), effects(dir.path()).len()), (50, 51));
}

/// The last task of an array has the array's own number as the number of its Slurm job.
#[test]
fn a_task_that_is_to_go_on_is_put_into_the_queue_again_and_no_other_one() {
    let (slurm, dir) = (Slurm::start(), tempfile::tempdir().unwrap());
    let id = slurm.submit("last", dir.path(), &["--array=0-3"]);
    let (began, last) = (Instant::now(), format!("{id}_3"));
    let mut queue = slurm.queue();
    while !queue.is_empty() {
        // The other tasks have ended for Slurm as well.
        if queue == [(last.clone(), "RUNNING".to_owned())] {
            fs::write(dir.path().join("others"), "").unwrap();
        }
        assert!(began.elapsed() < 2 * LONG, "{queue:?}\n{}", slurm.told(&dir.path().join("log")));
        slurm.hurry();
        thread::sleep(Duration::from_millis(50));
        queue = slurm.queue();
    }
    let starts = fs::read_to_string(dir.path().join("starts")).unwrap();
    let mut starts: Vec<&str> = starts.lines().collect();
    starts.sort_unstable();
    assert_eq!(
        starts,
        ["0 0", "1 0", "2 0", "3 0", "3 1"],
        "{}",
        slurm.told(&dir.path().join("log"))
    );
}

/// `scancel` ends a task for good, whatever code the task exits with.
#[test]
fn a_task_that_is_cancelled_stays_so() {
    let (slurm, dir) = (Slurm::start(), tempfile::tempdir().unwrap());
    let id = slurm.submit("graceful", dir.path(), &[]);
    let (began, log) = (Instant::now(), dir.path().join("log"));
    while effects(dir.path()).is_empty() {
        assert!(began.elapsed() < LONG, "{}", slurm.told(&log));
        thread::sleep(Duration::from_millis(20));
    }
    slurm.ask(Command::new("scancel"), &[&id]).expect("it is there");
    while !slurm.queue().is_empty() {
        assert!(began.elapsed() < 2 * LONG, "{}", slurm.told(&log));
        thread::sleep(Duration::from_millis(50));
    }
    let done = effects(dir.path()).len() as u64;
    assert_eq!(completed(dir.path()), done, "{}", slurm.told(&log));
    let show = slurm.ask(Command::new("scontrol"), &["show", "job", &id]).unwrap_or_default();
    assert!(show.contains("JobState=CANCELLED"), "{show}");
}

/// A job of a partition with priority takes the nodes away, with a grace period and without.
#[test]
fn tasks_that_make_room_go_on_once_there_is_some() {
    let slurm = Slurm::start();
    for (partition, items) in [("tests", 200_u64), ("graceful", 200)] {
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().join("log");
        let count = format!("--export=ALL,ITEMS={items},MILLIS=150");
        let place = format!("--partition={partition}");
        // Each task has a node of its own.
        let options = ["--array=0-1", "--exclusive", "--time=30", &place, &count];
        let id = slurm.submit("shared", dir.path(), &options);
        let began = Instant::now();
        let wait_for = |what: &str, is_so: &dyn Fn() -> bool| {
            while !is_so() {
                assert!(began.elapsed() < 4 * LONG, "{what}\n{}", slurm.told(&log));
                slurm.hurry();
                thread::sleep(Duration::from_millis(50));
            }
        };
        let are = |state: &str| slurm.queue().iter().filter(|(_, it)| it == state).count();
        wait_for("both run", &|| are("RUNNING") == 2 && effects(dir.path()).len() > 10);
        let first = "--partition=urgent --exclusive --nodes=2 --output=/dev/null --wrap=:";
        let arguments: Vec<&str> = first.split(' ').collect();
        slurm.ask(Command::new("sbatch"), &arguments).expect("it is taken");
        // A task that has made room is started again.
        let restarts = || {
            let lines = slurm.ask(Command::new("scontrol"), &["show", "job", "--oneliner", &id]);
            lines.unwrap_or_default().matches("Restarts=1").count()
        };
        // With a grace period, the tasks may be done before it is over.
        let has_ended = || slurm.queue().is_empty();
        wait_for("they are put into the queue again", &|| restarts() >= 2 || has_ended());
        assert!(partition == "graceful" || restarts() > 0, "{}", slurm.told(&log));
        wait_for("all end", &has_ended);
        let expected = (1000 + (items - 1) * items / 2).to_string();
        let values: BTreeSet<String> = returned(dir.path()).into_iter().collect();
        assert_eq!(values, BTreeSet::from([expected]), "{partition}: {}", slurm.told(&log));
        let mut done = effects(dir.path());
        done.sort_unstable();
        // No item was killed, because SIGTERM, or the warning, came before.
        assert!(done.into_iter().eq(0..items), "{partition}");
    }
}

/// The tasks of a step that `srun` starts are workers of one submission.
#[test]
fn the_tasks_of_a_step_share_the_job() {
    let (slurm, dir) = (Slurm::start(), tempfile::tempdir().unwrap());
    let program = env!("CARGO_BIN_EXE_engines");
    let mut srun = clean(Command::new("srun"), &["--ntasks=4", "--cpus-per-task=1"]);
    srun.args([program, "shared"]).arg(dir.path()).env("ITEMS", "200");
    srun.env("SLURM_CONF", slurm.folder.join("slurm.conf"));
    let output = srun.output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    let returned = returned(dir.path());
    assert_eq!((returned.len(), returned[0].as_str()), (4, "20900"), "{told}");
    assert!(returned.iter().all(|value| value == "20900"));
    let mut done = effects(dir.path());
    done.sort_unstable();
    assert!(done.into_iter().eq(0..200), "{told}");
}
