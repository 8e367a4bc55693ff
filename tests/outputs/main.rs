//! Tests that what complete items wrote to reconnected files is there once, whatever happens to the files between the
//! runs.

mod anew;
mod emptied;
mod first;
mod kills;
mod known;
mod late;
mod registered;
mod steps;
mod writers;

use std::fmt::Write as _;
use std::fs::{self, File};
use std::ops::Range;
use std::path::Path;

/// Returns the line that an item writes. It has at least `length` bytes before its line break.
pub(crate) fn line(item: u64, length: usize) -> String {
    let mut line = format!("item {item} ");
    while line.len() < length {
        write!(line, "{item}").unwrap();
    }
    line.push('\n');
    line
}

pub(crate) fn lines(items: Range<u64>, length: usize) -> String {
    of_each(items, |item| line(item, length))
}

pub(crate) fn of_each(items: Range<u64>, text: impl Fn(u64) -> String) -> String {
    items.map(text).collect()
}

pub(crate) fn append_to(path: &Path) -> std::io::Result<File> {
    File::options().append(true).create(true).open(path)
}

pub(crate) fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

/// Returns the text of an error and its causes.
pub(crate) fn said<T: std::fmt::Debug>(outcome: anyhow::Result<T>) -> String {
    format!("{:#}", outcome.unwrap_err())
}
