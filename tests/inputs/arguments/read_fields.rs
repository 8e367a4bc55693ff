//! Tests that the fields which a body reads belong to the job, of arguments that can't be compared as a whole.

use std::path::Path;
use std::sync::{Arc, Mutex};

use safe_state::resumable;

use super::{goes_on, refused};
use crate::work::work;

/// Not comparable as a whole, as a connection is not.
struct Db;

struct Rates {
    net: f64,
    gross: (u32, u32),
}

struct Config {
    db: Db,
    rate: u32,
    rates: Rates,
    threads: usize,
    rows: Vec<u64>,
    excluded: Vec<u64>,
    seen: Mutex<u64>,
}

fn config(rate: u32) -> Config {
    Config {
        db: Db,
        rate,
        rates: Rates { net: f64::from(rate), gross: (rate, rate) },
        threads: 1,
        rows: vec![1, 2, 3, 4, 5],
        excluded: vec![u64::from(rate)],
        seen: Mutex::new(u64::from(rate)),
    }
}

fn convert(_: &Db, _: u64, _: impl Sized) {}

#[resumable(name = "fields", state_dir = dir)]
fn by_reference(dir: &Path, config: &Config) -> anyhow::Result<()> {
    for row in 0..5 {
        convert(&config.db, row, config.rate);
        work()?;
    }
    Ok(())
}

#[resumable(name = "fields", state_dir = dir)]
fn by_value(dir: &Path, config: Config) -> anyhow::Result<()> {
    for row in 0..5 {
        convert(&config.db, row, config.rates.net.round());
        work()?;
    }
    Ok(())
}

#[resumable(name = "fields", state_dir = dir)]
fn in_a_macro(dir: &Path, config: Arc<Config>) -> anyhow::Result<()> {
    for row in 0..5 {
        convert(&config.db, row, format!("{:03}", config.rates.gross.1));
        work()?;
    }
    Ok(())
}

#[resumable(name = "fields", state_dir = dir)]
fn of_the_walked(dir: &Path, config: &Config) -> anyhow::Result<()> {
    for row in &config.rows {
        convert(&config.db, *row, config.rate);
        work()?;
    }
    Ok(())
}

#[resumable(name = "fields", state_dir = dir)]
fn a_list(dir: &Path, config: &Config) -> anyhow::Result<()> {
    for row in 0..5 {
        convert(&config.db, row, config.excluded.contains(&row));
        work()?;
    }
    Ok(())
}

#[resumable(name = "fields", state_dir = dir, fresh(config.threads))]
fn but_one(dir: &Path, config: &Config) -> anyhow::Result<()> {
    for row in 0..5 {
        convert(&config.db, row, config.threads);
        work()?;
    }
    Ok(())
}

#[resumable(name = "fields", state_dir = dir)]
fn behind_a_lock(dir: &Path, config: &Config) -> anyhow::Result<()> {
    for row in 0..5 {
        convert(&config.db, row, *config.seen.lock().unwrap());
        work()?;
    }
    Ok(())
}

#[resumable(name = "fields", state_dir = dir)]
fn of_another_variable(dir: &Path, config: &Config) -> anyhow::Result<()> {
    let config = config.rows.first().map_or_else(|| Part { rate: 1 }, |_| Part { rate: 2 });
    for row in 0..5 {
        convert(&Db, row, config.rate);
        work()?;
    }
    Ok(())
}

struct Part {
    rate: u32,
}

struct Exporter {
    db: Db,
    tenant: &'static str,
    total: u64,
}

impl Exporter {
    #[resumable(name = "fields", state_dir = dir)]
    fn by_shared_self(&self, dir: &Path) -> anyhow::Result<()> {
        for row in 0..5 {
            convert(&self.db, row, self.tenant);
            work()?;
        }
        Ok(())
    }

    #[resumable(name = "fields", state_dir = dir, carry(self.total))]
    fn carrying(&mut self, dir: &Path) -> anyhow::Result<()> {
        for row in 0..5 {
            self.total += row;
            convert(&self.db, row, self.tenant);
            work()?;
        }
        Ok(())
    }
}

impl Exporter {
    #[resumable(name = "fields", state_dir = dir, carry(self.total), key = |row| row)]
    fn asking(&mut self, dir: &Path) -> anyhow::Result<()> {
        for row in self.db.rows(self.tenant) {
            self.total += row;
            work()?;
        }
        Ok(())
    }
}

impl Db {
    #[expect(clippy::unused_self, reason = "as a database has it")]
    fn rows(&self, _tenant: &str) -> Vec<u64> {
        vec![0, 1, 2, 3, 4]
    }
}

fn exporter(tenant: &'static str) -> Exporter {
    Exporter { db: Db, tenant, total: 0 }
}

#[test]
fn fields_that_are_read_belong_to_the_job() {
    let (one, two) = (|| config(1), || config(2));
    refused("config.rate", |dir| by_reference(dir, &one()), |dir| by_reference(dir, &two()));
    goes_on(3, |dir| by_reference(dir, &one()), |dir| by_reference(dir, &one()));
    refused("config.rates.net", |dir| by_value(dir, one()), |dir| by_value(dir, two()));
    refused(
        "config.rates.gross.1",
        |dir| in_a_macro(dir, Arc::new(one())),
        |dir| in_a_macro(dir, Arc::new(two())),
    );
    refused("config.rate", |dir| of_the_walked(dir, &one()), |dir| of_the_walked(dir, &two()));
    refused("config.excluded", |dir| a_list(dir, &one()), |dir| a_list(dir, &two()));
}

#[test]
fn fields_of_self_belong_to_the_job() {
    let (a, b) = (exporter("a"), exporter("b"));
    refused("self.tenant", |dir| a.by_shared_self(dir), |dir| b.by_shared_self(dir));
    let (mut a, mut b) = (exporter("a"), exporter("b"));
    refused("self.tenant", |dir| a.carrying(dir), |dir| b.carrying(dir));
    let (mut a, mut b) = (exporter("a"), exporter("b"));
    refused("self.tenant", |dir| a.asking(dir), |dir| b.asking(dir));
    let mut a = exporter("a");
    let both = std::cell::RefCell::new(&mut a);
    goes_on(3, |dir| both.borrow_mut().carrying(dir), |dir| both.borrow_mut().carrying(dir));
    assert_eq!(a.total, 10);
}

#[test]
fn what_is_walked_named_or_may_change_is_not_compared() {
    let grown = || Config { rows: (1..9).collect(), ..config(1) };
    goes_on(6, |dir| of_the_walked(dir, &config(1)), |dir| of_the_walked(dir, &grown()));
    let threads = || Config { threads: 9, ..config(1) };
    goes_on(3, |dir| but_one(dir, &config(1)), |dir| but_one(dir, &threads()));
    goes_on(3, |dir| behind_a_lock(dir, &config(1)), |dir| behind_a_lock(dir, &config(2)));
    goes_on(
        3,
        |dir| of_another_variable(dir, &config(1)),
        |dir| of_another_variable(dir, &config(2)),
    );
}
