// A variable that the loop changes and nobody names is refused, whatever the way to it.

// refused
mod entry_of_a_map {
    #[resumable(backend = store())]
    fn count(pages: &[u64]) -> Result<u64, Stop> {
        let mut visits = BTreeMap::new();
        let home = visits.entry("home").or_insert(0);
        for page in pages {
            step("page", page)?;
            *home += page;
        }
        Ok(*home)
    }
    pub fn run() -> String { format!("{:?}", count(&[3, 1, 2])) }
}

// refused
mod last_of_a_list {
    #[resumable(backend = store())]
    fn fill(loads: &[u64]) -> Result<Vec<u64>, Stop> {
        let mut trucks = vec![0; 2];
        let truck = trucks.last_mut().unwrap();
        for load in loads {
            step("load", load)?;
            *truck += load;
        }
        Ok(trucks)
    }
    pub fn run() -> String { format!("{:?}", fill(&[3, 1, 2])) }
}

// refused
mod inside_of_an_option {
    #[resumable(backend = store())]
    fn best(bids: &[u64]) -> Result<Option<u64>, Stop> {
        let mut highest = Some(0);
        if let Some(bid) = highest.as_mut() {
            for offer in bids {
                step("bid", offer)?;
                *bid = (*bid).max(*offer);
            }
        }
        Ok(highest)
    }
    pub fn run() -> String { format!("{:?}", best(&[3, 1, 2])) }
}

// refused
mod mutable_in_a_pattern {
    #[resumable(backend = store())]
    fn sum(parcels: &[u64], start: Option<u64>) -> Result<u64, Stop> {
        if let Some(mut weight) = start {
            for parcel in parcels {
                step("parcel", parcel)?;
                weight += parcel;
            }
            return Ok(weight);
        }
        Ok(0)
    }
    pub fn run() -> String { format!("{:?}", sum(&[3, 1, 2], Some(1))) }
}

// refused
mod arm_of_a_match {
    #[derive(Default)]
    struct Meter { sum: u64, count: u64 }
    #[resumable(backend = store())]
    fn measure(values: &[u64]) -> Result<(u64, u64), Stop> {
        let mut meter = Meter::default();
        match &mut meter {
            it => for value in values {
                step("value", value)?;
                it.sum += value;
                it.count += 1;
            },
        }
        Ok((meter.sum, meter.count))
    }
    pub fn run() -> String { format!("{:?}", measure(&[3, 1, 2])) }
}

// refused
mod fields_by_reference {
    #[derive(Default)]
    struct Meter { sum: u64, count: u64 }
    #[resumable(backend = store())]
    fn measure(values: &[u64]) -> Result<(u64, u64), Stop> {
        let mut meter = Meter::default();
        let Meter { sum, count } = &mut meter;
        for value in values {
            step("value", value)?;
            *sum += value;
            *count += 1;
        }
        Ok((meter.sum, meter.count))
    }
    pub fn run() -> String { format!("{:?}", measure(&[3, 1, 2])) }
}

// refused
mod halves_of_a_slice {
    #[resumable(backend = store())]
    fn histogram(values: &[u64]) -> Result<Vec<u64>, Stop> {
        let mut counts = vec![0; 6];
        let (low, high) = counts.split_at_mut(3);
        for value in values {
            step("value", value)?;
            let at = *value as usize;
            if at < 3 { low[at] += 1 } else { high[at - 3] += 1 }
        }
        Ok(counts)
    }
    pub fn run() -> String { format!("{:?}", histogram(&[3, 1, 5, 1])) }
}

// refused
mod reader_by_its_name {
    struct Reader { line: u64, bad: Vec<u64> }
    impl Reader {
        fn parse(&mut self, text: &str) -> Option<u64> {
            self.line += 1;
            let number = text.parse().ok();
            if number.is_none() { self.bad.push(self.line) }
            number
        }
    }
    #[resumable(backend = store())]
    fn check(lines: &[&str]) -> Result<Vec<u64>, Stop> {
        let mut reader = Reader { line: 0, bad: vec![] };
        for line in lines {
            step("line", line)?;
            reader.parse(line);
        }
        Ok(reader.bad)
    }
    pub fn run() -> String { format!("{:?}", check(&["1", "x", "2", "y"])) }
}

// refused
mod smallest_and_largest_by_their_names {
    #[derive(Debug, Default)]
    struct Span { from: i64, to: i64 }
    impl Span {
        fn min(&mut self, value: i64) { self.from = i64::min(self.from, value) }
        fn max(&mut self, value: i64) { self.to = i64::max(self.to, value) }
    }
    #[resumable(backend = store())]
    fn span(values: &[i64]) -> Result<Span, Stop> {
        let mut span = Span::default();
        for value in values {
            step("value", value)?;
            span.min(*value);
            span.max(*value);
        }
        Ok(span)
    }
    pub fn run() -> String { format!("{:?}", span(&[-3, 4, 9, -7])) }
}

// refused
mod first_that_gives_a_reference {
    struct Bucket(Vec<u64>);
    impl Bucket {
        fn first(&mut self) -> &mut u64 { &mut self.0[0] }
    }
    #[resumable(backend = store())]
    fn pour(drops: &[u64]) -> Result<Vec<u64>, Stop> {
        let mut bucket = Bucket(vec![0]);
        for drop in drops {
            step("drop", drop)?;
            *bucket.first() += drop;
        }
        Ok(bucket.0)
    }
    pub fn run() -> String { format!("{:?}", pour(&[3, 1, 2])) }
}

// refused
mod numbers_in_json {
    #[resumable(backend = store())]
    fn number(names: &[&str]) -> Result<(), Stop> {
        let mut ids = 100..;
        for name in names {
            let row = serde_json::json!({ "name": name, "id": ids.next() });
            step("row", row)?;
        }
        Ok(())
    }
    pub fn run() -> String { format!("{:?}", number(&["a", "b", "c"])) }
}

// refused
mod list_of_one_value {
    fn next(number: &mut u64) -> u64 {
        *number += 1;
        *number
    }
    #[resumable(backend = store())]
    fn tickets(guests: &[u64]) -> Result<(), Stop> {
        let mut number = 0;
        for guest in guests {
            let pair = vec![next(&mut number); 2];
            step("guest", (guest, pair))?;
        }
        Ok(())
    }
    pub fn run() -> String { format!("{:?}", tickets(&[3, 1, 2])) }
}

// refused
mod fields_of_an_event {
    macro_rules! event {
        ($($key:ident = $value:expr,)* $text:literal) => { $(see($text, $value);)* };
    }
    #[resumable(backend = store())]
    fn ship(orders: &[u64]) -> Result<u64, Stop> {
        let mut count = 0;
        for order in orders {
            step("order", order)?;
            event!(count = { count += 1; count }, "shipped");
        }
        Ok(count)
    }
    pub fn run() -> String { format!("{:?}", ship(&[3, 1, 2])) }
}

// refused
mod receiver_by_value {
    #[derive(Clone, Debug, Default)]
    struct Till { sum: u64 }
    impl Till {
        #[resumable(backend = store())]
        fn ring(mut self, prices: &[u64]) -> Result<Till, Stop> {
            for price in prices {
                step("price", price)?;
                self.sum += price;
            }
            Ok(self)
        }
    }
    pub fn run() -> String { format!("{:?}", Till::default().ring(&[3, 1, 2])) }
}

// refused
mod argument_in_a_pattern {
    #[resumable(backend = store())]
    fn add((mut sum, values): (u64, &[u64])) -> Result<u64, Stop> {
        for value in values {
            step("value", value)?;
            sum += value;
        }
        Ok(sum)
    }
    pub fn run() -> String { format!("{:?}", add((5, &[3, 1, 2]))) }
}

// refused
mod two_that_change_places {
    #[resumable(backend = store())]
    fn fibonacci(rounds: &[u64]) -> Result<(u64, u64), Stop> {
        let (mut before, mut now) = (0, 1);
        for round in rounds {
            step("round", round)?;
            std::mem::swap(&mut before, &mut now);
            now += before;
        }
        Ok((before, now))
    }
    pub fn run() -> String { format!("{:?}", fibonacci(&[3, 1, 2])) }
}

// refused
mod cell_behind_a_boxed_closure {
    use std::cell::Cell;
    use std::rc::Rc;
    #[resumable(backend = store())]
    fn add(values: &[u64]) -> Result<u64, Stop> {
        let sum = Rc::new(Cell::new(0));
        let shared = Rc::clone(&sum);
        let more: Box<dyn Fn(u64)> = Box::new(move |value| shared.set(shared.get() + value));
        for value in values {
            step("value", value)?;
            more(*value);
        }
        Ok(sum.get())
    }
    pub fn run() -> String { format!("{:?}", add(&[3, 1, 2])) }
}

// refused
mod begun_later {
    #[resumable(backend = store())]
    fn add(values: &[u64]) -> Result<u64, Stop> {
        let mut sum;
        sum = 0;
        for value in values {
            step("value", value)?;
            sum += value;
        }
        Ok(sum)
    }
    pub fn run() -> String { format!("{:?}", add(&[3, 1, 2])) }
}

// refused
mod inside_of_a_field {
    struct Account { balance: Option<u64> }
    #[resumable(backend = store())]
    fn deposit(amounts: &[u64]) -> Result<Option<u64>, Stop> {
        let mut account = Account { balance: Some(1) };
        let Some(balance) = account.balance.as_mut() else { return Ok(None) };
        for amount in amounts {
            step("amount", amount)?;
            *balance += amount;
        }
        Ok(account.balance)
    }
    pub fn run() -> String { format!("{:?}", deposit(&[3, 1, 2])) }
}

// refused
mod slots_beside_items {
    #[resumable(backend = store())]
    fn squares(values: &[u64]) -> Result<Vec<u64>, Stop> {
        let mut slots = vec![0; values.len()];
        for (slot, value) in slots.iter_mut().zip(values) {
            step("value", value)?;
            *slot = value * value;
        }
        Ok(slots)
    }
    pub fn run() -> String { format!("{:?}", squares(&[3, 1, 2])) }
}

// refused
mod argument_walked_in_place {
    #[resumable(backend = store())]
    fn raise(mut wages: Vec<u64>) -> Result<Vec<u64>, Stop> {
        for wage in &mut wages {
            step("wage", *wage)?;
            *wage += 100;
        }
        Ok(wages)
    }
    pub fn run() -> String { format!("{:?}", raise(vec![3, 1, 2])) }
}

// refused
mod fields_that_are_missing {
    #[derive(Clone, Debug)]
    struct Person { id: u64, mail: Option<String> }
    #[resumable(backend = store())]
    fn complete(mut people: Vec<Person>) -> Result<Vec<Person>, Stop> {
        for person in people.iter_mut().filter(|it| it.mail.is_none()) {
            step("person", person.id)?;
            person.mail = Some(format!("{}@home", person.id));
        }
        Ok(people)
    }
    pub fn run() -> String {
        format!("{:?}", complete((1..4).map(|id| Person { id, mail: None }).collect()))
    }
}

// refused
mod sum_of_an_inner_loop {
    #[resumable(backend = store(), carry(sums))]
    fn add(rooms: &[&[u64]]) -> Result<Vec<u64>, Stop> {
        let mut sums = Vec::new();
        #[resume]
        for room in rooms {
            let mut sum = 0;
            #[resume]
            for chairs in *room {
                step("chairs", chairs)?;
                sum += chairs;
            }
            sums.push(sum);
        }
        Ok(sums)
    }
    pub fn run() -> String { format!("{:?}", add(&[&[3, 1], &[2], &[4, 4]])) }
}

// refused
mod sum_in_the_items_of_an_outer_loop {
    #[resumable(backend = store(), carry(sums))]
    fn add(rooms: &[&[u64]]) -> Result<Vec<u64>, Stop> {
        let mut sums = Vec::new();
        #[resume]
        for (mut sum, room) in rooms.iter().map(|room| (0, room)) {
            #[resume]
            for chairs in *room {
                step("chairs", chairs)?;
                sum += chairs;
            }
            sums.push(sum);
        }
        Ok(sums)
    }
    pub fn run() -> String { format!("{:?}", add(&[&[3, 1], &[2], &[4, 4]])) }
}

// refused
mod carried_through_a_closure_from_before {
    #[resumable(backend = store(), carry(sum))]
    fn add(values: &[u64]) -> Result<u64, Stop> {
        let mut sum = 0;
        let mut more = |value: &u64| sum += value;
        for value in values {
            step("value", value)?;
            more(value);
        }
        Ok(sum)
    }
    pub fn run() -> String { format!("{:?}", add(&[3, 1, 2])) }
}

// refused
mod struct_of_references {
    struct Context<'a> { count: &'a mut u64, names: &'a mut Vec<u64> }
    #[resumable(backend = store())]
    fn add(values: &[u64]) -> Result<(u64, Vec<u64>), Stop> {
        let (mut count, mut names) = (0, vec![]);
        let context = Context { count: &mut count, names: &mut names };
        for value in values {
            step("value", value)?;
            *context.count += 1;
            context.names.push(*value);
        }
        Ok((count, names))
    }
    pub fn run() -> String { format!("{:?}", add(&[3, 1, 2])) }
}

// refused
mod lines_from_before {
    use std::io::BufRead;
    #[resumable(backend = store())]
    fn pair(values: &[u64], text: &str) -> Result<(), Stop> {
        let mut lines = std::io::Cursor::new(text).lines();
        for value in values {
            let line = lines.next().map(Result::unwrap);
            step("line", (value, line))?;
        }
        Ok(())
    }
    pub fn run() -> String { format!("{:?}", pair(&[3, 1, 2], "a\nb\nc")) }
}

// refused
mod cache_by_its_getter {
    #[derive(Default)]
    struct Cache { known: Vec<u64>, misses: u64 }
    impl Cache {
        fn get(&mut self, key: u64) -> u64 {
            if !self.known.contains(&key) {
                self.misses += 1;
                self.known.push(key);
            }
            key * 10
        }
    }
    #[resumable(backend = store())]
    fn look_up(keys: &[u64]) -> Result<u64, Stop> {
        let mut cache = Cache::default();
        for key in keys {
            step("found", cache.get(*key))?;
        }
        Ok(cache.misses)
    }
    pub fn run() -> String { format!("{:?}", look_up(&[3, 1, 3, 2])) }
}

// kept or refused
mod rows_walked_in_place_and_carried {
    #[resumable(backend = store(), carry(rows))]
    fn double(ids: &[u64]) -> Result<Vec<(u64, u64)>, Stop> {
        let mut rows: Vec<(u64, u64)> = ids.iter().map(|id| (*id, 0)).collect();
        for row in rows.iter_mut() {
            step("row", row.0)?;
            row.1 = row.0 * 2;
        }
        Ok(rows)
    }
    pub fn run() -> String { format!("{:?}", double(&[3, 1, 2])) }
}

// kept or refused
mod function_that_changes_something {
    #[resumable(backend = store())]
    fn call(values: &[u64], mut price: impl FnMut(u64) -> u64) -> Result<u64, Stop> {
        for value in values {
            step("price", price(*value))?;
        }
        Ok(0)
    }
    pub fn run() -> String {
        let mut raise = 0;
        format!("{:?}", call(&[3, 1, 2], |value| { raise += 1; value + raise }))
    }
}

// kept or refused repeats 2
mod own_type_by_the_name_of_a_primitive {
    type u64 = Vec<u8>;
    #[resumable(backend = store())]
    fn empty(values: &[u8], limit: u64) -> Result<usize, Stop> {
        for value in values {
            step("value", value)?;
            if *value == 2 {
                drop(limit);
                break;
            }
        }
        step("behind", 0)?;
        Ok(values.len())
    }
    pub fn run() -> String { format!("{:?}", empty(&[3, 1, 2], vec![1])) }
}

// kept
mod an_empty_list_whose_type_the_end_tells {
    #[resumable(backend = store(), carry(total))]
    fn add(values: &[u64]) -> Result<Vec<u64>, Stop> {
        let mut all = Vec::new();
        let mut total = 0;
        for value in values { step("add", value)?; if all.is_empty() { total += value; } }
        all.push(total);
        Ok(all)
    }
    pub fn run() -> String { format!("{:?}", add(&[3, 1, 2])) }
}

// refused
mod a_list_that_is_filled_with_cells {
    use std::cell::Cell;
    #[resumable(backend = store())]
    fn add(values: &[u64]) -> Result<u64, Stop> {
        let mut cells = Vec::new();
        for _ in 0..3 { cells.push(Cell::new(0)); }
        #[resume]
        for value in values { step("add", value)?; cells[0].set(cells[0].get() + value); }
        Ok(cells[0].get())
    }
    pub fn run() -> String { format!("{:?}", add(&[3, 1, 2])) }
}
