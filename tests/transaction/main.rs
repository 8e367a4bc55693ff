//! Tests `transaction!`: all or nothing, in order; and an error that says so where that can't be.

mod awaited;

use std::cell::RefCell;
use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};

use safe_state::transaction;
use safe_state::transaction::{TransactionError, Transactional};

/// A connection that notes its calls, and fails at the call `fails_at`.
struct Noted<'n> {
    name: &'static str,
    notes: &'n RefCell<Vec<String>>,
    fails_at: &'static str,
}

impl Noted<'_> {
    fn note(&mut self, what: &'static str) -> Result<(), Box<dyn Error + Send + Sync>> {
        self.notes.borrow_mut().push(format!("{} {what}", self.name));
        if self.fails_at == what { Err("asked to fail".into()) } else { Ok(()) }
    }
}

impl Transactional for Noted<'_> {
    fn begin(&mut self) -> Result<(), Box<dyn Error + Send + Sync>> {
        self.note("begin")
    }

    fn commit(&mut self) -> Result<(), Box<dyn Error + Send + Sync>> {
        self.note("commit")
    }

    fn rollback(&mut self) -> Result<(), Box<dyn Error + Send + Sync>> {
        self.note("rollback")
    }
}

/// Runs a transaction over three connections. The second fails at the call `fails_at`, and the body does what `body`
/// says.
fn transact(fails_at: &'static str, body: &str) -> (Result<u8, TransactionError>, String) {
    let notes = RefCell::new(Vec::new());
    let connection = |name, fails_at| Noted { name, notes: &notes, fails_at };
    let (mut a, mut owned, mut c) =
        (connection("a", ""), connection("b", fails_at), connection("c", ""));
    // One connection is passed by a reference that is not `mut` itself, and one by a box.
    let b = &mut owned;
    let boxed = Box::new(&mut c);
    let done = transaction!(a, b, boxed => {
        boxed.note("body")?;
        assert_ne!(body, "panics");
        match body {
            "returns" => return Ok(1),
            number => Ok(number.parse()?),
        }
    });
    (done, notes.take().join(", "))
}

const BEGUN: &str = "a begin, b begin, c begin, c body, ";
const ROLLED_BACK: &str = "c rollback, b rollback, a rollback";

#[test]
fn all_connections_are_committed_in_order() {
    for (body, value) in [("7", 7), ("returns", 1)] {
        let (done, notes) = transact("", body);
        assert_eq!(done.unwrap(), value);
        assert_eq!(notes, format!("{BEGUN}a commit, b commit, c commit"));
    }
}

#[test]
fn all_connections_are_rolled_back_in_reverse_if_the_body_fails() {
    // A rollback that fails stops none of the others.
    for fails_at in ["", "rollback"] {
        let (done, notes) = transact(fails_at, "seven");
        let error = done.unwrap_err();
        assert_eq!(error.to_string(), "the transaction failed, and was rolled back");
        assert!(error.source().unwrap().is::<std::num::ParseIntError>());
        assert_eq!(notes, format!("{BEGUN}{ROLLED_BACK}"));
    }
}

#[test]
fn what_was_begun_is_rolled_back_if_another_cannot_be() {
    let (done, notes) = transact("begin", "7");
    assert_eq!(
        done.unwrap_err().to_string(),
        "cannot begin a transaction on `b`; nothing was done"
    );
    assert_eq!(notes, "a begin, b begin, a rollback");
}

#[test]
fn a_commit_that_fails_says_what_had_been_committed() {
    let (done, notes) = transact("commit", "7");
    let error = done.unwrap_err();
    assert_eq!(error.to_string(), "cannot commit on `b`; already committed: `a`");
    assert_eq!(error.source().unwrap().to_string(), "asked to fail");
    let TransactionError::Commit { committed, .. } = error else { panic!("{error}") };
    assert_eq!(committed, ["a"]);
    assert_eq!(notes, format!("{BEGUN}a commit, b commit, c rollback, b rollback"));
}

#[test]
fn a_panic_rolls_back_and_goes_on() {
    let notes = RefCell::new(Vec::new());
    let mut a = Noted { name: "a", notes: &notes, fails_at: "" };
    let panicking = || transaction!(a => { assert!(a.name != "a", "half done"); Ok(()) });
    let panic = catch_unwind(AssertUnwindSafe(panicking)).unwrap_err();
    assert_eq!(panic.downcast_ref(), Some(&"half done"));
    assert_eq!(notes.take(), ["a begin", "a rollback"]);
}
