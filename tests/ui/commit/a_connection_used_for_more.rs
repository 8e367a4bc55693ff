use safe_state::commit::{Connection, Dialect, Statement, Transaction};
use safe_state::resumable;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

struct Tx;

impl Transaction for Tx {
    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    fn run(&mut self, _: &Statement) -> Result<(), BoxError> {
        Ok(())
    }

    fn commit(self) -> Result<(), BoxError> {
        Ok(())
    }

    fn rollback(self) -> Result<(), BoxError> {
        Ok(())
    }
}

struct Ledger;

impl Connection for Ledger {}

impl Ledger {
    fn begin(&mut self) -> Tx {
        Tx
    }

    fn set(&mut self, _: &str) {}
}

#[resumable]
fn enter(ledger: &mut Ledger, rows: &[i64]) -> Result<(), safe_state::Error> {
    for row in rows {
        if *row > 9 {
            ledger.set("large");
        }
        let tx = ledger.begin();
        safe_state::commit!(tx)?;
    }
    Ok(())
}

fn main() {
    enter(&mut Ledger, &[1]).unwrap();
}
