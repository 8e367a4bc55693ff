use safe_state::commit::{Dialect, Statement, Transaction};
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

/// Counts what it begins, so it is more than a connection.
struct Counted(u64);

impl Counted {
    fn begin(&mut self) -> Tx {
        self.0 += 1;
        Tx
    }
}

#[resumable]
fn enter(ledger: &mut Counted, rows: &[i64]) -> Result<u64, safe_state::Error> {
    for _row in rows {
        let tx = ledger.begin();
        safe_state::commit!(tx)?;
    }
    Ok(ledger.0)
}

fn main() {
    enter(&mut Counted(0), &[1]).unwrap();
}
