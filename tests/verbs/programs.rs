//! Tests what a program does with its jobs: defaults, async runs, keys to filter by, the folder where they are.

use std::cell::RefCell;
use std::time::Duration;

use safe_state::{Error, Job, StopReason, resumable};
use safe_state_tests::Alone;

use crate::places::{Place, on_each};

#[resumable(name = "plain", backend = place.backend.clone(), key = |item| item.to_string(), fresh(place))]
fn plain(place: &Place, items: &[u64]) -> anyhow::Result<()> {
    for item in items {
        anyhow::ensure!(*item < 3, "no");
    }
    Ok(())
}

#[test]
fn what_is_complete_is_left_out_before_it_is_fetched() {
    on_each(|place| {
        plain(place, &[2, 1, 3]).unwrap_err();
        let job = place.job("plain");
        assert!(job.is_complete("2").unwrap() && !job.is_complete("3").unwrap());
        let completed = job.completed_keys().unwrap();
        assert_eq!(completed.len(), 2);
        let fetched: Vec<u64> =
            [4, 2, 3].into_iter().filter(|id| !completed.contains(&id.to_string())).collect();
        assert_eq!(fetched, [4, 3]);
    });
}

#[test]
fn an_async_job_goes_on_where_it_stopped() {
    on_each(|place| {
        let job = place.job("mail").max_runtime(Duration::from_secs(3600));
        let done = RefCell::new(Vec::new());
        let run = |until: u64| {
            let done = &done;
            job.run_async(0..8_u64, async move |item| {
                std::future::ready(()).await;
                if item == until {
                    return Err(std::io::Error::other("no"));
                }
                done.borrow_mut().push(item);
                Ok(())
            })
        };
        smol::block_on(run(3)).unwrap_err();
        let checkpoint = job.peek_checkpoint().unwrap().unwrap();
        assert!(checkpoint.last_failure().unwrap().location().unwrap().contains("programs.rs"));
        smol::block_on(run(9)).unwrap();
        assert_eq!(*done.borrow(), [0, 1, 2, 3, 4, 5, 6, 7]);
        let cancelled = smol::block_on(job.run_async(0..u64::MAX, async |item| {
            if item == 2 {
                job.cancel()?;
            }
            Ok::<(), Error>(())
        }));
        assert!(cancelled.unwrap_err().is_stopped());
    });
}

/// Runs in a program of its own, because defaults count for all of a program.
#[resumable(name = "attributed", fresh(ran))]
fn attributed(ran: &mut u64, items: &[u64]) -> Result<(), Error> {
    #[resume]
    for _ in items {
        *ran += 1;
        std::thread::sleep(Duration::from_millis(2));
    }
    Ok(())
}

#[test]
fn defaults_are_the_whole_program_s() {
    const CHILD: &str = "SAFE_STATE_TESTS_DEFAULTS";
    let Ok(dir) = std::env::var(CHILD) else {
        let dir = tempfile::tempdir().unwrap();
        Alone::new(module_path!(), "defaults_are_the_whole_program_s")
            .passes(&[(CHILD, &dir.path())]);
        return;
    };
    let database = std::path::Path::new(&dir).join("jobs.db");
    safe_state::defaults().backend(format!("sqlite:{}", database.display())).set();
    let fails = |job: &Job| job.run(0..3, |_| Err(std::io::Error::other("no")));
    fails(&Job::new("mail")).unwrap_err();
    assert!(database.exists() && Job::new("mail").peek_checkpoint().unwrap().is_some());
    fails(&Job::new("other").backend("memory:")).unwrap_err();
    assert_eq!(Job::new("mail").list().unwrap().len(), 1);
    safe_state::defaults().max_runtime(Duration::from_millis(1)).set();
    let mut ran = 0;
    let error = attributed(&mut ran, &vec![0; 5000]).unwrap_err();
    assert!(matches!(error, Error::Stopped { reason: StopReason::MaxRuntime, .. }), "{error}");
    assert!((1..5000).contains(&ran), "{ran}");
    assert!(Job::new("attributed").peek_checkpoint().unwrap().is_some());
}

#[test]
fn git_leaves_out_the_directory_that_is_made_by_itself() {
    let dir = tempfile::tempdir().unwrap();
    let ours = dir.path().join(".safe_state");
    let run = |job: Job| job.run(0..3, |_| Err(std::io::Error::other("no"))).unwrap_err();
    run(Job::new("mail").state_dir(&ours));
    assert_eq!(std::fs::read_to_string(ours.join(".gitignore")).unwrap(), "*\n");
    assert_eq!(Job::new("mail").state_dir(&ours).list().unwrap().len(), 1);
    std::fs::remove_file(ours.join(".gitignore")).unwrap();
    run(Job::new("mail").state_dir(&ours));
    assert!(!ours.join(".gitignore").exists(), "it was there, and is the user's");
    let named = dir.path().join("state");
    run(Job::new("mail").state_dir(&named));
    assert!(!named.join(".gitignore").exists());
}

/// Whether an item is complete in the loop of that number.
type IsComplete<'a> = &'a dyn Fn(u16, u64) -> Result<bool, Error>;

#[resumable(name = "two", backend = place.backend.clone(), carry(loaded, sent), fresh(place, is_complete, bad))]
fn two(
    place: &Place,
    ids: &[u64],
    is_complete: IsComplete<'_>,
    bad: u64,
) -> anyhow::Result<(u64, u64)> {
    let mut loaded = 0;
    let mut sent = 0;
    let left = |number| -> Result<Vec<u64>, Error> {
        let all = ids.iter().map(|id| Ok((*id, is_complete(number, *id)?)));
        let all = all.collect::<Result<Vec<_>, Error>>()?;
        Ok(all.into_iter().filter(|(_, is)| !is).map(|(id, _)| id).collect())
    };
    #[resume(key = |id| *id)]
    for _id in left(0)? {
        loaded += 1;
    }
    #[resume(key = |id| *id)]
    for id in left(1)? {
        anyhow::ensure!(id != bad, "no");
        sent += 1;
    }
    Ok((loaded, sent))
}

#[test]
fn what_is_complete_in_one_of_several_loops_is_so_in_no_other() {
    on_each(|place| {
        let job = place.job("two");
        let error = two(place, &[1, 2, 3], &|_, id| job.is_complete(&id), 9).unwrap_err();
        let error = error.downcast_ref::<Error>().unwrap();
        assert!(matches!(error, Error::SeveralLoops { .. }), "{error}");
        assert!(error.to_string().contains("completed_keys_in"), "{error}");
        job.clear_checkpoint().unwrap();
        let of_loop = |number, id| Ok(job.completed_keys_in(number)?.contains(&id));
        two(place, &[1, 2, 3], &of_loop, 2).unwrap_err();
        let keys = |number| job.completed_keys_in(number).unwrap().len();
        assert_eq!((keys(0), keys(1), keys(2)), (3, 1, 0));
        assert!(matches!(job.completed_keys(), Err(Error::SeveralLoops { .. })));
        assert_eq!(two(place, &[1, 2, 3, 4], &of_loop, 9).unwrap(), (4, 4));
    });
}
