//! Tests that the type of an argument belongs to the job where the caller chooses it, and that an argument which only shows
//! itself as a text is known by that.

use std::fmt;
use std::path::Path;

use safe_state::resumable;
use serde::Serialize;

use super::{goes_on, refused};
use crate::work::work;

trait Rate {
    fn of(&self, row: u64) -> u64;
}

struct Ten;
struct Thousand;

#[derive(Serialize)]
struct Net(u64);

#[derive(Serialize)]
struct Gross(u64);

macro_rules! rates {
    ($($rate:ty: $it:ident, $row:ident => $of:expr;)*) => { $(
        impl Rate for $rate {
            fn of(&self, $row: u64) -> u64 {
                let $it = self;
                let _ = $it;
                $of
            }
        }
    )* };
}

rates! {
    Ten: it, row => row * 10;
    Thousand: it, row => row * 1000;
    Net: it, row => row * it.0;
    Gross: it, row => row * it.0 * 2;
}

#[resumable(name = "generic", state_dir = dir)]
fn by_parameter<R: Rate>(dir: &Path, rate: R) -> anyhow::Result<()> {
    for row in 0..5 {
        rate.of(row);
        work()?;
    }
    Ok(())
}

#[resumable(name = "generic", state_dir = dir)]
fn by_value(dir: &Path, rate: &(impl Rate + Serialize)) -> anyhow::Result<()> {
    for row in 0..5 {
        rate.of(row);
        work()?;
    }
    Ok(())
}

#[resumable(name = "generic", state_dir = dir)]
fn by_reference(dir: &Path, rate: &(impl Rate + ?Sized)) -> anyhow::Result<()> {
    for row in 0..5 {
        rate.of(row);
        work()?;
    }
    Ok(())
}

#[resumable(name = "generic", state_dir = dir)]
fn named(dir: &Path, name: impl Into<String> + Serialize) -> anyhow::Result<()> {
    let _name: String = name.into();
    for _row in 0..5 {
        work()?;
    }
    Ok(())
}

#[test]
fn types_of_equal_values_are_told_apart() {
    refused("rate", |dir| by_parameter(dir, Ten), |dir| by_parameter(dir, Thousand));
    refused("rate", |dir| by_reference(dir, &Ten), |dir| by_reference(dir, &Thousand));
    refused("rate", |dir| by_value(dir, &Net(1)), |dir| by_value(dir, &Gross(1)));
    refused("rate", |dir| by_value(dir, &Net(1)), |dir| by_value(dir, &Net(2)));
    goes_on(3, |dir| by_parameter(dir, Ten), |dir| by_parameter(dir, Ten));
    goes_on(3, |dir| by_value(dir, &Net(1)), |dir| by_value(dir, &Net(1)));
    // What the two hold can't be compared, as with two connections.
    goes_on(3, |dir| by_parameter(dir, Net(1)), |dir| by_parameter(dir, Gross(1)));
}

#[test]
fn the_ways_to_pass_one_value_are_not_told_apart() {
    goes_on(3, |dir| named(dir, "a"), |dir| named(dir, "a".to_owned()));
    refused("name", |dir| named(dir, "a"), |dir| named(dir, "b".to_owned()));
}

/// Can't be compared, as a regular expression can't.
struct Pattern(&'static str);

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

#[resumable(name = "shown", state_dir = dir)]
fn matching(dir: &Path, pattern: &Pattern) -> anyhow::Result<()> {
    for row in ["a", "b", "c", "d", "e"] {
        let _ = format!("{row}{pattern}");
        work()?;
    }
    Ok(())
}

#[test]
fn what_only_shows_itself_is_compared_as_text() {
    refused("pattern", |dir| matching(dir, &Pattern("a.*")), |dir| matching(dir, &Pattern("b.*")));
    goes_on(3, |dir| matching(dir, &Pattern("a.*")), |dir| matching(dir, &Pattern("a.*")));
}
