//! Tests `transaction!` over connections of async drivers.

use std::error::Error as StdError;
use std::future::pending;
use std::pin::pin;
use std::sync::Mutex;

use safe_state::transaction;
use safe_state::transaction::{AsyncTransactional, TransactionError};
use safe_state_tests::shapes::{block_on, send};

use crate::{BEGUN, ROLLED_BACK};

type BoxError = Box<dyn StdError + Send + Sync>;

struct Noted<'n> {
    name: &'static str,
    notes: &'n Mutex<Vec<String>>,
    fails_at: &'static str,
}

impl Noted<'_> {
    async fn note(&mut self, what: &'static str) -> Result<(), BoxError> {
        tokio::task::yield_now().await;
        self.notes.lock().unwrap().push(format!("{} {what}", self.name));
        if self.fails_at == what { Err("asked to fail".into()) } else { Ok(()) }
    }
}

impl AsyncTransactional for Noted<'_> {
    async fn begin(&mut self) -> Result<(), BoxError> {
        self.note("begin").await?;
        if self.fails_at == "waiting" { pending().await } else { Ok(()) }
    }

    async fn commit(&mut self) -> Result<(), BoxError> {
        self.note("commit").await
    }

    async fn rollback(&mut self) -> Result<(), BoxError> {
        self.note("rollback").await
    }

    fn abandon(&mut self) {
        self.notes.lock().unwrap().push(format!("{} abandon", self.name));
    }
}

/// Runs a transaction over three connections. The second fails at the call `fails_at`, and the body does what `body`
/// says.
async fn transact(
    notes: &Mutex<Vec<String>>,
    fails_at: &'static str,
    body: &str,
) -> Result<u8, TransactionError> {
    let connection = |name, fails_at| Noted { name, notes, fails_at };
    let (mut a, mut owned, mut c) =
        (connection("a", ""), connection("b", fails_at), connection("c", ""));
    // One connection is passed by a reference that is not `mut` itself, and one by a box.
    let b = &mut owned;
    let boxed = Box::new(&mut c);
    send(transaction!(async a, b, boxed => {
        boxed.note("body").await?;
        assert_ne!(body, "panics");
        match body {
            "returns" => return Ok(1),
            "waits" => pending().await,
            number => Ok(number.parse()?),
        }
    }))
    .await
}

fn noted(fails_at: &'static str, body: &str) -> (Result<u8, TransactionError>, String) {
    let notes = Mutex::default();
    let done = block_on(transact(&notes, fails_at, body));
    (done, notes.into_inner().unwrap().join(", "))
}

#[test]
fn connections_are_committed_in_order_or_rolled_back_in_reverse() {
    for (body, value) in [("7", 7), ("returns", 1)] {
        let (done, notes) = noted("", body);
        assert_eq!(done.unwrap(), value);
        assert_eq!(notes, format!("{BEGUN}a commit, b commit, c commit"));
    }
    for fails_at in ["", "rollback"] {
        let (done, notes) = noted(fails_at, "seven");
        assert_eq!(done.unwrap_err().to_string(), "the transaction failed, and was rolled back");
        assert_eq!(notes, format!("{BEGUN}{ROLLED_BACK}"));
    }
}

#[test]
fn what_cannot_be_begun_or_committed_is_told() {
    let (done, notes) = noted("begin", "7");
    let text = "cannot begin a transaction on `b`; nothing was done";
    assert_eq!(done.unwrap_err().to_string(), text);
    assert_eq!(notes, "a begin, b begin, a rollback");
    let (done, notes) = noted("commit", "7");
    let text = "cannot commit on `b`; already committed: `a`";
    assert_eq!(done.unwrap_err().to_string(), text);
    assert_eq!(notes, format!("{BEGUN}a commit, b commit, c rollback, b rollback"));
}

#[test]
fn a_panic_rolls_back_and_goes_on() {
    let notes = Mutex::default();
    let panicking = || block_on(transact(&notes, "", "panics"));
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(panicking)).unwrap_err();
    assert_eq!(notes.into_inner().unwrap().join(", "), format!("{BEGUN}{ROLLED_BACK}"));
}

#[test]
fn what_a_dropped_future_leaves_open_is_abandoned() {
    let begun = BEGUN.trim_end_matches(", ");
    for (fails_at, body, expected) in [
        ("", "waits", format!("{begun}, c abandon, b abandon, a abandon")),
        ("waiting", "7", "a begin, b begin, b abandon, a abandon".to_owned()),
    ] {
        let notes = Mutex::default();
        block_on(async {
            let mut transaction = pin!(transact(&notes, fails_at, body));
            for _ in 0..20 {
                let polled = smol::future::poll_once(&mut transaction).await;
                assert!(polled.is_none(), "{polled:?}");
            }
        });
        assert_eq!(notes.into_inner().unwrap().join(", "), expected);
    }
}
