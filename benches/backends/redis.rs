//! Redis's driver.

use safe_state_servers::redis_driver::{Client, Connection, cmd};

use crate::RECORD;

pub(crate) struct Driver(Connection);

impl crate::Driver for Driver {
    fn connect(url: &str) -> Self {
        let client = Client::open(url).expect("a URL");
        Driver(client.get_connection().expect("a connection"))
    }

    fn write(&mut self, _: u32) {
        cmd("RPUSH").arg("bench").arg(&RECORD[..]).exec(&mut self.0).expect("an element");
    }

    fn clear(&mut self) {
        cmd("DEL").arg("bench").exec(&mut self.0).expect("no elements");
    }
}
