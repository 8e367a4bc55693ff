//! MySQL's driver.

use safe_state_servers::mysql_async::prelude::Queryable;
use safe_state_servers::mysql_async::{Conn, Opts, OptsBuilder};
use tokio::runtime::{Builder, Runtime};

use crate::RECORD;

pub(crate) struct Driver {
    conn: Option<Conn>,
    runtime: Runtime,
}

impl Driver {
    fn run(
        &mut self,
        statement: &str,
        parameters: impl Into<safe_state_servers::mysql_async::Params> + Send,
    ) {
        let conn = self.conn.as_mut().expect("a connection");
        self.runtime.block_on(conn.exec_drop(statement, parameters.into())).expect("a row");
    }
}

impl crate::Driver for Driver {
    const AT_MOST: f64 = 1.2;

    fn backend_url(url: &str) -> String {
        format!("{url}?sslmode=disable")
    }

    fn connect(url: &str) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let opts = OptsBuilder::from_opts(Opts::from_url(url).expect("a URL")).prefer_socket(false);
        let conn = runtime.block_on(Conn::new(opts)).expect("a connection");
        let mut driver = Driver { conn: Some(conn), runtime };
        let table = "CREATE TABLE IF NOT EXISTS bench (job VARBINARY(255), number BIGINT,
            record LONGBLOB, PRIMARY KEY (job, number)) ENGINE = InnoDB";
        driver.run(table, ());
        driver
    }

    fn write(&mut self, number: u32) {
        self.run("INSERT INTO bench VALUES ('bench', ?, ?)", (number, &RECORD[..]));
    }

    fn clear(&mut self) {
        self.run("TRUNCATE bench", ());
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let conn = self.conn.take().expect("a connection");
        // The connection ends with the process at the latest.
        let _ = self.runtime.block_on(conn.disconnect());
    }
}
