#[safe_state::resumable(fresh(tx))]
fn of_mysql(rows: &[u64], connection: &mut Connection) -> anyhow::Result<()> {
    let mut tx = connection.start_transaction(true)?;
    for row in rows {
        tx.execute(*row)?;
    }
    tx.commit()?;
    Ok(())
}

#[safe_state::resumable(fresh(tx))]
async fn of_sqlx(rows: &[u64], pool: &Pool) -> anyhow::Result<()> {
    let mut tx = pool.begin().await?;
    for row in rows {
        tx.execute(*row)?;
    }
    tx.commit()?;
    Ok(())
}

struct Connection;
struct Pool;
struct Begun;

impl Connection {
    fn start_transaction(&mut self, _: bool) -> anyhow::Result<Begun> {
        Ok(Begun)
    }
}

impl Pool {
    async fn begin(&self) -> anyhow::Result<Begun> {
        Ok(Begun)
    }
}

impl Begun {
    fn execute(&mut self, _: u64) -> anyhow::Result<()> {
        Ok(())
    }

    fn commit(self) -> anyhow::Result<()> {
        Ok(())
    }
}

fn main() {
    let _ = of_mysql(&[], &mut Connection);
    let _ = of_sqlx(&[], &Pool);
}
