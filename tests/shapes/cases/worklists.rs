//! Shows loops that take their items from a carried variable, and add to it.

use std::collections::{BTreeSet, VecDeque};

use safe_state_tests::shapes::{Interrupted, block_on, send, store, try_step};

use super::resumable;

fn links(page: u32) -> Vec<u32> {
    vec![page * 2, page * 2 + 1].into_iter().filter(|page| *page < 12).collect()
}

#[resumable(backend = store(), carry(queue, seen))]
fn crawled(start: u32) -> Result<Vec<u32>, Interrupted> {
    let mut queue = VecDeque::from([start]);
    let mut seen = Vec::new();
    #[resume]
    while let Some(page) = queue.pop_front() {
        try_step(page)?;
        seen.push(page);
        queue.extend(links(page));
    }
    Ok(seen)
}

#[resumable(backend = store(), carry(queue, seen))]
fn each_page_once(mut queue: Vec<u32>) -> Result<BTreeSet<u32>, Interrupted> {
    let mut seen = BTreeSet::new();
    #[resume]
    while let Some(page) = queue.pop() {
        if !seen.insert(page) {
            continue;
        }
        try_step(page)?;
        queue.extend(links(page));
    }
    Ok(seen)
}

#[resumable(backend = store(), carry(left, sum))]
fn as_long_as(mut left: u32) -> Result<u32, Interrupted> {
    let mut sum = 0;
    #[resume]
    while left > 2 || sum == 0 {
        try_step(left)?;
        sum = sum * 10 + left;
        left -= 1;
    }
    Ok(sum)
}

#[resumable(backend = store(), carry(todo, done))]
fn left_by_break(mut todo: Vec<u32>) -> Result<(Vec<u32>, u32), Interrupted> {
    let mut done = 0;
    #[resume]
    while let Some(x) = todo.pop() {
        if x == 3 {
            break;
        }
        try_step(x)?;
        done += x;
    }
    let left = todo.len();
    #[resume]
    for x in todo.clone() {
        try_step(x)?;
        done += 100 * x;
        todo.push(x + left as u32);
    }
    Ok((todo, done))
}

#[resumable(backend = store(), carry(dirs, files))]
fn with_a_loop_inside(root: u32) -> Result<Vec<u32>, Interrupted> {
    let mut dirs = vec![root];
    let mut files = Vec::new();
    #[resume]
    while let Some(dir) = dirs.pop() {
        let base = files.len() as u32;
        #[resume]
        for file in [dir * 10, dir * 10 + 1] {
            try_step(file)?;
            files.push(file + base);
            if file % 10 == 1 && dir < 4 {
                dirs.push(dir * 2);
                dirs.push(dir * 3);
            }
        }
    }
    Ok(files)
}

struct Crawler {
    queue: Vec<u32>,
    found: u32,
}

impl Crawler {
    #[resumable(backend = store(), carry(self.queue, self.found))]
    async fn crawl(&mut self) -> Result<u32, Interrupted> {
        let before = self.queue.len() as u32;
        #[resume]
        while let Some(page) = self.queue.pop() {
            try_step(page)?;
            self.found += page * before;
            self.queue.extend(links(page));
        }
        Ok(self.found)
    }
}

#[resumable(backend = store(), carry(rows))]
fn walked_by_mutable_reference(mut rows: Vec<u32>) -> Result<Vec<u32>, Interrupted> {
    let before = rows.len() as u32;
    for row in rows.iter_mut() {
        try_step(&row)?;
        *row = *row * 10 + before;
        if *row == 33 {
            continue;
        }
        *row += 1;
    }
    try_step("behind")?;
    rows.push(before);
    Ok(rows)
}

#[resumable(backend = store(), carry(table, total))]
fn walked_in_two_phases(table: &mut [[u32; 3]; 2]) -> Result<u32, Interrupted> {
    let mut total = 0;
    #[resume]
    for (at, row) in table.iter_mut().enumerate() {
        try_step(at)?;
        row[at] += 100;
        total += row[0];
    }
    #[resume]
    'rows: for row in &mut *table {
        for cell in row {
            if *cell == 2 {
                try_step("two")?;
                *cell = 0;
                continue 'rows;
            }
            *cell += 1;
        }
        try_step("end")?;
        if total > 1000 {
            break;
        }
    }
    Ok(total + table[1][1] + table[0][2])
}

struct Table {
    rows: Vec<[u32; 2]>,
    waiting: std::vec::IntoIter<u32>,
    total: u32,
}

impl Table {
    #[resumable(backend = store(), carry(self.rows, self.total))]
    fn walked_beside_a_field(&mut self) -> Result<(Vec<[u32; 2]>, u32), Interrupted> {
        for row in self.rows.iter_mut() {
            try_step(&row)?;
            row[1] += 10;
            self.total = self.total * 10 + row[1];
        }
        Ok((self.rows.clone(), self.total))
    }

    #[resumable(backend = store(), carry(self.total), fresh(self.waiting))]
    fn taken_beside_a_field(&mut self) -> Result<u32, Interrupted> {
        #[resume]
        while let Some(x) = self.waiting.next() {
            try_step(x)?;
            self.total = self.total * 10 + x;
        }
        Ok(self.total)
    }
}

#[resumable(backend = store(), fresh(items))]
fn peeked_at(numbers: &[u32]) -> Result<(), Interrupted> {
    let mut items = numbers.iter().peekable();
    #[resume]
    while let Some(x) = items.next() {
        try_step((x, items.peek().is_none(), items.len()))?;
    }
    Ok(())
}

fn table() -> Table {
    Table { rows: vec![[1, 2], [3, 4]], waiting: vec![1, 2, 3].into_iter(), total: 4 }
}

safe_state_tests::shapes! {
    walked_beside_a_field => table().walked_beside_a_field();
    peeked_at => peeked_at(&[1, 2, 3]);
    taken_beside_a_field => table().taken_beside_a_field();
    walked_by_mutable_reference => walked_by_mutable_reference(vec![1, 2, 3, 4]);
    walked_in_two_phases => walked_in_two_phases(&mut [[1, 2, 3], [4, 5, 6]]);
    crawled => crawled(1);
    each_page_once => each_page_once(vec![3, 1]);
    as_long_as => as_long_as(5);
    as_long_as_none => as_long_as(1);
    left_by_break => left_by_break(vec![1, 2, 3, 4, 5]);
    with_a_loop_inside => with_a_loop_inside(1);
    fields => {
        let mut crawler = Crawler { queue: vec![1, 2], found: 0 };
        block_on(send(crawler.crawl()))
    };
}
