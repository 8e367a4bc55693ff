//! Tests ledgers whose process is killed at random instants, again and again. With `commit!`, after each kill a ledger
//! has one row for each item that its checkpoint calls complete, and no other row. Without `commit!`, it has one row
//! more at most.
//!
//! `SAFE_STATE_STORM=10` kills ten times as often, `SAFE_STATE_STORM_SEED` at other instants.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use fastrand::Rng;
use safe_state_drivers::{Found, Ledger};
use safe_state_tests::servers::{mysql_url, postgres_url};
use safe_state_tests::storms;

#[test]
fn a_ledger_in_sqlite_has_each_row_once() {
    storm("rusqlite", "", 50, true);
}

#[test]
fn a_ledger_in_sqlite_without_commit_repeats_one_row_a_kill_at_most() {
    storm("rusqlite", "", 50, false);
}

#[test]
fn a_ledger_in_postgres_has_each_row_once() {
    storm("postgres", &postgres_url(), 25, true);
}

#[test]
fn a_ledger_in_postgres_without_commit_repeats_one_row_a_kill_at_most() {
    storm("postgres", &postgres_url(), 25, false);
}

#[test]
fn a_ledger_by_tokio_postgres_has_each_row_once() {
    storm("tokio-postgres", &postgres_url(), 15, true);
}

#[test]
fn a_ledger_in_mysql_has_each_row_once() {
    storm("mysql", &mysql_url(), 15, true);
}

/// The longest time of a run, in which it does some hundreds of items.
const LONGEST: Duration = Duration::from_millis(40);

fn storm(driver: &str, url: &str, kills: u64, exactly_once: bool) {
    let kills = kills * u64::from(storms::times());
    let mut rng = Rng::with_seed(storms::seed(1));
    let dir = tempfile::tempdir().unwrap();
    let mut account = Account::open(driver, dir.path(), url, exactly_once);
    let (mut inside, mut repeated) = (0, 0);
    for kill in 0..kills {
        account.run_for(LONGEST.mul_f64(rng.f64()));
        let is_finished = account.check(&format!("{driver}, kill {kill}"));
        inside += u64::from(!is_finished);
        if is_finished {
            repeated += account.repeated;
            account = Account::open(driver, dir.path(), url, exactly_once);
        }
    }
    account.run_to_the_end();
    assert!(account.check(&format!("{driver}, at the end")));
    repeated += account.repeated;
    println!("{driver}: {inside} of {kills} kills were in mid-job, {repeated} rows are repeated");
    assert!(inside * 10 > kills, "only {inside} of {kills} kills were of any use");
}

/// A ledger, and the number of rows that it had when it was last checked.
struct Account {
    ledger: Ledger,
    rows: u64,
    repeated: u64,
}

impl Account {
    fn open(driver: &str, dir: &Path, url: &str, exactly_once: bool) -> Self {
        let mut ledger = Ledger::new(driver, dir, url);
        ledger.items = 10_000;
        ledger.exactly_once = exactly_once;
        Account { ledger, rows: 0, repeated: 0 }
    }

    /// Starts the process, and kills it `time` after its first item began.
    fn run_for(&self, time: Duration) {
        let mut child = self.spawn();
        let mut first = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut first).unwrap();
        thread::sleep(time);
        child.kill().unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(matches!(output.status.code(), None | Some(0)), "{output:?}");
    }

    fn run_to_the_end(&self) {
        let output = self.spawn().wait_with_output().unwrap();
        assert!(output.status.success(), "{output:?}");
        let lines = String::from_utf8(output.stdout).unwrap();
        let balance = lines.lines().last().unwrap();
        assert_eq!(balance, self.ledger.balance().to_string());
    }

    fn spawn(&self) -> Child {
        let Ledger { driver, url, name, items, exactly_once } = &self.ledger;
        let way = if *exactly_once { "exactly-once" } else { "at-least-once" };
        Command::new(env!("CARGO_BIN_EXE_ledger"))
            .args([driver, url, name, &items.to_string(), way])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// Checks the database against the promise. Returns whether the job has finished.
    fn check(&mut self, when: &str) -> bool {
        let Found { mut rows, checkpoint } = self.ledger.look();
        let put_in = rows.len() as u64;
        assert!(put_in >= self.rows, "{when}: rows are gone");
        rows.dedup();
        let items = rows.len() as u64;
        let right = (0..).scan(0, |balance, item| {
            *balance += item;
            Some((item, *balance))
        });
        assert!(rows.iter().copied().eq(right.take(rows.len())), "{when}: {rows:?}");
        let repeated = put_in - items;
        let complete = match &checkpoint {
            Some(checkpoint) => checkpoint.completed().len(),
            None if put_in == 0 => 0,
            None => self.ledger.items.cast_unsigned(),
        };
        if self.ledger.exactly_once {
            assert_eq!((items, repeated), (complete, 0), "{when}: {checkpoint:?}");
        } else {
            let ahead = items - complete;
            assert!(ahead <= 1, "{when}: {ahead} rows are ahead of the checkpoint");
            assert!(repeated <= self.repeated + 1, "{when}: {repeated} rows are repeated");
        }
        (self.rows, self.repeated) = (put_in, repeated);
        checkpoint.is_none() && put_in > 0
    }
}
