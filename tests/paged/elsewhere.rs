//! Tests pages in a folder of the machine, of jobs that are stored elsewhere; and folders without room for a page.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use safe_state::Job;
use tempfile::TempDir;

use super::{ITEMS, Jobs};

/// A job that is stored in a database, or where the environment says.
struct Elsewhere {
    jobs: Jobs,
    variables: Vec<(&'static str, String)>,
}

impl Elsewhere {
    fn new(kind: &'static str, every: u64) -> Self {
        Elsewhere { jobs: Jobs::new(kind, every), variables: Vec::new() }
    }

    /// Returns a job that the environment places in a database of its own, with its page in the folder `pages`.
    fn placed(every: u64, pages: &Path) -> Self {
        let mut elsewhere = Elsewhere::new("placed", every);
        let database = elsewhere.jobs.dir.path().join("jobs.db");
        elsewhere.set("SAFE_STATE_BACKEND", format!("sqlite:{}", database.display()));
        elsewhere.set("SAFE_STATE_PAGE_DIR", pages.display().to_string());
        elsewhere
    }

    fn set(&mut self, variable: &'static str, value: String) {
        self.variables.retain(|(set, _)| *set != variable);
        self.variables.push((variable, value));
    }

    fn within(&self, command: &mut Command) -> Output {
        for variable in ["SAFE_STATE_BACKEND", "SAFE_STATE_DIR", "SAFE_STATE_PAGE_DIR"] {
            command.env_remove(variable);
        }
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command.env("NO_COLOR", "1").output().unwrap()
    }

    fn die_at(&self, item: u64) {
        let died = self.within(&mut self.jobs.command(Some(item)));
        assert!(!died.status.success(), "{died:?}");
    }

    /// Runs the job to its end. Returns what it has told.
    fn finish(&self) -> String {
        let ended = self.within(&mut self.jobs.command(None));
        let said = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert!(ended.status.success(), "{said}");
        said
    }

    /// Runs the command in the environment of the job, and returns its output.
    fn told(&self, arguments: &[&str]) -> String {
        let told = self.within(Command::new(env!("CARGO_BIN_EXE_command")).args(arguments));
        assert!(told.status.success(), "{arguments:?}: {told:?}");
        String::from_utf8(told.stdout).unwrap()
    }

    /// Returns the number of complete items, as the command tells it.
    fn completed(&self) -> u64 {
        let status: serde_json::Value =
            serde_json::from_str(&self.told(&["peek", "job", "--json"])).unwrap();
        status["completed"].as_u64().unwrap_or_else(|| panic!("{status}"))
    }
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}

fn all_but_again(deaths: &[u64]) -> Vec<u64> {
    let mut expected: Vec<u64> = (0..ITEMS).chain(deaths.iter().copied()).collect();
    expected.sort_unstable();
    expected
}

#[test]
fn only_the_item_under_way_runs_again() {
    for every in [1, 1_000] {
        let elsewhere = Elsewhere::new("elsewhere", every);
        let deaths = [0, 2, 25, 58];
        for item in deaths {
            elsewhere.die_at(item);
        }
        let pages = elsewhere.jobs.dir.path().join("pages");
        assert_eq!(files(&pages).len(), 1);
        elsewhere.finish();
        assert_eq!(elsewhere.jobs.ran(), all_but_again(&deaths), "save_every = {every}");
        assert!(files(&pages).is_empty(), "it goes with the job");
    }
}

#[test]
fn jobs_of_one_name_in_two_databases_share_the_folder() {
    let pages = folder();
    let jobs = [Elsewhere::placed(1_000, pages.path()), Elsewhere::placed(1_000, pages.path())];
    let deaths = [[25, 40], [7, 50]];
    for turn in 0..2 {
        for (job, deaths) in jobs.iter().zip(&deaths) {
            job.die_at(deaths[turn]);
            assert_eq!(job.completed(), deaths[turn]);
        }
    }
    for (job, deaths) in jobs.iter().zip(&deaths) {
        job.finish();
        assert_eq!(job.jobs.ran(), all_but_again(deaths));
    }
    assert!(files(pages.path()).is_empty());
}

#[test]
fn on_another_machine_the_last_save_counts_and_back_on_the_first_one_too() {
    let (first, second) = (folder(), folder());
    let mut job = Elsewhere::placed(20, first.path());
    job.die_at(25);
    assert_eq!(job.completed(), 25);
    job.set("SAFE_STATE_PAGE_DIR", second.path().display().to_string());
    assert_eq!(job.completed(), 20);
    job.die_at(45);
    assert_eq!(job.completed(), 45);
    job.set("SAFE_STATE_PAGE_DIR", first.path().display().to_string());
    assert_eq!(job.completed(), 40);
    let said = job.finish();
    assert!(said.contains("does not count") && said.contains("another state of the job"), "{said}");
    let expected = (0..=25).chain(20..=45).chain(40..ITEMS);
    assert_eq!(job.jobs.ran(), expected.collect::<Vec<u64>>());
    assert!(files(first.path()).is_empty());
}

/// The test gives the folder to another user, which takes root.
#[test]
fn a_folder_of_another_user_is_looked_into_and_not_believed() {
    let pages = folder();
    let job = Elsewhere::placed(20, pages.path());
    job.die_at(25);
    std::os::unix::fs::chown(pages.path(), Some(1), None).unwrap();
    assert_eq!(job.completed(), 25);
    let said = job.finish();
    assert!(said.contains("belongs to another user"), "{said}");
    assert!(said.contains("keeps no page beside its checkpoint"), "{said}");
    assert_eq!(job.jobs.ran(), (0..=25).chain(20..ITEMS).collect::<Vec<u64>>());
}

/// The runs of a job may have their pages beside the file and in a folder by turns.
#[test]
fn a_page_beside_the_file_and_one_in_the_folder_follow_each_other() {
    let pages = folder();
    let mut job = Elsewhere::new("placed", 1_000);
    job.set("SAFE_STATE_DIR", job.jobs.dir.path().display().to_string());
    job.die_at(10);
    assert!(job.jobs.page().exists());
    job.set("SAFE_STATE_PAGE_DIR", pages.path().display().to_string());
    assert_eq!(job.completed(), 10);
    job.die_at(25);
    assert!(!job.jobs.page().exists() && files(pages.path()).len() == 1);
    assert_eq!(job.completed(), 25);
    let file = job.jobs.dir.path().join("job.safestate");
    let diagnosis = job.told(&["doctor", file.to_str().unwrap()]);
    assert!(diagnosis.contains("the last of them in its page"), "{diagnosis}");
    assert!(diagnosis.contains("25"), "{diagnosis}");
    job.finish();
    assert_eq!(job.jobs.ran(), all_but_again(&[10, 25]));
}

#[test]
fn the_command_knows_the_folder() {
    let pages = folder();
    let job = Elsewhere::placed(1_000, pages.path());
    job.die_at(25);
    let list = job.told(&["list", "--json"]);
    let list: serde_json::Value = serde_json::from_str(&list).unwrap();
    assert_eq!(list["jobs"][0]["completed"], 25, "{list}");
    let exported = job.jobs.dir.path().join("exported");
    job.told(&["export", "job", exported.to_str().unwrap()]);
    let other = Elsewhere::placed(1_000, pages.path());
    other.told(&["import", "job", exported.to_str().unwrap()]);
    assert_eq!(other.completed(), 25);
    job.told(&["clear", "job"]);
    assert!(files(pages.path()).is_empty());
}

#[test]
fn the_defaults_of_a_program_name_the_folder() {
    let pages = folder();
    let store = folder();
    // Other tests of this process may have pages in the folder meanwhile.
    let ours = || {
        let name = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().into_owned();
        files(pages.path()).iter().filter(|path| name(path).starts_with("of-defaults.")).count()
    };
    let before = safe_state::defaults();
    before.clone().page_dir(pages.path()).set();
    let job = Job::new("of-defaults").state_dir(store.path()).save_every(1_000).page(true);
    let look = |item: u64| {
        if item > 0 {
            assert_eq!(ours(), 1, "{item}");
        }
        Ok::<(), safe_state::Error>(())
    };
    job.run(0..3_u64, look).unwrap();
    before.set();
    assert_eq!(ours(), 0);
}

/// Returns the command with a file system of the given size in memory at a path, which no other process sees. It takes
/// root.
fn with_little_room(command: &Command, at: &Path, size: &str) -> Command {
    fs::create_dir_all(at).unwrap();
    let mut unshare = Command::new("unshare");
    let mount = format!("set -e; mount -t tmpfs -o size={size} tmpfs '{}'", at.display());
    unshare.args(["--mount", "sh", "-c"]).arg(format!("{mount}; \"$@\"; ls -A '{}'", at.display()));
    unshare.arg("sh").arg(command.get_program()).args(command.get_args());
    unshare
}

/// If a page did not fit, writing to its memory would end the process.
#[test]
fn a_run_without_room_for_its_page_says_so_and_saves() {
    for every in [1, 7, 1_000] {
        let mut job = Elsewhere::new("synced placed", every);
        let state = job.jobs.dir.path().join("state");
        job.set("SAFE_STATE_DIR", state.display().to_string());
        let ended = job.within(&mut with_little_room(&job.jobs.command(None), &state, "48k"));
        let said = String::from_utf8_lossy(&ended.stderr);
        assert!(ended.status.success(), "{said}");
        let is_told = said.contains("keeps no page beside its checkpoint");
        assert_eq!(is_told, every > 1, "save_every = {every}: {said}");
        assert_eq!(String::from_utf8_lossy(&ended.stdout), "", "nothing is left");
        assert_eq!(job.jobs.ran(), all_but_again(&[]));
    }
}

#[test]
fn a_run_without_room_in_the_folder_of_pages_says_so_and_saves() {
    let pages = folder();
    let job = Elsewhere::placed(7, pages.path());
    let ended = job.within(&mut with_little_room(&job.jobs.command(None), pages.path(), "8k"));
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "{said}");
    assert!(said.contains("keeps no page beside its checkpoint"), "{said}");
    assert!(said.contains("No space left on device"), "{said}");
    assert_eq!(job.jobs.ran(), all_but_again(&[]));
}
