//! Tests `testing::survives`, on jobs that survive and on jobs that do not.

use std::any::Any;
use std::fs::{self, File};
use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use safe_state::testing::{Trial, survives};
use safe_state::{Job, resumable};
use safe_state_tests::Effects;

const ORDERS: [u64; 5] = [3, 1, 4, 1, 5];

#[resumable(carry(sum), save_every = every)]
fn total(orders: impl IntoIterator<Item = u64>, every: u64) -> anyhow::Result<u64> {
    let mut sum = 0;
    for order in orders {
        sum += order;
    }
    Ok(sum)
}

#[resumable(fresh(sum))]
fn forgets(orders: &[u64]) -> u64 {
    let mut sum = 0;
    for order in orders {
        sum += order;
    }
    sum
}

#[resumable(carry(sum))]
async fn total_async(orders: &[u64]) -> anyhow::Result<u64> {
    let mut sum = 0;
    for order in orders {
        tokio::task::yield_now().await;
        sum += order;
    }
    Ok(sum)
}

/// Returns the message of a test of a job that does not survive.
fn refused(test: impl FnOnce()) -> String {
    let panic = catch_unwind(AssertUnwindSafe(test)).expect_err("it survived");
    let literal = |panic: Box<dyn Any + Send>| (*panic.downcast::<&str>().unwrap()).to_owned();
    panic.downcast::<String>().map_or_else(literal, |text| *text)
}

#[test]
fn a_job_that_carries_survives_at_every_place() {
    for every in [1, 2, 100] {
        let mut runs = 0;
        survives(|trial| {
            runs += 1;
            total(trial.items(ORDERS), every).unwrap()
        });
        // The job runs once undisturbed, and twice for each item and for each side of each save but the last.
        let saves = 2 + ORDERS.len() / usize::try_from(every).unwrap();
        assert!(runs > 2 * (ORDERS.len() + saves), "{runs} runs with a save every {every}");
    }
}

#[test]
fn a_job_that_forgets_is_caught_with_the_place() {
    let said = refused(|| survives(|_| forgets(&ORDERS)));
    assert!(
        said.contains("crashed before save 2: ") && said.contains("without a crash it is 14"),
        "{said}"
    );
}

#[test]
fn an_async_job_survives() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    survives(|_| runtime.block_on(total_async(&ORDERS)).unwrap());
}

#[test]
fn effects_are_results_if_they_are_given() {
    let job = |trial: &Trial| {
        let effects = Effects::open(trial.dir().join("effects")).unwrap();
        let run = Job::new("effects").run(trial.items(ORDERS), |order| Ok(effects.record(order)?));
        run.map_err(|error: anyhow::Error| panic!("{error:#}")).unwrap();
        effects.all()
    };
    let said = refused(|| survives(job));
    assert!(said.contains("the result is ["), "an item in flight runs again: {said}");
    survives(|trial| {
        let mut orders = job(trial);
        orders.dedup();
        orders
    });
}

/// Appends to a report that may be there already.
#[resumable(reconnect(report))]
fn report(orders: &[u64], to: &Path) -> anyhow::Result<()> {
    let mut report = File::options().create(true).append(true).open(to)?;
    for order in orders {
        writeln!(report, "{order}")?;
    }
    Ok(())
}

#[test]
fn a_job_that_has_ended_is_not_crashed() {
    survives(|trial| {
        let to = trial.dir().join("report");
        report(&ORDERS, &to).unwrap();
        fs::read_to_string(to).unwrap()
    });
}

#[test]
fn a_trial_leaves_nothing_where_the_job_says() {
    let dir = tempfile::tempdir().unwrap();
    survives(|_| {
        let job = Job::new("elsewhere").state_dir(dir.path().join("state"));
        job.run(ORDERS, |_| anyhow::Ok(())).unwrap();
    });
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn a_job_that_the_trial_does_not_see_is_no_success() {
    let nothing = "no job has saved anything in this trial";
    assert!(refused(|| survives(|_| 3)).starts_with(nothing));
}

#[test]
#[should_panic(expected = "of its own")]
fn a_panic_without_a_crash_is_the_tests() {
    survives(|_| panic!("of its own"));
}

/// Has tests as anybody writes them: of one job, with other arguments, side by side, one of which leaves a checkpoint.
mod plain {
    use std::path::Path;
    use std::thread;

    use safe_state::{Job, resumable, testing};
    use safe_state_tests::plain::bill;

    /// Adds up the orders, in the crate of the tests.
    #[resumable(name = "bill", carry(total))]
    fn own_bill(orders: &[u64], bad: u64) -> anyhow::Result<u64> {
        let mut total = 0;
        #[resume]
        for order in orders {
            anyhow::ensure!(*order != bad, "the bank says no");
            total += order;
        }
        Ok(total)
    }

    #[test]
    fn all_is_added_up() {
        assert_eq!(bill(&[0, 1, 2, 3, 4], 99).unwrap(), 10);
        assert_eq!(own_bill(&[0, 1, 2, 3, 4], 99).unwrap(), 10);
    }

    #[test]
    fn the_bank_says_no() {
        assert!(bill(&[0, 1, 2, 3, 4], 3).unwrap_err().to_string().contains("bank"));
        let left = Job::new("bill").peek_checkpoint().unwrap().unwrap();
        assert_eq!(left.progress().completed, 3, "within the test it is there");
        assert_eq!(bill::peek_checkpoint().unwrap().unwrap().progress().completed, 3);
        assert!(own_bill(&[0, 1, 2, 3, 4], 3).is_err());
        assert!(!Path::new(".safe_state").exists(), "no file is left");
    }

    /// Test harnesses with threads of their own call a job in this way.
    #[test]
    fn threads_of_one_program_do_not_collide() {
        let test = |bad| move || bill(&[0, 1, 2, 3, 4], bad).map_err(|error| error.to_string());
        let all: Vec<_> = [99, 99, 99, 3].map(|bad| thread::spawn(test(bad))).into_iter().collect();
        let all: Vec<_> = all.into_iter().map(|one| one.join().unwrap()).collect();
        assert_eq!(all[..3], [const { Ok(10) }; 3]);
        assert!(all[3].as_ref().is_err_and(|error| error.contains("bank")), "{all:?}");
    }

    #[test]
    fn a_memory_of_its_own_is_gone_with_its_work() {
        for _ in 0..2 {
            testing::in_memory(|| {
                assert!(bill(&[1, 2], 2).is_err());
                assert!(bill::peek_checkpoint().unwrap().is_some());
            });
            assert!(bill::peek_checkpoint().unwrap().is_none());
        }
    }

    #[tokio::test]
    async fn a_job_that_saves_on_another_thread_has_the_memory_of_its_test() {
        #[resumable(name = "bill", carry(total))]
        async fn slow_bill(orders: &[u64], bad: u64) -> anyhow::Result<u64> {
            let mut total = 0;
            #[resume]
            for order in orders {
                anyhow::ensure!(*order != bad, "the bank says no");
                total += order;
                tokio::task::yield_now().await;
            }
            Ok(total)
        }
        slow_bill(&[1, 2], 2).await.unwrap_err();
        assert!(slow_bill::peek_checkpoint().unwrap().is_some());
        assert_eq!(slow_bill(&[1, 2], 2).await.unwrap_err().to_string(), "the bank says no");
    }
}

mod stopped {
    use safe_state::{Error, StopReason, resumable, step, testing};

    #[resumable]
    fn release(version: u32) -> anyhow::Result<String> {
        let built = step!("build", format!("build {version}"));
        step!("publish", ());
        Ok(built)
    }

    #[resumable]
    async fn release_async(version: u32) -> anyhow::Result<String> {
        let built = step!("build", async { format!("build {version}") }.await);
        tokio::task::yield_now().await;
        step!("publish", async {}.await);
        Ok(built)
    }

    fn is_stopped(error: &anyhow::Error) -> bool {
        matches!(error.downcast_ref(), Some(Error::Stopped { reason: StopReason::Cancelled, .. }))
    }

    #[test]
    fn a_run_ends_before_the_step_of_that_name() {
        for (name, steps) in [("build", &[][..]), ("publish", &["build"])] {
            testing::in_memory(|| {
                let error = testing::stop_at_step(name, || release(0).unwrap_err());
                assert!(is_stopped(&error), "{error}");
                let stored = release::peek_checkpoint().unwrap();
                let names = stored.iter().flat_map(safe_state::Checkpoint::carried_names).count();
                assert_eq!(names, steps.len(), "{name}");
                assert_eq!(release(0).unwrap(), "build 0");
            });
        }
    }

    #[test]
    fn a_step_that_is_remembered_or_of_another_name_ends_nothing() {
        testing::in_memory(|| {
            testing::stop_at_step("publish", || release(0).unwrap_err());
            testing::stop_at_step("build", || release(0).unwrap());
            testing::stop_at_step("ship", || release(0).unwrap());
        });
    }

    #[test]
    fn an_async_run_ends_before_the_step_of_that_name() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        testing::in_memory(|| {
            for name in ["build", "publish", "publish"] {
                let error =
                    testing::stop_at_step(name, || runtime.block_on(release_async(7)).unwrap_err());
                assert!(is_stopped(&error), "{name}: {error}");
            }
            testing::stop_at_step("ship", || runtime.block_on(release_async(7)).unwrap());
        });
    }
}
