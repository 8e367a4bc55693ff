//! Tests files on the disk that are damaged, foreign, or left behind.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use safe_state::{Backend, Checkpoint, Error, Job, MemoryBackend};
use safe_state_tests::{Faulty, Ran, run};

use crate::peek;

/// Returns why `job` refuses to run, and checks that it runs no item.
fn refusal(job: &Job) -> String {
    let ran = Ran::default();
    let outcome = job.run(0..5, |item| {
        ran.note(item);
        Ok::<_, Error>(())
    });
    assert_eq!(ran.take(), [0; 0]);
    let error = outcome.unwrap_err();
    let message = error.to_string();
    assert_eq!(format!("{:#}", anyhow::Error::from(error)), message, "a cause says nothing again");
    message
}

/// Returns why the job `foreign` in `dir` refuses `bytes` as its checkpoint, and checks that the file stays as it is.
fn refusal_of(bytes: &[u8], dir: &Path) -> String {
    let job = Job::new("foreign").state_dir(dir);
    let path = job.checkpoint_path().unwrap();
    fs::write(&path, bytes).unwrap();
    let refusal = refusal(&job);
    assert!(refusal.contains(path.to_str().unwrap()), "{refusal}");
    assert!(refusal.contains("left as it is"), "{refusal}");
    assert_eq!(fs::read(&path).unwrap(), bytes, "it was not left as it is");
    refusal
}

#[test]
fn s15_another_kind_of_file_is_refused_by_name_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    for foreign in [&b"{\"completed\": [0, 1]}"[..], b"\x80\x05}\x94."] {
        let refusal = refusal_of(foreign, dir.path());
        assert!(refusal.contains("not a file of safe-state"), "{refusal}");
        assert!(!refusal.contains("doctor"), "there is nothing to save: {refusal}");
    }
    let empty = refusal_of(b"", dir.path());
    assert!(empty.contains("the header is cut off"), "{empty}");
    assert!(empty.contains("`safe-state doctor FILE` says what can be recovered of it"), "{empty}");
}

/// Returns a job, its file as it is before item 10 ends, and every state that was saved until then.
fn under_way(dir: &Path) -> (Job, Vec<u8>, Vec<Checkpoint>) {
    let job = Job::new("damaged").state_dir(dir);
    let (mut states, mut bytes) = (Vec::new(), Vec::new());
    let outcome = job.run(0..12, |item| {
        states.push(peek(&job));
        bytes = fs::read(job.checkpoint_path().unwrap()).unwrap();
        anyhow::ensure!(item < 10, "asked to fail");
        Ok(())
    });
    outcome.unwrap_err();
    (job, bytes, states)
}

/// Returns a job that failed in item 10, its file, and every state that was saved on the way.
fn failed(dir: &Path) -> (Job, Vec<u8>, Vec<Checkpoint>) {
    let job = Job::new("damaged").state_dir(dir);
    let states = std::cell::RefCell::new(Vec::new());
    let outcome = job.run(0..12, |item| {
        states.borrow_mut().push(peek(&job));
        anyhow::ensure!(item < 10, "asked to fail");
        Ok(())
    });
    outcome.unwrap_err();
    let mut states = states.into_inner();
    states.push(peek(&job));
    let bytes = fs::read(job.checkpoint_path().unwrap()).unwrap();
    (job, bytes, states)
}

/// Reads `bytes` as the checkpoint of a job.
fn read(job: &Job, bytes: &[u8]) -> Result<Checkpoint, Error> {
    let backend = MemoryBackend::default();
    backend.save(job.job_name(), bytes)?;
    Ok(Job::new(job.job_name()).backend(backend).peek_checkpoint()?.unwrap())
}

#[test]
fn s16_no_flipped_bit_makes_a_state_that_was_never_saved() {
    let dir = tempfile::tempdir().unwrap();
    let (job, mut bytes, states) = failed(dir.path());
    let mut refused = 0;
    for bit in 0..bytes.len() * 8 {
        bytes[bit / 8] ^= 1 << (bit % 8);
        match read(&job, &bytes) {
            // What was measured has a record of its own, behind that of the state: a damaged end is taken away.
            Ok(found) => {
                let is_saved =
                    |it: &Checkpoint| *it == found || it.to_string() == found.to_string();
                assert!(states.iter().any(is_saved), "bit {bit}: {found}");
            }
            Err(error) => {
                assert!(matches!(error, Error::Backend(_)), "{error}");
                refused += 1;
            }
        }
        bytes[bit / 8] ^= 1 << (bit % 8);
    }
    assert!(refused > 0, "not one of {} flips was noticed", bytes.len() * 8);
}

#[test]
fn s16_no_cut_makes_a_state_that_was_never_saved() {
    let dir = tempfile::tempdir().unwrap();
    let (job, bytes, states) = under_way(dir.path());
    let mut older = 0;
    for end in 0..bytes.len() {
        if let Ok(found) = read(&job, &bytes[..end]) {
            assert!(states.contains(&found), "cut at {end}: {found}");
            older += usize::from(Some(&found) != states.last());
        }
    }
    assert!(older > 0, "a torn record falls back to the save before it");
}

#[test]
fn s17_a_backend_without_files_refuses_damage_too_and_names_no_file() {
    let backend = Arc::new(MemoryBackend::default());
    backend.save("odd", b"not a checkpoint").unwrap();
    let refusal = refusal(&Job::new("odd").backend(Arc::clone(&backend)));
    assert!(refusal.contains("the checkpoint of job `odd` in `memory`"), "{refusal}");
    assert_eq!(backend.load("odd").unwrap().unwrap(), b"not a checkpoint");
}

#[test]
fn s18_a_checkpoint_that_would_run_code_is_only_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let marker = dir.path().join("marker");
    // The original package unpickles these bytes into a call of `os.system`.
    let pickle = format!("cos\nsystem\n(S'touch {}'\ntR.", marker.display());
    refusal_of(pickle.as_bytes(), dir.path());
    assert!(!marker.exists());
}

#[test]
fn s25_looking_at_a_checkpoint_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (job, bytes, _) = failed(dir.path());
    let modified = || fs::metadata(job.checkpoint_path().unwrap()).unwrap().modified().unwrap();
    let before = modified();
    peek(&job);
    assert_eq!(fs::read(job.checkpoint_path().unwrap()).unwrap(), bytes);
    assert_eq!(modified(), before);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "and leaves no lock behind");
}

#[test]
fn s29_the_users_error_is_not_replaced_by_the_storages() {
    let backend = Arc::new(Faulty::default());
    let job = Job::new("both").backend(Arc::clone(&backend));
    let outcome = job.run(0..3, |_| {
        backend.break_only(&["saving"]);
        anyhow::bail!("the user's own")
    });
    assert_eq!(outcome.unwrap_err().to_string(), "the user's own");
}

#[test]
fn s30_a_save_that_failed_is_an_error() {
    let backend = Arc::new(Faulty::default());
    let job = Job::new("storage").backend(Arc::clone(&backend));
    let outcome = job.run(0..3, |_| {
        backend.break_only(&["saving"]);
        Ok::<_, Error>(())
    });
    assert_eq!(outcome.unwrap_err().to_string(), "saving failed for job `storage`");
}

#[test]
fn s35_no_two_names_share_a_file_and_none_is_too_long() {
    let dir = tempfile::tempdir().unwrap();
    let job = |name: &str| Job::new(name).state_dir(dir.path());
    let long = "x".repeat(300);
    run(&job("a/b"), 0..9, Some(1));
    run(&job("a_b"), 0..9, Some(2));
    run(&job(&long), 0..9, Some(3));
    run(&job(&format!("{long}x")), 0..9, Some(4));
    let completed = |name: &str| peek(&job(name)).completed().len();
    let all = ["a/b", "a_b", &long, &format!("{long}x")].map(completed);
    assert_eq!(all, [1, 2, 3, 4]);
}

#[test]
fn s36_what_a_kill_left_half_written_is_cleaned_up() {
    let dir = tempfile::tempdir().unwrap();
    let job = Job::new("orphan").state_dir(dir.path());
    fs::write(dir.path().join("orphan.safestate.tmp"), "half of a checkp").unwrap();
    run(&job, 0..3, None);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn a_file_that_is_taken_away_under_a_run_is_written_again() {
    for is_moved in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        let job = Job::new("taken").state_dir(dir.path());
        let outcome = job.run(0..12, |item| {
            if item == 5 {
                let path = job.checkpoint_path().unwrap();
                let aside = dir.path().join("aside");
                if is_moved { fs::rename(path, aside) } else { fs::remove_file(path) }?;
            }
            // The run checks only now and then whether its file is still at its path.
            std::thread::sleep(std::time::Duration::from_millis(2));
            anyhow::ensure!(item < 10, "asked to fail");
            Ok(())
        });
        outcome.unwrap_err();
        assert_eq!(run(&job, 0..12, None), [10, 11], "moved: {is_moved}");
    }
}
