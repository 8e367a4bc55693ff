//! Runs the guide's code on effects that happen once.

use std::cell::RefCell;
use std::fs;
use std::io::{self, Read};
use std::path::Path;
use std::time::SystemTime;

use safe_state::idempotency::{Done, NotDone};
use safe_state::{Effect, IdempotencyCache, idempotent, publish_once};

use super::world::{World, act};

#[derive(Clone, Copy, Debug)]
struct Order {
    id: u64,
}

type Receipt = String;

/// Fetches a page, whose text is its address.
fn fetch(url: &str) -> io::Result<impl Read> {
    let answer = act(url).map_err(io::Error::other);
    Ok(url.as_bytes().chain(Broken(answer.err())))
}

/// A connection that breaks after all before it was read, if it has an error.
struct Broken(Option<io::Error>);

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

fn target(url: &str) -> &Path {
    Path::new(url)
}

fn download(urls: &[&str]) -> anyhow::Result<()> {
    for url in urls {
        publish_once(target(url), |file| io::copy(&mut fetch(url)?, file))?;
    }
    Ok(())
}

#[test]
fn a_file_tells_by_being_there() {
    let world = World::begin();
    world.fails("b");
    download(&["a", "b"]).unwrap_err();
    assert!(fs::exists("a").unwrap() && !fs::exists("b").unwrap());
    download(&["a", "b"]).unwrap();
    assert_eq!(world.done(), ["a", "b"]);
    assert_eq!(fs::read_to_string("b").unwrap(), "b");
}

/// A place where payments are entered.
#[derive(Default)]
struct Ledger(RefCell<Vec<u64>>);

impl Ledger {
    fn receipt(&self, id: u64) -> anyhow::Result<Option<Receipt>> {
        let is_entered = self.0.borrow().contains(&id);
        Ok(is_entered.then(|| format!("receipt {id}")))
    }

    fn enter(&self, order: &Order) -> anyhow::Result<Receipt> {
        act(order.id)?;
        self.0.borrow_mut().push(order.id);
        Ok(format!("receipt {}", order.id))
    }
}

#[idempotent(check = ledger.receipt(order.id)?)] // a `bool`, or an `Option` of what to return
fn pay(ledger: &Ledger, order: &Order) -> anyhow::Result<Receipt> {
    ledger.enter(order)
}

#[test]
fn a_function_looks_before_its_body_runs() {
    let (world, ledger) = (World::begin(), Ledger::default());
    for _ in 0..2 {
        assert_eq!(pay(&ledger, &Order { id: 7 }).unwrap(), "receipt 7");
    }
    assert_eq!(world.done(), ["7"]);
}

/// A bank that charges before it answers.
#[derive(Default)]
struct Bank(Ledger);

impl Bank {
    fn charge(&self, order: &Order) -> anyhow::Result<Receipt> {
        let receipt = self.0.enter(order)?;
        act(format!("answer {}", order.id))?;
        Ok(receipt)
    }

    fn find(&self, id: &u64, since: SystemTime) -> anyhow::Result<Option<Receipt>> {
        assert!(since <= SystemTime::now());
        self.0.receipt(*id)
    }
}

fn print(receipt: impl AsRef<str>) {
    act(receipt.as_ref()).unwrap();
}

fn charge(bank: &Bank, orders: &[Order]) -> anyhow::Result<()> {
    let charges = IdempotencyCache::open("file:.safe_state", "charges")?;
    for order in orders {
        match charges.try_once(&order.id, || bank.charge(order))? {
            Effect::Now(receipt) | Effect::Before(receipt) => print(receipt),
            Effect::Marked => {}
            Effect::InDoubt { since } => match bank.find(&order.id, since)? {
                // ask, and tell
                Some(receipt) => charges.settle(&order.id, Done(receipt))?,
                None => charges.settle(&order.id, NotDone)?,
            },
        }
    }
    Ok(())
}

#[test]
fn the_bank_is_asked_about_an_effect_in_doubt() {
    let (world, bank) = (World::begin(), Bank::default());
    let orders = [1, 2, 3].map(|id| Order { id });
    world.fails("answer 2"); // which the bank has charged
    world.fails("3"); // which it has not
    charge(&bank, &orders).unwrap_err();
    assert_eq!(world.done(), ["1", "answer 1", "receipt 1", "2"]);
    charge(&bank, &orders).unwrap_err();
    assert_eq!(world.done(), ["receipt 1"]);
    charge(&bank, &orders).unwrap();
    assert_eq!(world.done(), ["receipt 1", "receipt 2"]);
    charge(&bank, &orders).unwrap();
    assert_eq!(world.done(), ["receipt 1", "receipt 2", "3", "answer 3", "receipt 3"]);
    assert_eq!(*bank.0.0.borrow(), [1, 2, 3]);
}
