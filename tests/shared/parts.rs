//! Workers with fixed parts, which take no leases.

use std::path::Path;
use std::sync::Mutex;
use std::thread;

use anyhow::Result;
use safe_state::{Job, Results, resumable, step};

/// What was done.
type Done = Mutex<Vec<String>>;

#[resumable(
    name = "parts", shared = "static", worker = worker, slices = 6, state_dir = dir, on_idle = "wait",
    carry(total, merge = |a, b| a + b, all), fresh(done, worker, bad, dir)
)]
fn parts(
    dir: &Path,
    worker: (u32, u32),
    done: &Done,
    bad: u64,
    items: u64,
) -> Result<(u64, Vec<u64>)> {
    let factor: u64 = step!("factor", {
        done.lock().unwrap().push("factor".to_owned());
        3
    });
    let mut total = 100;
    let mut all = Results::new();
    #[resume]
    for item in 0..items {
        anyhow::ensure!(item != bad, "item {item} is bad");
        done.lock().unwrap().push(item.to_string());
        total += factor * item;
        all.push(item);
    }
    step!("last", done.lock().unwrap().push(format!("last {total}")));
    Ok((total, all.into()))
}

const NONE: u64 = u64::MAX;

fn together(dir: &Path, done: &Done) {
    let all: Vec<u64> = (0..50).collect();
    thread::scope(|scope| {
        let worker = |number| scope.spawn(move || parts(dir, (number, 3), done, NONE, 50).unwrap());
        let workers: Vec<_> = (0..3).map(worker).collect();
        for worker in workers {
            assert_eq!(worker.join().unwrap(), (100 + 3 * 49 * 50 / 2, all.clone()));
        }
    });
}

fn taken(done: &Done) -> Vec<String> {
    let mut done = std::mem::take(&mut *done.lock().unwrap());
    done.sort();
    done
}

#[test]
fn each_does_its_part_and_all_return_the_same() {
    let (dir, done) = (tempfile::tempdir().unwrap(), Done::default());
    // The first fails in its part, and goes on there.
    let error = parts(dir.path(), (0, 3), &done, 2, 50).unwrap_err().to_string();
    assert_eq!(error, "item 2 is bad");
    let before = taken(&done);
    assert!(before.contains(&"factor".to_owned()));
    together(dir.path(), &done);
    let mut all = [before, taken(&done)].concat();
    all.sort();
    let mut expected: Vec<String> = (0..50).map(|item| item.to_string()).collect();
    expected.extend(["factor".to_owned(), format!("last {}", 100 + 3 * 49 * 50 / 2)]);
    expected.sort();
    assert_eq!(all, expected);
    together(dir.path(), &done);
    assert_eq!(taken(&done), [""; 0]);
    let job = Job::new("parts").state_dir(dir.path());
    let shown = job.peek_checkpoint().unwrap().unwrap();
    assert_eq!((shown.completed().len(), shown.total()), (50, Some(50)));
    job.clear_checkpoint().unwrap();
    together(dir.path(), &done);
    assert_eq!(taken(&done).len(), 52);
}

#[test]
fn one_that_differs_is_refused() {
    let (dir, done) = (tempfile::tempdir().unwrap(), Done::default());
    parts(dir.path(), (0, 2), &done, 2, 50).unwrap_err();
    let error = parts(dir.path(), (1, 2), &done, NONE, 49).unwrap_err().to_string();
    assert!(error.contains("has an input of 49 items"), "{error}");
    let error = parts(dir.path(), (2, 2), &done, NONE, 50).unwrap_err().to_string();
    assert!(error.contains("this one can't tell which is its own"), "{error}");
}
