//! Tests the defects in what a save, a resume and an input cost.

use std::fs;

use safe_state::{Durability, Error, Job};
use safe_state_tests::{Ran, run};

use crate::peek;

fn size(job: &Job) -> u64 {
    fs::metadata(job.checkpoint_path().unwrap()).unwrap().len()
}

#[test]
fn s21_a_huge_error_is_not_rewritten_with_every_save() {
    let dir = tempfile::tempdir().unwrap();
    let job = Job::new("huge").state_dir(dir.path());
    let outcome = job.run(0..3, |_| anyhow::bail!("x".repeat(5 << 20)));
    assert_eq!(outcome.unwrap_err().to_string().len(), 5 << 20, "the caller gets all of it");
    assert!(size(&job) < 64 << 10, "{} bytes", size(&job));
}

#[test]
fn s42_an_endless_input_is_no_trouble() {
    let dir = tempfile::tempdir().unwrap();
    let job = Job::new("endless").state_dir(dir.path());
    assert_eq!(run(&job, 0.., Some(3)), [0, 1, 2, 3]);
    assert_eq!(peek(&job).total(), None);
    assert_eq!(run(&job, 0.., Some(5)), [3, 4, 5]);
}

#[test]
fn s43_no_item_is_fetched_before_its_turn() {
    let dir = tempfile::tempdir().unwrap();
    let fetched = Ran::default();
    let rows = (0..200_000).inspect(|row| fetched.note(*row));
    run(&Job::new("rows").state_dir(dir.path()), rows, Some(1));
    assert_eq!(fetched.take(), [0, 1]);
}

#[test]
fn s53_a_save_is_as_small_after_many_items_as_after_a_few() {
    let dir = tempfile::tempdir().unwrap();
    let job = Job::new("many").state_dir(dir.path()).durability(Durability::Process);
    let sizes = Ran::default();
    let outcome = job.run(0..20_000, |item| {
        if item == 100 || item == 19_999 {
            sizes.note(size(&job));
        }
        Ok::<_, Error>(())
    });
    outcome.unwrap();
    let [few, many] = sizes.take()[..] else { panic!("both were looked at") };
    assert!(many < few + 1024, "{few} bytes after 100 items, {many} after 19,999");
}
