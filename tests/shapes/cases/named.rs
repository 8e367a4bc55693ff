//! Shows bodies that change only what is named, in all the ways that the proof has to see through.

use std::collections::{BTreeMap, VecDeque};

use safe_state_tests::shapes::{Interrupted, block_on, maybe_step, send, step, store, try_step};

use super::resumable;

struct Biller {
    rate: u64,
    total: u64,
    seen: Vec<u64>,
}

impl Biller {
    fn note(&mut self, order: u64) {
        self.seen.push(order);
    }

    #[resumable(backend = store(), carry(self.total, self.seen))]
    fn bill(&mut self, orders: &[u64]) -> Result<(u64, usize), Interrupted> {
        for order in orders {
            try_step(order)?;
            self.total += order * self.rate;
            self.seen.push(self.total);
            println!("{}", self.seen.len());
        }
        Ok((self.total, self.seen.len()))
    }

    #[resumable(backend = store(), fresh(self))]
    fn bill_by_methods(&mut self, orders: &[u64]) -> Result<u64, Interrupted> {
        for order in orders {
            try_step(order)?;
            self.note(*order);
            if self.seen.len() > 7 {
                return Ok(self.rate);
            }
        }
        Ok(self.rate)
    }

    #[resumable(backend = store())]
    fn found(&mut self, orders: &[usize]) -> Option<&u64> {
        for order in orders {
            maybe_step(order)?;
            if *order == 2 {
                self.total += 1;
                return self.seen.get(*order);
            }
        }
        None
    }
}

fn biller() -> Biller {
    Biller { rate: 2, total: 0, seen: vec![5, 6, 7] }
}

#[resumable(backend = store(), carry(total))]
fn reference(items: &[u32]) -> Result<BTreeMap<&'static str, u32>, Interrupted> {
    let mut totals = BTreeMap::new();
    let total: &mut u32 = totals.entry("all").or_default();
    for x in items {
        try_step(x)?;
        *total += x;
    }
    Ok(totals)
}

#[resumable(backend = store(), carry(sum))]
fn borrowed(items: &[u32]) -> Result<u32, Interrupted> {
    let mut total = 0;
    let sum = &mut total;
    for x in items {
        try_step(x)?;
        *sum += x;
    }
    Ok(total)
}

#[resumable(backend = store(), carry(total))]
fn by_a_macro(items: &[u32]) -> Result<u32, Interrupted> {
    let mut total = 0;
    macro_rules! add {
        ($x:expr) => {
            total += $x
        };
    }
    for x in items {
        try_step(x)?;
        add!(x);
    }
    Ok(total)
}

#[resumable(backend = store())]
fn moved_on_the_way_out(
    items: &[u32],
    name: String,
    other: Vec<u32>,
) -> Result<(String, usize), Interrupted> {
    for x in items {
        try_step(x)?;
        if *x == 2 {
            let length = other.into_iter().count();
            return Ok((name, length));
        }
        if *x == 7 {
            return Ok((name + "7", 0));
        }
    }
    Ok((name, 0))
}

#[resumable(backend = store(), fresh(name))]
fn moved_before_a_break(items: &[u32], name: String) -> Result<u32, Interrupted> {
    for x in items {
        try_step(x)?;
        if *x == 2 {
            drop(name);
            break;
        }
    }
    Ok(1)
}

#[resumable(backend = store(), carry(total))]
fn out_of_two_loops(tables: &[&[u32]]) -> Result<u32, Interrupted> {
    let mut total = 0;
    #[resume]
    'tables: for table in tables {
        #[resume]
        for x in *table {
            try_step(x)?;
            if *x == 3 {
                continue 'tables;
            }
            total += x;
            if *x == 9 {
                break 'tables;
            }
        }
    }
    Ok(total)
}

#[resumable(backend = store(), carry(rows))]
fn types_of_its_own(items: &[u32]) -> Result<Vec<String>, Interrupted> {
    struct Outer;
    let mut rows = Vec::new();
    let outer = Outer;
    for x in items {
        #[derive(Clone, Copy)]
        struct Row(u32);

        impl std::fmt::Display for Outer {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("outer")
            }
        }

        try_step(x)?;
        let row = Row(*x);
        rows.push(format!("{outer} {}", row.0));
    }
    Ok(rows)
}

#[resumable(backend = store())]
fn read_by_any_method(items: &[u32], more: Option<&str>) -> Result<(), Interrupted> {
    let mut words = vec!["a".to_owned()];
    words.extend(more.map(str::to_owned));
    let mut width = 3;
    if words.len() > 1 {
        width = 5;
    }
    for x in items {
        try_step(format!("{x:>width$}{:>w$}{}", "b", words.concat(), w = width))?;
    }
    Ok(())
}

#[resumable(backend = store())]
fn hidden_by_the_loops_own(items: &[&str]) -> Result<usize, Interrupted> {
    let mut line = String::from("a");
    line.push('b');
    let length = line.len();
    drop(line);
    for mut line in items.iter().map(ToString::to_string) {
        line.push('!');
        try_step(line)?;
    }
    Ok(length)
}

#[resumable(backend = store())]
fn type_known_by_the_body(items: &[&str]) -> Result<u16, Interrupted> {
    let limit = Default::default();
    for x in items {
        let number: u16 = x.parse().unwrap_or_default();
        try_step(number)?;
        if number < limit {
            return Ok(limit);
        }
    }
    Ok(limit)
}

#[resumable(backend = store(), carry(all))]
fn iterator_in_a_result(
    items: &[u32],
) -> Result<impl Iterator<Item = u32> + std::fmt::Debug + use<>, Interrupted> {
    let mut all = Vec::new();
    for x in items {
        try_step(x)?;
        if *x == 3 {
            return Ok(all.into_iter());
        }
        all.push(*x);
    }
    Ok(all.into_iter())
}

struct Lines(VecDeque<String>, String);

impl Lines {
    fn next_line(&mut self) -> Option<&str> {
        self.1 = self.0.pop_front()?;
        Some(&self.1)
    }
}

#[resumable(backend = store(), carry(length))]
fn lent_items(items: &[&str]) -> Result<usize, Interrupted> {
    let mut lines = Lines(items.iter().map(ToString::to_string).collect(), String::new());
    let mut length = 0;
    #[resume]
    while let Some(line) = lines.next_line() {
        try_step(line)?;
        length += line.len();
    }
    Ok(length)
}

#[resumable(backend = store(), carry(total), fresh(client))]
async fn awaited(items: &[u32], client: &mut Biller) -> Result<u64, Interrupted> {
    let mut total = 0;
    let name = "x".to_owned();
    for x in items {
        tokio::task::yield_now().await;
        try_step(format!("{name}{x}"))?;
        client.note(u64::from(*x));
        total += u64::from(*x);
        if *x == 9 {
            return Ok(name.len() as u64);
        }
    }
    Ok(total)
}

#[resumable(backend = store())]
fn ignored_arguments(_: u32, items: &[u32], (_, last): (u32, u32)) -> u32 {
    for x in items {
        step(x);
    }
    last
}

type Maybe = Option<u32>;

#[resumable(backend = store())]
fn none_by_another_name(items: &[u32]) -> Maybe {
    for x in items {
        step(x);
        if *x == 2 {
            return None;
        }
    }
    Some(1)
}

macro_rules! with_a_block {
    ($name:ident, $items:ident, $behind:block) => {
        #[resumable(backend = store(), carry(total))]
        fn $name($items: &[u32]) -> Result<u32, Interrupted> {
            let mut total = 0;
            for x in $items {
                try_step(x)?;
                total += *x;
            }
            $behind
            Ok(total)
        }
    };
}

with_a_block!(from_a_macro, items, {
    try_step("behind")?;
});

#[resumable(backend = store(), carry(total))]
fn by_a_macro_of_the_body(orders: &[u64]) -> Result<u64, Interrupted> {
    let mut total = 1;
    for order in orders {
        macro_rules! add {
            ($order:expr) => {
                total = total * 10 + $order
            };
        }
        try_step(order)?;
        add!(order);
    }
    Ok(total)
}

#[resumable(backend = store(), carry(T))]
fn with_a_capital_letter(orders: &[u64]) -> Result<u64, Interrupted> {
    #[allow(non_snake_case)]
    let mut T = 1;
    for order in orders {
        try_step(order)?;
        T = T * 10 + order;
    }
    Ok(T)
}

#[resumable(backend = store(), carry(total))]
fn in_what_a_pattern_binds(orders: &[u64], rates: &[u64]) -> Result<u64, Interrupted> {
    let mut total = 0;
    if let Some(rate) = rates.first() {
        let None = rates.get(9) else { return Ok(total) };
        for order in orders {
            try_step(order)?;
            total += order * rate;
            assert!(Some(*order) != None);
        }
    }
    Ok(total)
}

safe_state_tests::shapes! {
    by_a_macro_of_the_body => by_a_macro_of_the_body(&[1, 2, 3]);
    with_a_capital_letter => with_a_capital_letter(&[1, 2, 3]);
    in_what_a_pattern_binds => in_what_a_pattern_binds(&[1, 2, 3], &[5, 7]);
    fields => biller().bill(&[1, 2, 3]);
    by_methods => biller().bill_by_methods(&[1, 2, 3]);
    found => biller().found(&[0, 1, 2, 3]).copied();
    reference => reference(&[1, 2, 3]);
    borrowed => borrowed(&[1, 2, 3]);
    by_a_macro => by_a_macro(&[1, 2, 3]);
    moved_on_the_way_out => moved_on_the_way_out(&[1, 2, 3], "a".to_owned(), vec![1, 2]);
    moved_before_a_break => moved_before_a_break(&[1, 2, 3], "a".to_owned());
    out_of_two_loops => out_of_two_loops(&[&[1, 2], &[3, 4], &[5, 9, 1], &[6]]);
    types_of_its_own => types_of_its_own(&[1, 2, 3]);
    read_by_any_method => read_by_any_method(&[1, 2], Some("b"));
    hidden_by_the_loops_own => hidden_by_the_loops_own(&["x", "y"]);
    type_known_by_the_body => type_known_by_the_body(&["1", "2"]);
    iterator_in_a_result => iterator_in_a_result(&[1, 2, 3, 4]);
    lent_items => lent_items(&["a", "bb", "c"]);
    awaited => block_on(send(awaited(&[1, 2, 3], &mut biller())));
    ignored_arguments => ignored_arguments(1, &[1, 2], (3, 4));
    none_by_another_name => none_by_another_name(&[1, 2, 3]);
    from_a_macro => from_a_macro(&[1, 2, 3]);
}
