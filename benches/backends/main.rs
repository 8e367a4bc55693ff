//! Compares a save on a server with the same row written by the server's driver alone. The servers are those of
//! `SAFE_STATE_TEST_DURABLE=1 tests/servers cargo bench --bench backends`, which sync as they do where data matters.
//! Without the variable they sync nothing, and the work above the driver weighs most.

mod mysql;
mod objects;
mod pooled;
mod postgres;
mod redis;

use std::sync::Arc;

use safe_state_backends::{Appended, LeaseOptions};
use safe_state_base::url::from_url;
use safe_state_benches::{Table, Target, bench, compare, time};

const ROUNDS: usize = 15;
/// A record with as many bytes as a save appends.
const RECORD: [u8; 18] = [0xa5; 18];

/// The driver of a server, with a connection of its own.
trait Driver {
    /// The number of rows written in one round.
    const SAVES: u32 = 500;
    /// The largest ratio of a save's time to the driver's.
    const AT_MOST: f64 = 1.3;

    /// Returns the URL of the server's backend. Neither side is encrypted.
    fn backend_url(url: &str) -> String {
        url.to_owned()
    }

    /// Connects, and makes an empty table of numbers and records.
    fn connect(url: &str) -> Self;

    /// Writes a row.
    fn write(&mut self, number: u32);

    /// Removes all rows.
    fn clear(&mut self);
}

fn main() {
    bench("A save, over the same row written by the driver alone", |table| {
        figures::<postgres::Driver>(table, "PostgreSQL", "SAFE_STATE_TEST_POSTGRES");
        figures::<pooled::Driver>(table, "PgBouncer", "SAFE_STATE_TEST_PGBOUNCER");
        figures::<mysql::Driver>(table, "MariaDB", "SAFE_STATE_TEST_MYSQL");
        figures::<redis::Driver>(table, "Redis", "SAFE_STATE_TEST_REDIS");
        figures::<objects::Driver>(table, "S3", "SAFE_STATE_TEST_S3");
    });
}

fn figures<D: Driver>(table: &Table, what: &str, variable: &str) {
    let url = std::env::var(variable).unwrap_or_else(|_| {
        panic!("{variable} is not set; start the servers with tests/servers, as in `tests/servers cargo bench --bench backends`")
    });
    let backend = from_url(&D::backend_url(&url)).expect("a backend");
    let mut driver = D::connect(&url);
    for (behind, size) in [("", 1), (" behind 1 MiB", 1 << 20)] {
        let mut lease =
            Arc::clone(&backend).lease("bench", LeaseOptions::default()).expect("a lease");
        let compared = compare(
            ROUNDS,
            || {
                lease.save(&vec![0x5a; size]).expect("a snapshot");
                let save = |_| assert_eq!(lease.append(&RECORD).expect("a save"), Appended::Yes);
                time(|| (0..D::SAVES).for_each(save))
            },
            || {
                driver.clear();
                time(|| (0..D::SAVES).for_each(|number| driver.write(number)))
            },
        );
        lease.delete().expect("an end");
        let ratio = compared.ratio();
        table.row(&format!("{what}: a record{behind}"), "x", ratio, Target::AtMost(D::AT_MOST));
        let micros = 1e6 / f64::from(D::SAVES);
        table.row("  a save", "us", compared.ours(micros), Target::None);
    }
}
