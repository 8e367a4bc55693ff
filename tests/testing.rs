//! `testing::survives`, on jobs that survive and on jobs that do not.

use std::any::Any;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};

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

/// What the test of a job that does not survive says.
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
        // Undisturbed, and twice for each item and for each side of each save but the last.
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
