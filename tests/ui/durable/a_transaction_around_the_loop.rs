#[safe_state::resumable(fresh(tx))]
fn of_the_callers(rows: &[u64], tx: &mut Transaction<'_>) -> anyhow::Result<()> {
    for row in rows {
        tx.execute(*row)?;
    }
    Ok(())
}

#[safe_state::resumable(fresh(tx))]
fn of_its_own(rows: &[u64], connection: &mut Connection) -> anyhow::Result<()> {
    let mut tx = connection.transaction()?;
    for row in rows {
        tx.execute(*row)?;
    }
    tx.commit()?;
    Ok(())
}

struct Connection;
struct Transaction<'c>(std::marker::PhantomData<&'c mut Connection>);

impl Connection {
    fn transaction(&mut self) -> anyhow::Result<Transaction<'_>> {
        Ok(Transaction(std::marker::PhantomData))
    }
}

impl Transaction<'_> {
    fn execute(&mut self, _: u64) -> anyhow::Result<()> {
        Ok(())
    }

    fn commit(self) -> anyhow::Result<()> {
        Ok(())
    }
}

fn main() {
    let mut connection = Connection;
    let _ = of_its_own(&[], &mut connection);
    let _ = of_the_callers(&[], &mut connection.transaction().unwrap());
}
