//! Tests how a transaction may end, and what happens to its item.

use std::cell::Cell;

use rusqlite::Connection;
use safe_state::commit::{Dialect, Statement, Transaction};
use safe_state::{Action, ErrorContext, commit, resumable};

use super::{Base, BoxError, End, Faults, put_in, run_statement};

/// A transaction of one's own, which begins, commits and rolls back by one statement each.
struct Mine<'c>(&'c Connection, End);

impl<'c> Mine<'c> {
    fn begin(connection: &'c Connection, end: End) -> rusqlite::Result<Self> {
        connection.execute_batch("BEGIN IMMEDIATE")?;
        Ok(Mine(connection, end))
    }
}

impl Transaction for Mine<'_> {
    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    fn run(&mut self, statement: &Statement) -> Result<(), BoxError> {
        if self.1 == End::Refused {
            return Err("refused".into());
        }
        Ok(run_statement(self.0, statement)?)
    }

    fn commit(self) -> Result<(), BoxError> {
        match self.1 {
            End::Well | End::Refused => Ok(self.0.execute_batch("COMMIT")?),
            End::Lost => {
                self.0.execute_batch("COMMIT")?;
                Err("the answer was lost".into())
            }
            End::Broken => {
                self.0.execute_batch("ROLLBACK")?;
                Err("the connection broke".into())
            }
        }
    }

    fn rollback(self) -> Result<(), BoxError> {
        Ok(self.0.execute_batch("ROLLBACK")?)
    }
}

/// Runs six items, each of which ends as its cell in `ends` says, and well the next time.
#[resumable(name = "ends", backend = base.backend(), carry(sum), fresh(save_often, connection))]
fn ends(base: &Base, ends: &[Cell<End>], save_often: bool) -> anyhow::Result<i64> {
    let connection = base.connection();
    let mut sum = 0;
    #[resume]
    for item in 0..6 {
        sum += item;
        let end = ends[usize::try_from(item)?].replace(End::Well);
        let tx = Mine::begin(&connection, end)?;
        put_in(&connection, item)?;
        if save_often || end != End::Well {
            commit!(tx)?;
        } else {
            Transaction::commit(tx).map_err(|error| anyhow::anyhow!(error))?;
        }
    }
    Ok(sum)
}

#[test]
fn an_answer_that_was_lost_is_found_out() {
    for save_often in [true, false] {
        let base = Base::new();
        let all = [End::Lost, End::Well, End::Lost, End::Lost, End::Well, End::Lost];
        assert_eq!(ends(&base, &all.map(Cell::new), save_often).unwrap(), 15);
        assert_eq!(base.rows(), [0, 1, 2, 3, 4, 5]);
    }
}

#[test]
fn what_was_not_committed_is_done_again() {
    for end in [End::Broken, End::Refused] {
        for item in [0, 3, 5] {
            let base = Base::new();
            let mut all = [End::Well; 6];
            all[item] = end;
            let all = all.map(Cell::new);
            let error = format!("{:#}", ends(&base, &all, true).unwrap_err());
            let said = match end {
                End::Broken => "the transaction was not committed: the connection broke",
                _ => "such as CREATE TABLE, ends it: refused",
            };
            assert!(error.ends_with(said), "{error}");
            assert_eq!((base.rows().len(), base.completed("ends")), (item, item as u64));
            assert_eq!(ends(&base, &all, true).unwrap(), 15);
            assert_eq!(base.rows(), [0, 1, 2, 3, 4, 5]);
        }
    }
}

fn by_kind(error: &ErrorContext<'_>) -> Action {
    if error.message() == "skip" { Action::Skip } else { Action::Retry }
}

/// Skips item 1, and tries an item again whose commit failed, while `save_every` has left items unsaved.
#[resumable(
    name = "again",
    backend = base.backend(),
    save_every = 3,
    max_attempts = 3,
    on_error = by_kind,
    carry(sum), fresh(connection))]
fn again(base: &Base, ends: &[Cell<End>], faults: &Faults) -> anyhow::Result<i64> {
    let connection = base.connection();
    let mut sum = 0;
    #[resume]
    for item in 0..6 {
        sum += item;
        anyhow::ensure!(item != 1, "skip");
        let tx = Mine::begin(&connection, ends[usize::try_from(item)?].replace(End::Well))?;
        put_in(&connection, item)?;
        commit!(tx)?;
        faults.strike(item)?;
    }
    Ok(sum)
}

#[test]
fn a_failed_commit_is_tried_again() {
    let base = Base::new();
    let ends = [End::Broken, End::Well, End::Refused, End::Well, End::Lost, End::Broken];
    assert_eq!(again(&base, &ends.map(Cell::new), &Faults::default()).unwrap(), 14);
    assert_eq!(base.rows(), [0, 2, 3, 4, 5]);
}

#[test]
fn an_item_that_was_committed_is_not_tried_again() {
    let base = Base::new();
    let (ends, faults) = ([End::Well; 6].map(Cell::new), Faults::at([3]));
    let error = again(&base, &ends, &faults).unwrap_err();
    assert_eq!(error.to_string(), "asked to fail at item 3");
    assert_eq!((base.rows(), base.completed("again")), (vec![0, 2, 3], 4));
    assert_eq!(again(&base, &ends, &faults).unwrap(), 14);
    assert_eq!(base.rows(), [0, 2, 3, 4, 5]);
}

#[resumable(name = "later", backend = base.backend(), fresh(fails, connection))]
fn later(base: &Base, connection: &mut Connection, fails: &Cell<bool>) -> anyhow::Result<()> {
    for item in 0..3 {
        let tx = connection.transaction()?;
        put_in(&tx, item)?;
        if item == 1 && fails.replace(false) {
            // The missing kind is noticed by the commit, because the reference is deferred.
            tx.execute("INSERT INTO later VALUES (99)", [])?;
        }
        commit!(tx)?;
    }
    Ok(())
}

#[test]
fn a_commit_that_the_database_refuses_leaves_nothing() {
    let (base, fails) = (Base::new(), Cell::new(true));
    let mut connection = base.connection();
    let error = format!("{:#}", later(&base, &mut connection, &fails).unwrap_err());
    assert!(error.contains("not committed: FOREIGN KEY constraint failed"), "{error}");
    assert_eq!((base.rows(), base.completed("later")), (vec![0], 1));
    later(&base, &mut connection, &fails).unwrap();
    assert_eq!(base.rows(), [0, 1, 2]);
}
