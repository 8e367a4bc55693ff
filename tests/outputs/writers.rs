//! Tests that only one variable of one job writes a file.

use std::cell::RefCell;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};

use safe_state::backend::Error as BackendError;
use safe_state::{Action, Backend, ErrorContext, Job, MemoryBackend, resumable};

use crate::{append_to, line, lines, of_each, read, said};

#[resumable(name = format!("shard-{shard}"), state_dir = state, reconnect(out))]
fn shard(
    shard: u64,
    state: &Path,
    to: &Path,
    within: &dyn Fn(u64) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut out: File = append_to(to)?;
    for item in 0..6 {
        within(item)?;
        writeln!(out, "{shard} {item}")?;
    }
    Ok(())
}

#[expect(clippy::unnecessary_wraps, reason = "others stop")]
fn goes(_: u64) -> anyhow::Result<()> {
    Ok(())
}

fn stops(item: u64) -> anyhow::Result<()> {
    anyhow::ensure!(item < 3, "stopped");
    Ok(())
}

fn of(shard: u64) -> String {
    of_each(0..6, |item| format!("{shard} {item}\n"))
}

/// Returns the names of the files that are left in a folder of checkpoints, without the secret.
fn left_in(state: &Path) -> Vec<String> {
    let entries = fs::read_dir(state).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name != "safe-state%2Fkey.safestate").collect()
}

#[test]
fn a_file_of_a_job_that_is_not_finished_is_no_other_jobs() {
    let dir = tempfile::tempdir().unwrap();
    let (state, to) = (dir.path().join("state"), dir.path().join("all.txt"));
    shard(1, &state, &to, &stops).unwrap_err();
    let refused = said(shard(2, &state, &to, &goes));
    assert!(refused.contains("job `shard-1`, which is not finished, writes `"), "{refused}");
    assert!(
        refused.contains("all.txt`") && refused.contains("give each a file of its own"),
        "{refused}"
    );
    assert!(!refused.contains("put it back"), "{refused}");
    shard(1, &state, &to, &goes).unwrap();
    shard(2, &state, &to, &goes).unwrap();
    assert_eq!(read(&to), of(1) + &of(2));
    assert_eq!(left_in(&state), [""; 0]);
}

#[test]
fn a_job_that_was_cleared_has_no_file() {
    let dir = tempfile::tempdir().unwrap();
    let (state, to) = (dir.path().join("state"), dir.path().join("all.txt"));
    shard(1, &state, &to, &stops).unwrap_err();
    Job::new("shard-1").state_dir(&state).clear_checkpoint().unwrap();
    let before = read(&to);
    shard(2, &state, &to, &goes).unwrap();
    assert_eq!(read(&to), before + &of(2));
}

#[test]
fn a_file_that_a_run_of_another_store_writes_is_left() {
    let dir = tempfile::tempdir().unwrap();
    let to = dir.path().join("all.txt");
    let state = |n: u64| dir.path().join(format!("state-{n}"));
    let second = RefCell::new(String::new());
    shard(1, &state(1), &to, &|item| {
        if item == 3 {
            *second.borrow_mut() = said(shard(2, &state(2), &to, &goes));
        }
        Ok(())
    })
    .unwrap();
    let second = second.into_inner();
    assert!(second.contains("another run writes `") && second.contains("all.txt` now"), "{second}");
    shard(2, &state(2), &to, &goes).unwrap();
    assert_eq!(read(&to), of(1) + &of(2));
}

#[resumable(name = "twice", state_dir = dir.join("state"), reconnect(out, log))]
fn twice(dir: &Path, names: [&str; 2]) -> anyhow::Result<()> {
    let mut out: File = append_to(&dir.join(names[0]))?;
    let mut log: File = append_to(&dir.join(names[1]))?;
    for item in 0..3 {
        write!(out, "{}", line(item, 9))?;
        write!(log, "{}", line(item, 9))?;
    }
    Ok(())
}

#[test]
fn two_handles_of_a_job_do_not_write_one_file() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("a"), "kept\n").unwrap();
    std::os::unix::fs::symlink("a", dir.path().join("link")).unwrap();
    fs::hard_link(dir.path().join("a"), dir.path().join("name")).unwrap();
    for names in [["a", "a"], ["a", "link"], ["name", "a"]] {
        let said = said(twice(dir.path(), names));
        assert!(said.contains("is written through `out` as well"), "{said}");
        assert_eq!(read(&dir.path().join("a")), "kept\n");
        // The job now belongs to these names, so that a call with other names would be refused as another job.
        Job::new("twice").state_dir(dir.path().join("state")).clear_checkpoint().unwrap();
    }
    twice(dir.path(), ["a", "b"]).unwrap();
}

#[resumable(name = "locked", state_dir = dir.join("state"), reconnect(out), fresh(fail_at))]
fn locks_its_own(dir: &Path, fail_at: Option<u64>) -> anyhow::Result<()> {
    let mut out: File = append_to(&dir.join("out"))?;
    for item in 0..6 {
        let other = append_to(&dir.join("out"))?;
        if item % 2 == 0 {
            out.lock()?;
        } else {
            other.lock()?;
        }
        write!(out, "{}", line(item, 9))?;
        anyhow::ensure!(fail_at != Some(item), "stopped");
        out.unlock()?;
    }
    Ok(())
}

#[test]
fn a_program_locks_its_own_output() {
    let dir = tempfile::tempdir().unwrap();
    locks_its_own(dir.path(), Some(3)).unwrap_err();
    locks_its_own(dir.path(), None).unwrap();
    assert_eq!(read(&dir.path().join("out")), lines(0..6, 9));
}

#[resumable(name = "each", state_dir = dir.join("state"), reconnect(out), fresh(fail_at))]
fn a_file_for_each(dir: &Path, fail_at: Option<(u64, u64)>) -> anyhow::Result<()> {
    #[resume]
    for outer in 0..3 {
        let mut out: BufWriter<File> =
            BufWriter::new(append_to(&dir.join(format!("out-{outer}")))?);
        #[resume]
        for inner in 0..4 {
            write!(out, "{}", line(inner, 9))?;
            if fail_at == Some((outer, inner)) {
                out.flush()?;
                anyhow::bail!("stopped");
            }
        }
        out.flush()?;
    }
    Ok(())
}

#[test]
fn each_outer_item_has_a_file_of_its_own() {
    let whole: Vec<_> = (0..3).flat_map(|outer| (0..4).map(move |inner| (outer, inner))).collect();
    for fail_at in whole {
        let dir = tempfile::tempdir().unwrap();
        a_file_for_each(dir.path(), Some(fail_at)).unwrap_err();
        let notes = left_in(&dir.path().join("state"));
        let notes = notes.iter().filter(|name| name.starts_with("safe-state%2Foutput%2F"));
        assert_eq!(notes.count(), 1, "{fail_at:?}");
        a_file_for_each(dir.path(), None).unwrap();
        for outer in 0..3 {
            let file = dir.path().join(format!("out-{outer}"));
            assert_eq!(read(&file), lines(0..4, 9), "{fail_at:?} {outer}");
        }
        assert_eq!(left_in(&dir.path().join("state")), [""; 0]);
    }
}

#[resumable(name = "argument", state_dir = dir.join("state"), reconnect(out), fresh(fail_at))]
fn to_an_argument(dir: &Path, out: &mut File, fail_at: Option<u64>) -> anyhow::Result<()> {
    for item in 0..6 {
        write!(out, "{}", line(item, 9))?;
        anyhow::ensure!(fail_at != Some(item), "stopped");
    }
    Ok(())
}

#[test]
fn a_handle_of_the_callers_is_written_by_one_run_after_another() {
    let dir = tempfile::tempdir().unwrap();
    let mut out = append_to(&dir.path().join("out")).unwrap();
    to_an_argument(dir.path(), &mut out, Some(2)).unwrap_err();
    to_an_argument(dir.path(), &mut out, Some(4)).unwrap_err();
    to_an_argument(dir.path(), &mut out, None).unwrap();
    assert_eq!(read(&dir.path().join("out")), lines(0..6, 9));
    to_an_argument(dir.path(), &mut out, None).unwrap();
    assert_eq!(read(&dir.path().join("out")), lines(0..6, 9) + &lines(0..6, 9));
}

#[resumable(name = name, backend = store.clone(), reconnect(out), fresh(name, stops_at))]
fn named(
    name: &str,
    store: &Arc<dyn Backend>,
    to: &Path,
    stops_at: Option<u64>,
) -> anyhow::Result<()> {
    let mut out: File = append_to(to)?;
    for item in 0..6 {
        anyhow::ensure!(stops_at != Some(item), "stopped");
        writeln!(out, "{name} {item}")?;
    }
    Ok(())
}

/// Takes so many writes, as if the process were killed before the next.
#[derive(Default)]
struct Mortal {
    stored: MemoryBackend,
    left: Mutex<Option<u32>>,
}

impl Mortal {
    fn live(&self, writes: Option<u32>) {
        *self.left.lock().unwrap() = writes;
    }

    fn write(&self) -> Result<(), BackendError> {
        match &mut *self.left.lock().unwrap() {
            Some(0) => Err(BackendError::Unsupported("write: it is dead")),
            left => {
                *left = left.map(|left| left - 1);
                Ok(())
            }
        }
    }
}

impl Backend for Mortal {
    fn load(&self, job: &str) -> Result<Option<Vec<u8>>, BackendError> {
        self.stored.load(job)
    }

    fn save(&self, job: &str, checkpoint: &[u8]) -> Result<(), BackendError> {
        self.write()?;
        self.stored.save(job, checkpoint)
    }

    fn delete(&self, job: &str) -> Result<(), BackendError> {
        self.write()?;
        self.stored.delete(job)
    }

    fn exists(&self, job: &str) -> Result<bool, BackendError> {
        self.stored.exists(job)
    }
}

#[test]
fn a_file_stays_with_a_job_that_gets_another_name_wherever_that_is_killed() {
    let mut died = 0;
    loop {
        let dir = tempfile::tempdir().unwrap();
        let to = dir.path().join("all.txt");
        let mortal = Arc::new(Mortal::default());
        let store: Arc<dyn Backend> = mortal.clone();
        named("a", &store, &to, Some(3)).unwrap_err();
        let a = Job::new("a").backend(store.clone());
        mortal.live(Some(died));
        let is_done = a.rename("b").is_ok();
        mortal.live(None);
        let refused = said(named("c", &store, &to, None));
        assert!(refused.contains("which is not finished, writes `"), "{died}: {refused}");
        assert_eq!(a.rename("b").unwrap(), !is_done, "{died}");
        let refused = said(named("c", &store, &to, None));
        assert!(refused.contains("job `b`, which is not finished, writes `"), "{died}: {refused}");
        named("b", &store, &to, None).unwrap();
        named("c", &store, &to, None).unwrap();
        let of = |name, items| of_each(items, |item| format!("{name} {item}\n"));
        assert_eq!(read(&to), of("a", 0..3) + &of("b", 3..6) + &of("c", 0..6), "{died}");
        if is_done {
            break;
        }
        died += 1;
    }
    assert!(died >= 3, "{died}");
}

fn give_up(_: &ErrorContext) -> Action {
    Action::DeadLetter
}

#[resumable(name = name, backend = store.clone(), keep_on_success, reconnect(out), on_error = give_up, fresh(name, gives_up))]
fn kept(
    name: &str,
    store: &Arc<dyn Backend>,
    to: &Path,
    items: &[u64],
    gives_up: bool,
) -> anyhow::Result<()> {
    let mut out: File = append_to(to)?;
    #[resume]
    for item in items {
        anyhow::ensure!(!gives_up || *item != 1, "no");
        writeln!(out, "{name} {item}")?;
    }
    writeln!(out, "{name} ends")?;
    Ok(())
}

const TWICE: [u64; 2] = [1, 2];

#[test]
fn a_finished_job_that_is_called_again_cuts_off_what_it_wrote_itself_alone() {
    let dir = tempfile::tempdir().unwrap();
    let to = dir.path().join("all.txt");
    let store: Arc<dyn Backend> = Arc::new(MemoryBackend::default());
    for _ in 0..3 {
        kept("a", &store, &to, &TWICE, false).unwrap();
        assert_eq!(read(&to), "a 1\na 2\na ends\n");
    }
    named("b", &store, &to, Some(2)).unwrap_err();
    let refused = said(kept("a", &store, &to, &TWICE, false));
    assert!(refused.contains("job `b`, which is not finished, writes `"), "{refused}");
    for name in ["b", "c"] {
        named(name, &store, &to, None).unwrap();
        let before = read(&to);
        for _ in 0..2 {
            let refused = said(kept("a", &store, &to, &TWICE, false));
            assert!(refused.contains("others may have written"), "{refused}");
            assert!(refused.contains("cut it to 8 bytes"), "{refused}");
            assert_eq!(read(&to), before);
        }
    }
    File::options().write(true).open(&to).unwrap().set_len(8).unwrap();
    kept("a", &store, &to, &TWICE, false).unwrap();
    kept("a", &store, &to, &TWICE, false).unwrap();
    assert_eq!(read(&to), "a 1\na 2\na ends\n");
}

#[test]
fn dead_letters_that_are_tried_again_cut_off_nothing_of_another_job() {
    for between in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        let to = dir.path().join("all.txt");
        let store: Arc<dyn Backend> = Arc::new(MemoryBackend::default());
        kept("a", &store, &to, &TWICE, true).unwrap();
        if between {
            named("b", &store, &to, None).unwrap();
        }
        assert_eq!(Job::new("a").backend(store.clone()).retry_dead_letters().unwrap(), 1);
        if between {
            let before = read(&to);
            let refused = said(kept("a", &store, &to, &TWICE, false));
            assert!(refused.contains("others may have written"), "{refused}");
            assert_eq!(read(&to), before);
        } else {
            let refused = said(named("b", &store, &to, None));
            assert!(refused.contains("job `a`, which is not finished"), "{refused}");
            kept("a", &store, &to, &TWICE, false).unwrap();
            assert_eq!(read(&to), "a 2\na 1\na ends\n");
        }
    }
}
