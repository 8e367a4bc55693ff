//! Runs a ledger in a process that is killed at any instant, and says when it begins its first item: `ledger DRIVER URL
//! NAME ITEMS WAY`.

use std::cell::Cell;
use std::io::{self, Write};

use safe_state_drivers::Ledger;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [driver, url, name, items, way] = arguments.as_slice() else {
        anyhow::bail!("{arguments:?}")
    };
    let ledger = Ledger {
        driver: driver.clone(),
        url: url.clone(),
        name: name.clone(),
        items: items.parse()?,
        exactly_once: way == "exactly-once",
    };
    let has_begun = Cell::new(false);
    let balance = ledger.run(|_| {
        if !has_begun.replace(true) {
            println!("begun");
            io::stdout().flush()?;
        }
        Ok(())
    })?;
    println!("{balance}");
    Ok(())
}
