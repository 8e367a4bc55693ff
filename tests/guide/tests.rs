//! Runs the tests that the guide shows: of jobs that are to survive, and of a guard.

use std::fs::{self, File};
use std::io::Write;
use std::panic::catch_unwind;
use std::path::Path;
use std::process;

use safe_state::guard::Guard;
use safe_state::resumable;
use safe_state::testing::{fail_at, stop_after, survives};

use super::pages;
use super::world::{CUSTOMERS, Customer};

#[resumable(carry(total))]
fn bill(customers: &[Customer]) -> anyhow::Result<u64> {
    let mut total = 0;
    for customer in customers {
        total += 10 * customer.id;
    }
    Ok(total)
}

#[test]
fn billing_goes_on_behind_one_place() {
    stop_after(2, || bill(&CUSTOMERS).unwrap_err());
    assert_eq!(bill::peek_checkpoint().unwrap().unwrap().completed().len(), 2);
    assert!(fail_at(2, || bill(&CUSTOMERS)).is_none());
    assert_eq!(bill(&CUSTOMERS).unwrap(), 10 * CUSTOMERS.iter().map(|it| it.id).sum::<u64>());
}

#[resumable(name = "orders", carry(total))]
fn bill_orders(orders: &[u64]) -> anyhow::Result<u64> {
    let mut total = 0;
    for order in orders {
        anyhow::ensure!(*order > 0, "an order of nothing");
        total += order;
    }
    Ok(total)
}

#[test]
fn a_bill_goes_on_behind_the_order_that_failed() {
    assert!(bill_orders(&[10, 20, 0]).is_err()); // fails at the third
    assert_eq!(bill_orders::peek_checkpoint().unwrap().unwrap().progress().completed, 2);
}

#[test]
fn a_bill_is_added_up() {
    assert_eq!(bill_orders(&[10, 20, 30]).unwrap(), 60); // sees nothing of the other test
}

#[resumable(reconnect(out))]
fn convert(rows: &[u64], to: &Path) -> anyhow::Result<()> {
    let mut out = File::create(to)?;
    for row in rows {
        writeln!(out, "{row}")?;
    }
    Ok(())
}

const ROWS: [u64; 3] = [3, 1, 4];

#[test]
fn billing_survives() {
    survives(|_| bill(&CUSTOMERS).unwrap());
}

#[test]
fn converting_survives() {
    survives(|trial| {
        let to = trial.dir().join("rows.csv"); // there after the crash as well
        convert(&ROWS, &to).unwrap();
        fs::read_to_string(to).unwrap() // what is compared
    });
}

#[resumable(fresh(total))]
fn forgets(customers: &[Customer]) -> anyhow::Result<u64> {
    let mut total = 0;
    for customer in customers {
        total += 10 * customer.id;
    }
    Ok(total)
}

#[test]
fn a_job_that_forgets_is_caught_as_the_page_shows() {
    let caught = catch_unwind(|| survives(|_| forgets(&CUSTOMERS).unwrap()));
    let said = *caught.unwrap_err().downcast::<String>().unwrap();
    assert_eq!(said, pages::text("docs/guide/testing.md", "crashed ").trim_end());
}

#[test]
fn the_guard_sees_an_abort() {
    let ended = Guard::new("is rescued")
        .args(["--exact", "tests::the_guard_sees_an_abort", "--nocapture"])
        .run(|_| process::abort())
        .unwrap();
    assert_eq!(ended.cause().signal(), Some(6));
}
