//! What complete items wrote to reconnected files is there once, whatever happens to the files between the runs.

mod first;
mod kills;
mod known;
mod late;
mod registered;
mod writers;

use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::Path;

/// Lines that an item writes, of so many bytes each.
pub(crate) fn line(item: u64, length: usize) -> String {
    let mut line = format!("item {item} ");
    while line.len() < length {
        write!(line, "{item}").unwrap();
    }
    line.push('\n');
    line
}

pub(crate) fn lines(items: std::ops::Range<u64>, length: usize) -> String {
    items.map(|item| line(item, length)).collect()
}

pub(crate) fn append_to(path: &Path) -> std::io::Result<File> {
    File::options().append(true).create(true).open(path)
}

pub(crate) fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

/// What an error and its causes say.
pub(crate) fn said<T: std::fmt::Debug>(outcome: anyhow::Result<T>) -> String {
    format!("{:#}", outcome.unwrap_err())
}
