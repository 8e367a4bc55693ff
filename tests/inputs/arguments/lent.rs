//! Tests that what a `&mut` argument refers to at the first call belongs to the job.

use std::cell::RefCell;
use std::path::Path;

use safe_state::{Error, resumable};
use serde::Serialize;

use super::{goes_on, refused, within};
use crate::work::{LEFT, work};

#[derive(Serialize)]
struct Rates {
    rate: u32,
    asked: u32,
}

impl Rates {
    fn of(&mut self) -> u32 {
        self.asked += 1;
        self.rate
    }
}

#[resumable(name = "lent", state_dir = dir)]
fn read(dir: &Path, rates: &mut Rates) -> anyhow::Result<()> {
    let rate = rates.of();
    for row in 0..5 {
        assert!(row * rate < 100);
        work()?;
    }
    Ok(())
}

#[resumable(name = "lent", state_dir = dir)]
fn counted(dir: &Path, rates: &mut Rates) -> anyhow::Result<()> {
    rates.asked += 1;
    for row in 0..5 {
        assert!(row * rates.rate < 100);
        work()?;
    }
    Ok(())
}

#[resumable(name = "lent", state_dir = dir, carry(total))]
fn carried(dir: &Path, total: &mut u64) -> anyhow::Result<()> {
    for row in 0..5 {
        *total += row;
        work()?;
    }
    Ok(())
}

#[resumable(name = "lent", state_dir = dir, fresh(rates))]
fn named(dir: &Path, rates: &mut Rates) -> anyhow::Result<()> {
    for _ in 0..5 {
        rates.of();
        work()?;
    }
    Ok(())
}

#[resumable(name = "lent", state_dir = dir)]
fn not_comparable(dir: &Path, log: &mut dyn std::io::Write) -> anyhow::Result<()> {
    writeln!(log, "begun")?;
    for _ in 0..5 {
        work()?;
    }
    Ok(())
}

#[resumable(name = "lent", state_dir = dir)]
fn text(dir: &Path, text: &mut str) -> anyhow::Result<()> {
    for _ in 0..5 {
        assert!(!text.is_empty());
        work()?;
    }
    Ok(())
}

#[test]
fn another_value_is_refused() {
    let rates = |rate| Box::new(Rates { rate, asked: 0 });
    let (mut one, mut two) = (rates(1), rates(2));
    refused("rates", |dir| read(dir, &mut one), |dir| read(dir, &mut two));
    let (mut one, mut two) = (Box::new(1), Box::new(2));
    refused("total", |dir| carried(dir, &mut one), |dir| carried(dir, &mut two));
    let (mut one, mut two) = ("a".to_owned(), "b".to_owned());
    refused("text", |dir| text(dir, &mut one), |dir| text(dir, &mut two));
    let (mut one, mut two) = (rates(1), rates(2));
    goes_on(3, |dir| named(dir, &mut one), |dir| named(dir, &mut two));
    let (mut one, mut two) = (vec![1], vec![2]);
    goes_on(3, |dir| not_comparable(dir, &mut one), |dir| not_comparable(dir, &mut two));
}

/// The second call finds what the first has left in its variables.
#[test]
fn a_call_with_the_variable_of_the_call_before_goes_on() {
    let total = RefCell::new(0);
    goes_on(
        3,
        |dir| carried(dir, &mut total.borrow_mut()),
        |dir| carried(dir, &mut total.borrow_mut()),
    );
    assert_eq!(*total.borrow(), 10);
    let rates = RefCell::new(Rates { rate: 1, asked: 0 });
    goes_on(
        3,
        |dir| counted(dir, &mut rates.borrow_mut()),
        |dir| counted(dir, &mut rates.borrow_mut()),
    );
    assert_eq!(rates.borrow().asked, 2);
    let (mut one, mut two) = (Rates { rate: 1, asked: 0 }, Rates { rate: 2, asked: 0 });
    refused("rates.rate", |dir| counted(dir, &mut one), |dir| counted(dir, &mut two));
}

/// The value at the first call counts, however many calls went on from it.
#[test]
fn the_value_at_the_first_call_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    let mut total = Box::new(7);
    for _ in 0..2 {
        assert_eq!(within(2, || carried(dir.path(), &mut total)), Err(None));
    }
    let (mut same, mut other) = (Box::new(7), Box::new(*total));
    LEFT.set(9);
    let error = carried(dir.path(), &mut other).unwrap_err();
    assert!(matches!(error.downcast_ref(), Some(Error::ArgumentChanged { .. })), "{error}");
    assert_eq!(within(9, || carried(dir.path(), &mut same)), Ok(()));
    assert_eq!(*same, 17);
}
