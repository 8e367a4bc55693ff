//! Runs the guide's code on databases: whole transactions, and rows that are written exactly once.

use rusqlite::{Connection, params};
use safe_state::backend::SqliteBackend;
use safe_state::transaction::TransactionError;
use safe_state::{Job, Results, commit, resumable, transaction};

use super::world::World;

struct Order {
    id: i64,
}

fn database(tables: &str) -> Connection {
    let database = Connection::open_in_memory().unwrap();
    database.execute_batch(tables).unwrap();
    database
}

fn number(database: &Connection, query: &str) -> i64 {
    database.query_row(query, [], |row| row.get(0)).unwrap()
}

fn enter(
    ledger: &mut Connection,
    audit: &mut Connection,
    order: &Order,
) -> Result<(), TransactionError> {
    transaction!(ledger, audit => {
        ledger.execute("INSERT INTO payments VALUES (?1)", params![order.id])?;
        audit.execute("INSERT INTO entries VALUES (?1)", params![order.id])?;
        Ok(())
    })?;
    Ok(())
}

#[test]
fn both_databases_have_an_order_or_neither_has_it() {
    let mut ledger = database("CREATE TABLE payments (id INTEGER)");
    let mut audit = database("CREATE TABLE entries (id INTEGER UNIQUE)");
    let order = Order { id: 7 };
    enter(&mut ledger, &mut audit, &order).unwrap();
    enter(&mut ledger, &mut audit, &order).unwrap_err();
    assert_eq!(number(&ledger, "SELECT count(*) FROM payments"), 1);
    assert_eq!(number(&audit, "SELECT count(*) FROM entries"), 1);
}

#[derive(Hash)]
struct Payment {
    to: i64,
    amount: i64,
}

#[resumable(name = "post", backend = SqliteBackend::new("ledger.db"), carry(balance))]
fn post(ledger: &mut Connection, payments: &[Payment]) -> anyhow::Result<i64> {
    let mut balance = 0;
    for payment in payments {
        let tx = ledger.transaction()?;
        tx.execute(
            "UPDATE accounts SET sum = sum + ?1 WHERE id = ?2",
            params![payment.amount, payment.to],
        )?;
        balance += payment.amount;
        commit!(tx)?; // of an async driver, `commit!(tx).await?`
    }
    Ok(balance)
}

#[test]
fn rows_and_progress_are_there_together() {
    let _world = World::begin();
    let mut ledger = Connection::open("ledger.db").unwrap();
    let accounts =
        "CREATE TABLE accounts (id INTEGER, sum INTEGER, most INTEGER, CHECK (sum <= most));
        INSERT INTO accounts VALUES (1, 0, 100), (2, 0, 0)";
    ledger.execute_batch(accounts).unwrap();
    let payments = [(1, 10), (1, 20), (2, 30), (1, 40)];
    let payments = payments.map(|(to, amount)| Payment { to, amount });
    post(&mut ledger, &payments).unwrap_err();
    let job = Job::new("post").backend("sqlite:ledger.db");
    let checkpoint = job.peek_checkpoint().unwrap().unwrap();
    assert_eq!(checkpoint.completed().to_string(), "0-1");
    assert_eq!(checkpoint.carried::<i64>("balance").unwrap(), Some(30));
    assert_eq!(number(&ledger, "SELECT sum(sum) FROM accounts"), 30);
    ledger.execute("UPDATE accounts SET most = 100", []).unwrap();
    assert_eq!(post(&mut ledger, &payments).unwrap(), 100);
    assert_eq!(number(&ledger, "SELECT sum(sum) FROM accounts"), 100);
}

#[derive(Hash)]
struct Sale {
    id: i64,
    amount: i64,
}

#[resumable(name = "enter", backend = SqliteBackend::new("sales.db"), carry(bad), fresh(db))]
fn enter_all(db: &mut Connection, sales: &[Sale]) -> anyhow::Result<Vec<(i64, String)>> {
    let mut bad = Results::new();
    for chunk in sales.chunks(100) {
        let mut tx = db.transaction()?;
        for sale in chunk {
            let alone = tx.savepoint()?;
            match enter_sale(&alone, sale) {
                Ok(()) => alone.commit()?,
                // It has ended the transaction, as a full disk does.
                Err(error) if alone.is_autocommit() => return Err(error.into()),
                Err(error) => bad.push((sale.id, error.to_string())),
            }
        }
        commit!(tx)?; // all good ones of the chunk, the bad ones, and how far the job is
    }
    Ok(bad.to_vec())
}

fn enter_sale(db: &Connection, sale: &Sale) -> rusqlite::Result<()> {
    db.execute("INSERT INTO sales VALUES (?1, ?2)", params![sale.id, sale.amount])?;
    if sale.amount == 13 {
        db.execute("INSERT INTO nowhere VALUES (1)", [])?;
    }
    Ok(())
}

#[test]
fn bad_rows_of_a_chunk_are_left_out_alone() {
    let _world = World::begin();
    let mut db = Connection::open("sales.db").unwrap();
    db.execute_batch("CREATE TABLE sales (id INTEGER UNIQUE, amount INTEGER)").unwrap();
    let sale = |id| Sale { id, amount: if id % 70 == 7 { 13 } else { 1000 + id } };
    let sales: Vec<Sale> = (0..250).map(sale).collect();
    // The trigger ends the transaction of the third chunk.
    db.execute_batch(
        "CREATE TRIGGER holds BEFORE INSERT ON sales WHEN NEW.id = 230 BEGIN SELECT RAISE(ROLLBACK, 'full'); END",
    )
    .unwrap();
    enter_all(&mut db, &sales).unwrap_err();
    assert_eq!(number(&db, "SELECT count(*) FROM sales"), 200 - 3);
    db.execute_batch("DROP TRIGGER holds").unwrap();
    let bad: Vec<i64> = enter_all(&mut db, &sales).unwrap().into_iter().map(|(id, _)| id).collect();
    assert_eq!(bad, [7, 77, 147, 217]);
    assert_eq!(number(&db, "SELECT count(*) FROM sales"), 250 - 4);
}
