//! Tests values of an older version of a job, which are migrated to the present one.

use std::collections::BTreeMap;
use std::panic::catch_unwind;
use std::path::Path;

use safe_state::{Error, Job, Results, resumable, step};
use serde::{Deserialize, Serialize};

const ORDERS: [u64; 6] = [10, 20, 30, 40, 50, 60];
const NEVER: u64 = 0;

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Cents {
    cents: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Bill {
    order: u64,
    is_paid: bool,
}

type ByCurrency = BTreeMap<String, u64>;

fn in_cents(euros: u64) -> Cents {
    Cents { cents: 100 * euros }
}

fn by_currency(sum: Cents) -> ByCurrency {
    BTreeMap::from([("EUR".to_owned(), sum.cents)])
}

#[expect(clippy::needless_pass_by_value, reason = "what `migrate` calls takes the old value")]
fn bills(orders: Results<u64>) -> Results<Bill> {
    let mut bills = Results::new();
    bills.extend(orders.iter().map(|order| Bill { order: *order, is_paid: false }));
    bills
}

fn fail(order: u64, at: u64) -> anyhow::Result<()> {
    anyhow::ensure!(order != at, "the bank says no");
    Ok(())
}

/// Bills without a version. The sum is in euros, a second loop reads the sum behind the first one, and the list has
/// numbers.
#[resumable(name = "bill", state_dir = dir, carry(sum, billed), fresh(at, again_at))]
fn unversioned(dir: &Path, orders: &[u64], at: u64, again_at: u64) -> anyhow::Result<u64> {
    let account = step!("account", 7_u32);
    let mut sum = 0_u64;
    let mut billed = Results::new();
    #[resume]
    for order in orders {
        fail(*order, at)?;
        sum += order;
        billed.push(*order);
    }
    let middle = sum;
    #[resume]
    for order in orders {
        fail(*order, again_at)?;
        sum += order;
    }
    Ok(sum + middle + u64::from(account))
}

/// Bills in version 2: the sum is in cents.
#[resumable(
    name = "bill", state_dir = dir, carry(sum, billed), fresh(at, again_at), version = 2, on_code_change = "fail",
    migrate(sum, from = None, with = in_cents)
)]
fn second(dir: &Path, orders: &[u64], at: u64, again_at: u64) -> anyhow::Result<u64> {
    let account = step!("account", 7_u32);
    let mut sum = Cents { cents: 0 };
    let mut billed = Results::new();
    #[resume]
    for order in orders {
        fail(*order, at)?;
        sum.cents += 100 * order;
        billed.push(*order);
    }
    let middle = sum;
    #[resume]
    for order in orders {
        fail(*order, again_at)?;
        sum.cents += 100 * order;
    }
    Ok(sum.cents + middle.cents + u64::from(account))
}

type Third = (ByCurrency, ByCurrency, Vec<Bill>, String);

/// Bills in version 3: the sum is by currency, and the list and the step have other types as well.
#[resumable(
    name = "bill", state_dir = dir, carry(sum, billed), fresh(at, again_at), version = 3, on_code_change = "fail",
    migrate(sum, from = None, with = in_cents),
    migrate(sum, from = 2, with = by_currency),
    migrate(billed, from = 2, with = bills),
    migrate("account", from = 2, with = |account: u32| format!("account {account}")),
)]
fn third(dir: &Path, orders: &[u64], at: u64, again_at: u64) -> anyhow::Result<Third> {
    let account = step!("account", "account 7".to_owned());
    let mut sum = ByCurrency::new();
    let mut billed = Results::new();
    #[resume]
    for order in orders {
        fail(*order, at)?;
        *sum.entry("EUR".to_owned()).or_default() += 100 * order;
        billed.push(Bill { order: *order, is_paid: true });
    }
    let middle = sum.clone();
    #[resume]
    for order in orders {
        fail(*order, again_at)?;
        *sum.entry("EUR".to_owned()).or_default() += 100 * order;
    }
    Ok((middle, sum, billed.to_vec(), account))
}

fn euros(cents: u64) -> ByCurrency {
    BTreeMap::from([("EUR".to_owned(), cents)])
}

#[test]
fn values_go_through_all_versions_from_the_one_that_they_have() {
    for places in [(40, NEVER), (10, NEVER), (NEVER, 40), (NEVER, 10)] {
        for through_second in [false, true] {
            let dir = tempfile::tempdir().unwrap();
            let (at, again_at) = places;
            unversioned(dir.path(), &ORDERS, at, again_at).unwrap_err();
            if through_second {
                second(dir.path(), &ORDERS, at, again_at).unwrap_err();
            }
            let stored = Job::new("bill").state_dir(dir.path()).peek_checkpoint().unwrap().unwrap();
            assert_eq!(stored.version(), through_second.then_some("2"));
            let (middle, sum, billed, account) = third(dir.path(), &ORDERS, NEVER, NEVER).unwrap();
            assert_eq!((middle, sum), (euros(21_000), euros(42_000)), "{places:?}");
            assert_eq!(account, "account 7");
            let done = ORDERS.iter().take_while(|order| **order != at).count();
            let paid: Vec<bool> = billed.iter().map(|bill| bill.is_paid).collect();
            let expected: Vec<bool> = (0..ORDERS.len()).map(|index| index >= done).collect();
            assert_eq!(paid, expected, "{places:?}");
            assert!(billed.iter().map(|bill| bill.order).eq(ORDERS));
        }
    }
}

#[test]
fn a_version_that_nothing_leads_from_is_refused_until_it_is_accepted() {
    #[resumable(name = "skipped", state_dir = dir, carry(sum), version = "one", fresh(at))]
    fn one(dir: &Path, orders: &[u64], at: u64) -> anyhow::Result<u64> {
        let mut sum = 0_u64;
        #[resume]
        for order in orders {
            fail(*order, at)?;
            sum += order;
        }
        Ok(sum)
    }
    #[resumable(name = "skipped", state_dir = dir, carry(sum), version = "three", migrate(from = "two", with = in_cents))]
    fn three(dir: &Path, orders: &[u64]) -> Result<Cents, Error> {
        let mut sum = Cents { cents: 0 };
        #[resume]
        for order in orders {
            sum.cents += 100 * order;
        }
        Ok(sum)
    }
    let dir = tempfile::tempdir().unwrap();
    one(dir.path(), &ORDERS, 30).unwrap_err();
    let error = three(dir.path(), &ORDERS).unwrap_err();
    assert!(matches!(error, Error::VersionChanged { .. }), "{error}");
    let job = Job::new("skipped").state_dir(dir.path());
    let before = job.peek_checkpoint().unwrap();
    job.accept().unwrap();
    // Accepting the other version leaves the stored value a `u64`.
    let error = three(dir.path(), &ORDERS).unwrap_err();
    assert!(matches!(error, Error::Carried { .. }), "{error}");
    assert_eq!(before.unwrap().carried::<u64>("sum").unwrap(), Some(30));
}

#[test]
fn a_migration_that_does_not_take_what_is_stored_changes_nothing() {
    #[resumable(name = "bill", state_dir = dir, carry(sum, billed), version = 2, migrate(sum, from = None, with = |it: Cents| it.cents))]
    fn wrong(dir: &Path, orders: &[u64]) -> Result<u64, Error> {
        let mut sum = 0_u64;
        let mut billed = Results::new();
        #[resume]
        for order in orders {
            sum += order;
            billed.push(*order);
        }
        Ok(sum)
    }
    #[resumable(name = "bill", state_dir = dir, carry(sum, billed), version = 2, migrate(sum, from = None, with = panics))]
    fn panicking(dir: &Path, orders: &[u64]) -> Result<u64, Error> {
        let mut sum = 0_u64;
        let mut billed = Results::new();
        #[resume]
        for order in orders {
            sum += order;
            billed.push(*order);
        }
        Ok(sum)
    }
    fn panics(_: u64) -> u64 {
        panic!("there is no rate of exchange")
    }

    let dir = tempfile::tempdir().unwrap();
    unversioned(dir.path(), &ORDERS, 40, NEVER).unwrap_err();
    let file = Job::new("bill").state_dir(dir.path()).checkpoint_path().unwrap();
    let before = std::fs::read(&file).unwrap();
    let error = wrong(dir.path(), &ORDERS).unwrap_err().to_string();
    assert!(
        error.starts_with("job `bill` can't be taken over from no version: `sum` was saved as "),
        "{error}"
    );
    assert!(error.contains("let `migrate(from = .., with = ..)` take what is stored"), "{error}");
    assert_eq!(std::fs::read(&file).unwrap(), before);
    catch_unwind(|| wrong_if(&panicking(dir.path(), &ORDERS))).unwrap_err();
    assert_eq!(std::fs::read(&file).unwrap(), before);
    third(dir.path(), &ORDERS, NEVER, NEVER).unwrap();
}

fn wrong_if(outcome: &Result<u64, Error>) {
    panic!("it came to an end: {outcome:?}");
}

#[tokio::test]
async fn a_version_may_change_no_value_and_finished_jobs_are_taken_over() {
    #[resumable(name = "kept", state_dir = dir, carry(sum), version = 1, keep_on_success)]
    fn first(dir: &Path, orders: &[u64]) -> u64 {
        let mut sum = 0_u64;
        for order in orders {
            sum += order;
        }
        sum
    }
    #[resumable(
        name = "kept", state_dir = dir, carry(sum), version = 3, keep_on_success,
        migrate(from = 1), migrate(from = 2, with = in_cents)
    )]
    async fn third(dir: &Path, orders: &[u64]) -> Cents {
        let mut sum = Cents { cents: 0 };
        for order in orders {
            tokio::task::yield_now().await;
            sum.cents += 100 * order;
        }
        sum
    }
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(first(dir.path(), &ORDERS[..3]), 60);
    let job = Job::new("kept").state_dir(dir.path());
    assert_eq!(third(dir.path(), &ORDERS).await, Cents { cents: 21_000 });
    assert_eq!(job.peek_checkpoint().unwrap().unwrap().version(), Some("3"));
}
