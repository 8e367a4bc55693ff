//! Shows items that are known by a key, and values that are recorded of them.

use std::cell::Cell;
use std::collections::{BTreeMap, HashMap};
use std::iter::once;

use safe_state_tests::shapes::{block_on, maybe_step, step, store, try_step};

use super::resumable;

struct Row {
    id: Id,
    name: String,
    size: Cell<u32>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Id(u32);

fn rows() -> Vec<Row> {
    let row = |id: u32| Row { id: Id(id), name: format!("row {id}"), size: Cell::new(id) };
    (0..5).map(row).collect()
}

#[resumable(backend = store(), key = |row| &row.name)]
fn borrowed(rows: &[Row]) {
    for row in rows {
        step(row.size.get());
    }
}

#[resumable(backend = store(), key = |row| row.id, capture(row.name, size = ?row.size))]
fn moved(rows: Vec<Row>) -> Result<usize, String> {
    for row in rows {
        let Row { name, .. } = row;
        try_step(name).map_err(|error| error.to_string())?;
    }
    Ok(3)
}

#[resumable(backend = store(), key = id_of)]
fn by_a_function(rows: &[Row]) -> Option<()> {
    for row in rows {
        maybe_step(row.size.get())?;
    }
    Some(())
}

#[allow(dead_code, reason = "the attribute alone names it")]
fn id_of(row: &&Row) -> Id {
    row.id
}

#[resumable(backend = store(), key = |&(index, row)| (index, row.id), capture(index, %row.name))]
fn enumerated(rows: &[Row]) {
    for (index, row) in rows.iter().enumerate() {
        step((index, &row.name));
    }
}

#[resumable(backend = store(), key = |&(name, _)| name)]
fn map(prices: &HashMap<String, u32>) {
    for (name, price) in prices {
        step((name, price));
    }
}

#[resumable(backend = store(), key = |row| (tenant, row.id))]
fn with_an_argument(tenant: &str, rows: &[Row]) -> usize {
    for row in rows {
        if row.id == Id(2) {
            continue;
        }
        step((tenant, row.size.get()));
    }
    tenant.len()
}

#[resumable(backend = store(), key = |n| *n, carry(sum))]
fn repeated(numbers: impl Iterator<Item = u32>) -> u32 {
    let mut sum = 0;
    'all: for n in numbers {
        if n == 9 {
            break 'all;
        }
        step(n);
        sum += n;
    }
    sum
}

#[resumable(backend = store())]
fn nested(groups: BTreeMap<u8, Vec<u32>>) {
    #[resume(key = |&(group, _)| group, capture(?group))]
    for (group, numbers) in &groups {
        #[resume(key = |n| n)]
        for n in numbers {
            step((group, n));
        }
        #[resume]
        for n in numbers.iter().rev() {
            step(("again", group, n));
        }
    }
}

#[resumable(backend = store(), key = |row: &Row| -> u32 { let Id(id) = row.id; id })]
fn typed(rows: Vec<Row>) {
    for row in rows {
        step(row.name);
    }
}

struct Shop {
    rows: Vec<Row>,
}

impl Shop {
    #[resumable(backend = store(), name = "shop", key = id_of)]
    async fn visit(&self, extra: &[Row]) -> Result<(), String> {
        for row in self.rows.iter().chain(extra) {
            try_step(row.size.get()).map_err(|error| error.to_string())?;
        }
        Ok(())
    }
}

#[resumable(backend = store())]
fn received(mut items: impl Iterator<Item = u32>) {
    #[resume(key = |item| item)]
    while let Some(item) = items.next() {
        step(item);
    }
}

fn prices() -> HashMap<String, u32> {
    once(("one".to_owned(), 1)).collect()
}

fn groups() -> BTreeMap<u8, Vec<u32>> {
    BTreeMap::from([(1, vec![1, 2, 2]), (2, vec![]), (3, vec![7])])
}

safe_state_tests::shapes! {
    borrowed => borrowed(&rows());
    moved => moved(rows());
    by_a_function => by_a_function(&rows());
    enumerated => enumerated(&rows());
    map => map(&prices());
    with_an_argument => with_an_argument("tenant", &rows());
    repeated => repeated(vec![1, 2, 2, 1, 3, 9, 4].into_iter());
    nested => nested(groups());
    typed => typed(rows());
    visit => block_on(Shop { rows: rows() }.visit(&rows()));
    received => received(0..4);
}
