//! Writes ledgers by drivers that block.

use mysql::prelude::Queryable;
use postgres::NoTls;
use safe_state::backend::from_url;
use safe_state::{commit, resumable};

use super::Ledger;

#[resumable(name = &ledger.name, backend = from_url(&ledger.url), carry(balance))]
pub(super) fn by_rusqlite(
    ledger: &Ledger,
    before: impl Fn(i64) -> anyhow::Result<()>,
) -> anyhow::Result<i64> {
    let mut connection = ledger.sqlite()?;
    let mut balance = 0;
    #[resume]
    for item in 0..ledger.items {
        let tx = connection.transaction()?;
        balance += item;
        tx.execute(&ledger.insertion("?1, ?2"), [item, balance])?;
        before(item)?;
        if ledger.exactly_once {
            commit!(tx)?;
        } else {
            tx.commit()?;
        }
    }
    Ok(balance)
}

#[resumable(name = &ledger.name, backend = from_url(&ledger.url), carry(balance))]
pub(super) fn by_postgres(
    ledger: &Ledger,
    before: impl Fn(i64) -> anyhow::Result<()>,
) -> anyhow::Result<i64> {
    let mut client = postgres::Client::connect(&ledger.url, NoTls)?;
    let mut balance = 0;
    #[resume]
    for item in 0..ledger.items {
        let mut tx = client.transaction()?;
        balance += item;
        tx.execute(&ledger.insertion("$1, $2"), &[&item, &balance])?;
        before(item)?;
        if ledger.exactly_once {
            commit!(tx)?;
        } else {
            tx.commit()?;
        }
    }
    Ok(balance)
}

#[resumable(name = &ledger.name, backend = from_url(&ledger.url), carry(balance))]
pub(super) fn by_mysql(
    ledger: &Ledger,
    before: impl Fn(i64) -> anyhow::Result<()>,
) -> anyhow::Result<i64> {
    let mut conn = mysql::Conn::new(ledger.url.as_str())?;
    let mut balance = 0;
    #[resume]
    for item in 0..ledger.items {
        let mut tx = conn.start_transaction(mysql::TxOpts::default())?;
        balance += item;
        tx.exec_drop(ledger.insertion("?, ?"), (item, balance))?;
        before(item)?;
        if ledger.exactly_once {
            commit!(tx)?;
        } else {
            tx.commit()?;
        }
    }
    Ok(balance)
}
