//! Tests which items are complete with a commit, and what is saved with them.

use rusqlite::Connection;
use safe_state::{Job, Results, commit, resumable};
use safe_state_drivers::Ledger;
use safe_state_tests::servers::{mysql_url, postgres_url};

use super::{Base, Faults, put_in};

/// Checks that a ledger that fails before some commits is in the end like one that never failed.
fn a_ledger_survives_failures(driver: &str, url: &str) {
    let dir = tempfile::tempdir().unwrap();
    let mut ledger = Ledger::new(driver, dir.path(), url);
    // With so many items, a transaction also saves a whole checkpoint.
    ledger.items = 200;
    let faults = Faults::at([0, 1, 99, 199]);
    for complete in [0, 1, 99, 199] {
        let error = ledger.run(|item| faults.strike(item)).unwrap_err();
        assert_eq!(error.to_string(), format!("asked to fail at item {complete}"));
        let found = ledger.look();
        assert_eq!(found.rows.len(), complete);
        assert_eq!(found.checkpoint.unwrap().completed().len(), complete as u64);
    }
    assert_eq!(ledger.run(|item| faults.strike(item)).unwrap(), ledger.balance());
    let items: Vec<i64> = ledger.look().rows.iter().map(|(item, _)| *item).collect();
    assert_eq!(items, (0..200).collect::<Vec<_>>());
}

#[test]
fn rows_and_progress_are_there_together_by_every_driver() {
    for driver in ["rusqlite", "sqlx-sqlite"] {
        a_ledger_survives_failures(driver, "");
    }
    for driver in ["postgres", "tokio-postgres", "sqlx-postgres"] {
        a_ledger_survives_failures(driver, &postgres_url());
    }
    for driver in ["mysql", "mysql_async", "sqlx-mysql"] {
        a_ledger_survives_failures(driver, &mysql_url());
    }
}

/// Returns what `PRAGMA data_version` says as each item begins. The number changes if another connection has changed
/// the database.
#[resumable(name = "quiet", backend = base.backend(), carry(seen), fresh(connection))]
fn quiet(base: &Base, connection: &mut Connection) -> anyhow::Result<Vec<i64>> {
    let mut seen = Results::new();
    for item in 0..8 {
        seen.push(connection.pragma_query_value(None, "data_version", |row| row.get(0))?);
        let tx = connection.transaction()?;
        put_in(&tx, item)?;
        commit!(tx)?;
    }
    Ok(seen.to_vec())
}

#[test]
fn the_boundary_writes_nothing_more() {
    let base = Base::new();
    let seen = quiet(&base, &mut base.connection()).unwrap();
    assert_eq!((seen.len(), seen.iter().min()), (8, seen.iter().max()), "{seen:?}");
}

/// Begins transactions through a shared reference, as pools do.
struct Pool(Connection);

impl Pool {
    fn begin(&self) -> rusqlite::Result<rusqlite::Transaction<'_>> {
        self.0.unchecked_transaction()
    }
}

#[resumable(name = "pooled", backend = base.backend(), carry(sum))]
fn pooled(base: &Base, pool: &mut Pool, faults: &Faults) -> anyhow::Result<i64> {
    let mut sum = 0;
    for item in 0..4 {
        faults.strike(item)?;
        sum += item;
        let tx = pool.begin()?;
        put_in(&tx, item)?;
        commit!(tx)?;
    }
    Ok(sum)
}

#[test]
fn what_is_not_changed_needs_no_name_and_no_trait() {
    let (base, faults) = (Base::new(), Faults::at([2]));
    let mut pool = Pool(base.connection());
    pooled(&base, &mut pool, &faults).unwrap_err();
    assert_eq!(pooled(&base, &mut pool, &faults).unwrap(), 6);
    assert_eq!(base.rows(), [0, 1, 2, 3]);
}

#[resumable(name = "some", backend = base.backend(), save_every = 100, carry(sum), fresh(connection, seen))]
fn some_commit(
    base: &Base,
    connection: &mut Connection,
    faults: &Faults,
) -> anyhow::Result<(i64, Vec<i64>)> {
    let mut sum = 0;
    let seen = std::cell::RefCell::new(Vec::new());
    for item in 0..10 {
        faults.strike(item)?;
        seen.borrow_mut().push(item);
        sum += item;
        if item % 4 == 3 {
            let tx = connection.transaction()?;
            put_in(&tx, item)?;
            commit!(tx)?;
        }
    }
    Ok((sum, seen.into_inner()))
}

#[test]
fn items_that_were_not_saved_yet_are_saved_with_a_commit() {
    for (fault, next) in [(2, 0), (5, 4), (9, 8)] {
        let base = Base::new();
        let (mut connection, faults) = (base.connection(), Faults::at([fault]));
        some_commit(&base, &mut connection, &faults).unwrap_err();
        let (sum, seen) = some_commit(&base, &mut connection, &faults).unwrap();
        assert_eq!((sum, seen), (45, (next..10).collect()));
        assert_eq!(base.rows(), [3, 7]);
    }
}

#[resumable(name = "nested", backend = base.backend(), carry(sum), fresh(connection))]
fn nested(
    base: &Base,
    connection: &mut Connection,
    (before, between): (&Faults, &Faults),
) -> anyhow::Result<i64> {
    let mut sum = 0;
    #[resume]
    for outer in 0..3 {
        #[resume]
        for inner in 0..3 {
            let item = outer * 10 + inner;
            let tx = connection.transaction()?;
            put_in(&tx, item)?;
            sum += item;
            before.strike(item)?;
            commit!(tx)?;
        }
        between.strike(outer)?;
        let tx = connection.transaction()?;
        put_in(&tx, outer * 10 + 9)?;
        commit!(tx)?;
    }
    Ok(sum)
}

#[test]
fn inner_and_outer_items_are_committed_each() {
    let base = Base::new();
    let faults = (&Faults::at([0, 1, 11, 22]), &Faults::at([0, 1, 2]));
    let mut connection = base.connection();
    for _ in 0..7 {
        nested(&base, &mut connection, faults).unwrap_err();
    }
    assert_eq!(nested(&base, &mut connection, faults).unwrap(), 99);
    assert_eq!(base.rows(), [0, 1, 2, 9, 10, 11, 12, 19, 20, 21, 22, 29]);
}

#[resumable(name = "keys", backend = base.backend(), key = |item| item, carry(count), fresh(connection))]
fn by_key(
    base: &Base,
    connection: &mut Connection,
    items: &[i64],
    faults: &Faults,
) -> anyhow::Result<i64> {
    let mut count = 0;
    for item in items {
        let tx = connection.transaction()?;
        put_in(&tx, *item)?;
        count += 1;
        faults.strike(*item)?;
        commit!(tx)?;
    }
    Ok(count)
}

#[test]
fn items_known_by_key_are_committed_once() {
    let (base, faults) = (Base::new(), Faults::at([3]));
    let mut connection = base.connection();
    by_key(&base, &mut connection, &[1, 2, 3, 4], &faults).unwrap_err();
    assert_eq!(by_key(&base, &mut connection, &[4, 2, 5, 3, 1], &faults).unwrap(), 5);
    assert_eq!(base.rows(), [1, 2, 4, 5, 3]);
}

#[resumable(name = "cursor", backend = base.backend(), cursor = |item| *item, fresh(connection))]
fn by_cursor(base: &Base, connection: &mut Connection, faults: &Faults) -> anyhow::Result<()> {
    let after: i64 = safe_state::cursor!().unwrap_or(0);
    for item in after + 1..7 {
        let tx = connection.transaction()?;
        put_in(&tx, item)?;
        faults.strike(item)?;
        commit!(tx)?;
    }
    Ok(())
}

#[test]
fn the_input_goes_on_behind_the_item_committed_last() {
    let (base, faults) = (Base::new(), Faults::at([1, 4]));
    let mut connection = base.connection();
    by_cursor(&base, &mut connection, &faults).unwrap_err();
    by_cursor(&base, &mut connection, &faults).unwrap_err();
    by_cursor(&base, &mut connection, &faults).unwrap();
    assert_eq!(base.rows(), [1, 2, 3, 4, 5, 6]);
}

#[resumable(name = "walk", backend = base.backend(), manual, carry(next), fresh(connection))]
fn walk(base: &Base, connection: &mut Connection, faults: &Faults) -> anyhow::Result<i64> {
    let mut next = 0;
    while next < 5 {
        let tx = connection.transaction()?;
        put_in(&tx, next)?;
        faults.strike(next)?;
        next += 1;
        commit!(tx)?;
    }
    Ok(next)
}

#[test]
fn a_manual_job_saves_where_it_commits() {
    let (base, faults) = (Base::new(), Faults::at([0, 3]));
    let mut connection = base.connection();
    walk(&base, &mut connection, &faults).unwrap_err();
    walk(&base, &mut connection, &faults).unwrap_err();
    assert_eq!(walk(&base, &mut connection, &faults).unwrap(), 5);
    assert_eq!(base.rows(), [0, 1, 2, 3, 4]);
}

#[resumable(name = "twice", backend = base.backend(), fresh(also, connection))]
fn twice(base: &Base, connection: &mut Connection, also: bool) -> anyhow::Result<()> {
    for item in 0..3 {
        let tx = connection.transaction()?;
        put_in(&tx, item)?;
        commit!(tx)?;
        if also {
            let tx = connection.transaction()?;
            put_in(&tx, 10 + item)?;
            commit!(tx)?;
        }
    }
    Ok(())
}

#[test]
fn an_item_is_committed_once() {
    let base = Base::new();
    let mut connection = base.connection();
    let error = twice(&base, &mut connection, true).unwrap_err();
    assert!(error.to_string().contains("this item has been committed before"), "{error}");
    assert_eq!(base.rows(), [0]);
    twice(&base, &mut connection, false).unwrap();
    assert_eq!(base.rows(), [0, 1, 2]);
}

/// Asks itself to stop in item 2, and commits until it stops.
#[resumable(name = "endless", backend = base.backend(), fresh(connection))]
fn endless(base: &Base, connection: &mut Connection) -> anyhow::Result<()> {
    for item in 0_i64.. {
        if item == 2 {
            Job::new("endless").backend(base.backend()).cancel()?;
        }
        let tx = connection.transaction()?;
        put_in(&tx, item)?;
        commit!(tx)?;
    }
    Ok(())
}

#[test]
fn a_job_that_commits_all_its_items_hears_what_is_asked_of_it() {
    let base = Base::new();
    let error = endless(&base, &mut base.connection()).unwrap_err();
    let stopped = error.downcast_ref();
    assert!(matches!(stopped, Some(safe_state::Error::Stopped { .. })), "{error:?}");
    assert_eq!(base.rows().len() as u64, base.completed("endless"));
}
