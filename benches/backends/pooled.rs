//! PostgreSQL's driver behind `PgBouncer`, which keeps no prepared statement.

use safe_state_servers::tokio_postgres::types::Type;
use safe_state_servers::tokio_postgres::{Client, NoTls, connect};
use tokio::runtime::{Builder, Runtime};

use crate::RECORD;

pub(crate) struct Driver {
    client: Client,
    runtime: Runtime,
}

impl crate::Driver for Driver {
    const AT_MOST: f64 = 1.1;

    fn backend_url(url: &str) -> String {
        format!("{url}?sslmode=disable")
    }

    fn connect(url: &str) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let client = runtime.block_on(async {
            let (client, connection) = connect(url, NoTls).await.expect("a connection");
            tokio::spawn(connection);
            let table = "CREATE TABLE IF NOT EXISTS bench
                (job TEXT, number BIGINT, record BYTEA, PRIMARY KEY (job, number))";
            client.batch_execute(table).await.expect("a table");
            client
        });
        Driver { client, runtime }
    }

    fn write(&mut self, number: u32) {
        let (number, record) = (i64::from(number), &RECORD[..]);
        let insert = "INSERT INTO bench VALUES ('bench', $1, $2)";
        let row = [(&number as _, Type::INT8), (&record as _, Type::BYTEA)];
        let write = self.client.query_typed(insert, &row);
        self.runtime.block_on(write).expect("a row");
    }

    fn clear(&mut self) {
        self.runtime.block_on(self.client.batch_execute("TRUNCATE bench")).expect("no rows");
    }
}
