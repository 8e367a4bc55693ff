//! PostgreSQL's driver.

use safe_state_servers::tokio_postgres::{Client, NoTls, Statement, connect};
use tokio::runtime::{Builder, Runtime};

use crate::RECORD;

pub(crate) struct Driver {
    client: Client,
    insert: Statement,
    runtime: Runtime,
}

impl crate::Driver for Driver {
    fn backend_url(url: &str) -> String {
        format!("{url}?sslmode=disable")
    }

    fn connect(url: &str) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let (client, insert) = runtime.block_on(async {
            let (client, connection) = connect(url, NoTls).await.expect("a connection");
            tokio::spawn(connection);
            let table = "CREATE TABLE IF NOT EXISTS bench
                (job TEXT, number BIGINT, record BYTEA, PRIMARY KEY (job, number))";
            client.batch_execute(table).await.expect("a table");
            let insert = "INSERT INTO bench VALUES ('bench', $1, $2)";
            let insert = client.prepare(insert).await.expect("a statement");
            (client, insert)
        });
        Driver { client, insert, runtime }
    }

    fn write(&mut self, number: u32) {
        let (number, record) = (i64::from(number), &RECORD[..]);
        let write = async { self.client.execute(&self.insert, &[&number, &record]).await };
        self.runtime.block_on(write).expect("a row");
    }

    fn clear(&mut self) {
        self.runtime.block_on(self.client.batch_execute("TRUNCATE bench")).expect("no rows");
    }
}
