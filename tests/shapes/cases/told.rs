//! Shows heads that leave the type of their items open. Only the body tells it.

use std::fmt::Display;
use std::hash::Hash;

use safe_state_tests::shapes::{Interrupted, store, try_step};

use super::resumable;

#[derive(Debug, Hash)]
struct Row {
    id: u32,
    rate: u32,
}

impl From<u32> for Row {
    fn from(id: u32) -> Self {
        Row { id, rate: id + 1 }
    }
}

fn rows<T: From<u32>>(count: u32) -> impl Iterator<Item = Result<T, Interrupted>> {
    (0..count).map(|row| Ok(T::from(row)))
}

fn each<T: From<u32>>(count: u32) -> impl Iterator<Item = T> {
    (0..count).map(T::from)
}

fn rate_of(row: &Row) -> u32 {
    row.rate
}

trait Pairs<T>: Iterator + Sized {
    fn pairs<P: From<(T, T)>>(self) -> impl Iterator<Item = P>;
}

impl<I: Iterator> Pairs<I::Item> for I {
    fn pairs<P: From<(I::Item, I::Item)>>(mut self) -> impl Iterator<Item = P> {
        std::iter::from_fn(move || Some(P::from((self.next()?, self.next()?))))
    }
}

#[resumable(backend = store(), carry(sum), on_input_change = "continue")]
fn by_a_let(count: u32) -> Result<u32, Interrupted> {
    let mut sum = 0;
    for row in rows(count) {
        let row: Row = row?;
        try_step(row.id)?;
        sum += row.rate;
    }
    Ok(sum)
}

#[resumable(backend = store(), carry(sum))]
fn by_a_function(count: u32) -> Result<u32, Interrupted> {
    let mut sum = 0;
    for row in each(count) {
        try_step(rate_of(&row))?;
        sum += row.id;
    }
    Ok(sum)
}

#[resumable(backend = store(), carry(sum))]
fn by_a_pattern(count: u32) -> Result<u32, Interrupted> {
    let mut sum = 0;
    for Row { id, rate } in each(count) {
        try_step(id)?;
        sum += rate;
    }
    Ok(sum)
}

#[resumable(backend = store(), key = |row: &Row| row.id)]
fn by_a_pattern_beside_a_key(count: u32) -> Result<(), Interrupted> {
    for Row { id, .. } in each(count) {
        try_step(id)?;
    }
    Ok(())
}

#[resumable(backend = store(), key = |row| row.id)]
fn by_a_body_beside_a_key(count: u32) -> Result<(), Interrupted> {
    for row in each(count) {
        try_step(rate_of(&row))?;
    }
    Ok(())
}

#[resumable(backend = store(), check = |row| row.as_ref().ok().map(rate_of))]
fn by_a_body_beside_a_check(count: u32) -> Result<(), Interrupted> {
    for row in rows(count) {
        let row: Row = row?;
        try_step(row.id)?;
    }
    Ok(())
}

#[resumable(backend = store(), carry(sum))]
fn in_pairs<T: Copy + Display + Hash + Into<u32>>(items: &[T]) -> Result<u32, Interrupted> {
    let mut sum = 0;
    for (n, (a, b)) in items.iter().pairs().enumerate() {
        try_step(format!("{n} {a} {b}"))?;
        let (a, b): (u32, u32) = ((*a).into(), (*b).into());
        sum += a * b;
    }
    Ok(sum)
}

#[resumable(backend = store(), carry(sum))]
fn in_sums(items: &[u8]) -> Result<u32, Interrupted> {
    let mut sum = 0;
    let parts = items.chunks_exact(4);
    for (n, part) in parts.map(|it| it.iter().copied().map(u32::from).sum()).enumerate() {
        try_step(n)?;
        let part: u32 = part;
        sum += part;
    }
    Ok(sum)
}

#[resumable(backend = store(), carry(sum))]
fn behind_a_while_let(count: u32) -> Result<u64, Interrupted> {
    let mut sum = 0;
    let mut numbers = (0..count).map(Into::into);
    #[resume]
    while let Some(number) = numbers.next() {
        let number: u64 = number;
        try_step(number)?;
        sum += number;
    }
    Ok(sum)
}

safe_state_tests::shapes! {
    behind_a_while_let => behind_a_while_let(4);
    by_a_let => by_a_let(3);
    by_a_function => by_a_function(3);
    by_a_pattern => by_a_pattern(3);
    by_a_pattern_beside_a_key => by_a_pattern_beside_a_key(3);
    by_a_body_beside_a_key => by_a_body_beside_a_key(3);
    by_a_body_beside_a_check => by_a_body_beside_a_check(3);
    in_pairs => in_pairs(&[1_u8, 2, 3, 4]);
    in_sums => in_sums(&[1, 0, 0, 0, 2, 0, 0, 0, 3]);
}
