// Values of all types come back as they were, however the loop changes them.

// kept repeats 3
mod broken_off_and_failing_behind {
    #[resumable(backend = store(), carry(sum))]
    fn fill(cups: &[u64]) -> Result<u64, Stop> {
        let mut sum = 0;
        for cup in cups {
            step("cup", cup)?;
            sum += cup;
            if sum > 4 { break }
        }
        step("wash", 0)?;
        step("dry", 0)?;
        Ok(sum)
    }
    pub fn run() -> String { format!("{:?}", fill(&[3, 1, 2, 9])) }
}

// kept
mod hidden_by_another_of_its_name {
    #[resumable(backend = store(), carry(price))]
    fn add(parts: &[u64]) -> Result<u64, Stop> {
        let price = "12";
        let price: u64 = price.parse().unwrap();
        let mut price = price + 1;
        for part in parts {
            let before = price;
            step("part", part)?;
            price += part;
            let price = before;
            see("before", price);
        }
        Ok(price)
    }
    pub fn run() -> String { format!("{:?}", add(&[3, 1, 2])) }
}

// kept repeats 3 save_every 3
mod boxed_in_itself {
    #[derive(Debug, Default, serde::Serialize, serde::Deserialize)]
    struct Tree { leaves: BTreeMap<String, Vec<u64>>, height: f64, inner: Option<Box<Tree>> }
    #[resumable(backend = store(), carry(tree), save_every = 3)]
    fn grow_tree(values: &[u64]) -> Result<String, Stop> {
        let mut tree = Tree { height: f64::NAN, ..Tree::default() };
        for value in values {
            step("value", value)?;
            tree.leaves.entry(format!("leaf{}\0", value % 2)).or_default().push(*value);
            let old = std::mem::take(&mut tree);
            tree = Tree { leaves: old.leaves.clone(), height: -0.0, inner: Some(Box::new(old)) };
        }
        Ok(format!("{tree:?}"))
    }
    pub fn run() -> String { format!("{:?}", grow_tree(&[3, 1, 2, 4])) }
}

// documented
mod left_out_by_its_serialize {
    #[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]
    struct Index { count: u64, #[serde(skip)] recent: Vec<u64> }
    #[resumable(backend = store(), carry(index))]
    fn add(values: &[u64]) -> Result<String, Stop> {
        let mut index = Index::default();
        for value in values {
            step("value", value)?;
            index.count += 1;
            index.recent.push(*value);
        }
        Ok(format!("{index:?}"))
    }
    pub fn run() -> String { format!("{:?}", add(&[3, 1, 2])) }
}

// refused
mod generic_without_serde {
    #[resumable(backend = store(), carry(sum))]
    fn add<T: Copy + Default + std::ops::AddAssign + std::fmt::Debug>(values: &[T]) -> Result<T, Stop> {
        let mut sum = T::default();
        for value in values {
            step("value", value)?;
            sum += *value;
        }
        Ok(sum)
    }
    pub fn run() -> String { format!("{:?}", add(&[3u8, 1, 2])) }
}

// refused
mod borrowed_from_the_items {
    #[resumable(backend = store(), carry(before))]
    fn repeated(words: &[String]) -> Result<(), Stop> {
        let mut before = None;
        for word in words {
            step(if before == Some(word) { "again" } else { "word" }, word)?;
            before = Some(word);
        }
        Ok(())
    }
    pub fn run() -> String { format!("{:?}", repeated(&["a".into(), "a".into(), "b".into()])) }
}

// kept
mod range_that_counts {
    #[resumable(backend = store(), carry(ids))]
    fn number(names: &[&str]) -> Result<u64, Stop> {
        let mut ids = 10u64..;
        for name in names {
            let id = ids.next().unwrap();
            step("name", (id, name))?;
        }
        Ok(ids.start)
    }
    pub fn run() -> String { format!("{:?}", number(&["a", "a", "b"])) }
}

// kept or refused
mod shared_with_another {
    use std::cell::RefCell;
    use std::rc::Rc;
    #[resumable(backend = store(), carry(one))]
    fn note(values: &[u64]) -> Result<Vec<u64>, Stop> {
        let mut one = Rc::new(RefCell::new(Vec::new()));
        let other = Rc::clone(&one);
        for value in values {
            step("value", value)?;
            one.borrow_mut().push(*value);
            other.borrow_mut().push(value * 10);
        }
        Ok(one.take())
    }
    pub fn run() -> String { format!("{:?}", note(&[3, 1, 2])) }
}

// kept
mod rows_by_their_index {
    #[resumable(backend = store(), carry(rows))]
    fn price(mut rows: Vec<(u64, u64)>) -> Result<Vec<(u64, u64)>, Stop> {
        for at in 0..rows.len() {
            step("row", rows[at].0)?;
            rows[at].1 = rows[at].0 * 2;
        }
        Ok(rows)
    }
    pub fn run() -> String { format!("{:?}", price(vec![(3, 0), (1, 0), (2, 0)])) }
}

// kept
mod moved_through_what_may_fail {
    fn with(mut list: Vec<u64>, value: u64) -> Result<Vec<u64>, Stop> {
        step("with", value)?;
        list.push(value);
        Ok(list)
    }
    #[resumable(backend = store(), carry(list))]
    fn collect(values: &[u64]) -> Result<Vec<u64>, Stop> {
        let mut list = vec![];
        for value in values {
            list = with(list, *value)?;
        }
        Ok(list)
    }
    pub fn run() -> String { format!("{:?}", collect(&[3, 1, 2])) }
}

// kept repeats 3 save_every 3
mod moved_between_saves {
    fn with(mut list: Vec<u64>, value: u64) -> Result<Vec<u64>, Stop> {
        step("with", value)?;
        list.push(value);
        Ok(list)
    }
    #[resumable(backend = store(), carry(list, turn), save_every = 3)]
    fn collect(values: &[u64]) -> Result<Vec<u64>, Stop> {
        let mut list = vec![];
        let mut turn = 0u8;
        for value in values {
            turn = turn.wrapping_add(90);
            list = with(list, *value)?;
        }
        list.push(turn.into());
        Ok(list)
    }
    pub fn run() -> String { format!("{:?}", collect(&[3, 1, 2, 4, 5, 6, 7])) }
}

// kept
mod runs_of_equal_items {
    #[resumable(backend = store(), carry(open, runs))]
    fn group(values: &[(char, u64)]) -> Result<Vec<(char, u64)>, Stop> {
        let mut open: Option<(char, u64)> = None;
        let mut runs = Vec::new();
        for &(kind, count) in values {
            step("value", (kind, count))?;
            match &mut open {
                Some((known, sum)) if *known == kind => *sum += count,
                _ => runs.extend(open.replace((kind, count))),
            }
        }
        runs.extend(open);
        Ok(runs)
    }
    pub fn run() -> String { format!("{:?}", group(&[('x', 3), ('x', 1), ('y', 2), ('x', 4)])) }
}

// kept
mod sliding_mean {
    use std::collections::VecDeque;
    #[resumable(backend = store(), carry(window, means))]
    fn smooth(values: &[f64]) -> Result<Vec<f64>, Stop> {
        let mut window = VecDeque::with_capacity(2);
        let mut means = Vec::new();
        for value in values {
            step("value", value)?;
            if window.len() == 2 { window.pop_front(); }
            window.push_back(*value);
            means.push(window.iter().sum::<f64>() / window.len() as f64);
        }
        Ok(means)
    }
    pub fn run() -> String { format!("{:?}", smooth(&[3.0, f64::NEG_INFINITY, 1.5, 2.0, f64::NAN])) }
}

// kept
mod text_that_is_written_to {
    use std::fmt::Write as _;
    #[resumable(backend = store(), carry(page))]
    fn print(rows: &[(&str, f64)]) -> Result<String, Stop> {
        let mut page = String::from("head\n");
        for (name, price) in rows {
            step("row", name)?;
            writeln!(page, "{name}: {price:.1}").unwrap();
            page += "-";
            page.push_str(&"=".repeat(3));
        }
        Ok(page)
    }
    pub fn run() -> String { format!("{:?}", print(&[("a", 3.0), ("b\0", 1.25)])) }
}

// kept
mod flag_of_the_first_item {
    #[resumable(backend = store(), carry(first))]
    fn send(parts: &[u64]) -> Result<(), Stop> {
        let mut first = true;
        for part in parts {
            step(if std::mem::take(&mut first) { "head" } else { "part" }, part)?;
        }
        Ok(())
    }
    pub fn run() -> String { format!("{:?}", send(&[3, 1, 2])) }
}

// kept
mod counts_in_an_array {
    #[resumable(backend = store(), carry(counts))]
    fn count(text: &str) -> Result<Vec<(usize, u64)>, Stop> {
        let mut counts = [0u64; 26];
        for letter in text.chars() {
            step("letter", letter)?;
            if let at @ 0..26 = u32::from(letter).wrapping_sub(97) { counts[at as usize] += 1 }
        }
        Ok(counts.into_iter().enumerate().filter(|(_, count)| *count > 0).collect())
    }
    pub fn run() -> String { format!("{:?}", count("abba z!")) }
}

// kept or refused
mod array_longer_than_serde_takes {
    #[resumable(backend = store(), carry(counts))]
    fn count(bytes: &[u8]) -> Result<u64, Stop> {
        let mut counts = [0u64; 200];
        for byte in bytes {
            step("byte", byte)?;
            counts[*byte as usize] += 1;
        }
        Ok(counts.iter().sum())
    }
    pub fn run() -> String { format!("{:?}", count(b"abba")) }
}

// kept or refused
mod instant {
    #[resumable(backend = store(), carry(since))]
    fn tick(values: &[u64]) -> Result<bool, Stop> {
        let mut since = std::time::Instant::now();
        for value in values {
            step("value", value)?;
            if since.elapsed().as_secs() > 9 { since = std::time::Instant::now() }
        }
        Ok(true)
    }
    pub fn run() -> String { format!("{:?}", tick(&[3, 1])) }
}

// kept
mod field_taken_into_a_local {
    struct Basket { fruits: Vec<u64> }
    impl Basket {
        #[resumable(backend = store(), carry(fruits))]
        fn fill(&mut self, picked: &[u64]) -> Result<usize, Stop> {
            let mut fruits = std::mem::take(&mut self.fruits);
            for fruit in picked {
                step("fruit", fruit)?;
                fruits.push(*fruit);
            }
            self.fruits = fruits;
            Ok(self.fruits.len())
        }
    }
    pub fn run() -> String {
        let mut basket = Basket { fruits: vec![8] };
        let filled = basket.fill(&[3, 1, 2]);
        format!("{filled:?} {:?}", basket.fruits)
    }
}

// kept
mod map_of_the_callers {
    #[resumable(backend = store(), carry(sums))]
    fn add(values: &[u64], sums: &mut BTreeMap<u64, u64>) -> Result<usize, Stop> {
        for value in values {
            step("value", value)?;
            *sums.entry(value % 2).or_default() += value;
        }
        step("behind", 0)?;
        Ok(sums.len())
    }
    pub fn run() -> String {
        let mut sums = [(7, 7)].into();
        let added = add(&[3, 1, 2], &mut sums);
        format!("{added:?} {sums:?}")
    }
}

// kept
mod argument_reference_and_local {
    #[resumable(backend = store(), carry(one, two, three))]
    fn mix(mut one: u64, two: &mut u64, values: &[u64]) -> Result<(u64, u64, u64), Stop> {
        let mut three = 6;
        for value in values {
            step("value", value)?;
            one += value;
            *two += one;
            three ^= *two;
        }
        Ok((one, *two, three))
    }
    pub fn run() -> String {
        let mut two = 5;
        let mixed = mix(4, &mut two, &[3, 1, 2]);
        format!("{mixed:?} {two}")
    }
}

// kept
mod words_by_their_count {
    use std::collections::HashMap;
    #[resumable(backend = store(), carry(counts))]
    fn count(lines: &[&str]) -> Result<Vec<(String, u64)>, Stop> {
        let mut counts: HashMap<String, u64> = HashMap::new();
        for line in lines {
            step("line", line)?;
            for word in line.split_whitespace() {
                *counts.entry(word.to_lowercase()).or_insert(0) += 1;
            }
        }
        let mut sorted: Vec<_> = counts.into_iter().collect();
        sorted.sort();
        Ok(sorted)
    }
    pub fn run() -> String { format!("{:?}", count(&["a B", "b c", "A"])) }
}

// kept
mod errors_noted_in_a_closure {
    #[resumable(backend = store(), carry(bad, sum))]
    fn add(lines: &[&str]) -> Result<(Vec<String>, i64), Stop> {
        let mut bad = Vec::new();
        let mut sum = 0i64;
        for (at, line) in lines.iter().enumerate() {
            let number = line.parse::<i64>().unwrap_or_else(|error| {
                bad.push(format!("{at}: {error}"));
                0
            });
            step("line", line)?;
            sum += number;
        }
        Ok((bad, sum))
    }
    pub fn run() -> String { format!("{:?}", add(&["3", "x", "2"])) }
}

// kept
mod closure_in_the_body {
    #[resumable(backend = store(), carry(sum, list))]
    fn add(values: &[u64]) -> Result<(u64, Vec<u64>), Stop> {
        let mut sum = 0;
        let mut list = Vec::new();
        for value in values {
            let mut more = |by: u64| { sum += by; list.push(by); };
            more(*value);
            more(value * 2);
            step("value", value)?;
        }
        Ok((sum, list))
    }
    pub fn run() -> String { format!("{:?}", add(&[3, 1, 2])) }
}

// kept
mod part_of_a_buffer {
    #[resumable(backend = store(), carry(buffer))]
    fn copy(values: &[u8]) -> Result<Vec<u8>, Stop> {
        let mut buffer = vec![0u8; 6];
        for (at, value) in values.iter().enumerate() {
            step("value", value)?;
            buffer[at * 2..at * 2 + 2].copy_from_slice(&[*value, value + 1]);
            buffer[..2].swap(0, 1);
        }
        Ok(buffer)
    }
    pub fn run() -> String { format!("{:?}", copy(&[3, 1, 2])) }
}

// kept
mod assigned_as_a_pattern {
    #[resumable(backend = store(), carry(one, two))]
    fn walk(values: &[u64]) -> Result<(u64, u64), Stop> {
        let mut one = 0u64;
        let mut two = 1u64;
        for value in values {
            step("value", value)?;
            [one, two] = [two, one + two * value];
            let either = if value % 2 == 0 { &mut one } else { &mut two };
            *either += 1;
        }
        Ok((one, two))
    }
    pub fn run() -> String { format!("{:?}", walk(&[3, 1, 2, 4])) }
}

// kept
mod default_method {
    trait Priced {
        fn price(&self) -> u64;
        #[resumable(backend = store(), carry(sum))]
        fn total(&self, counts: &[u64]) -> Result<u64, Stop> where Self: Sized {
            let mut sum = 0;
            for count in counts {
                step("count", count)?;
                sum += count * self.price();
            }
            Ok(sum)
        }
    }
    impl Priced for u8 {
        fn price(&self) -> u64 { u64::from(*self) }
    }
    pub fn run() -> String { format!("{:?}", 3u8.total(&[3, 1, 2])) }
}

// kept
mod method_of_a_generic_type {
    struct Stamp<T> { with: T }
    impl<T: Clone + std::fmt::Debug + serde::Serialize + serde::de::DeserializeOwned> Stamp<T> {
        #[resumable(backend = store(), carry(stamped))]
        fn all(&self, letters: &[u64]) -> Result<Vec<T>, Stop> {
            let mut stamped: Vec<T> = vec![];
            for letter in letters {
                step("letter", letter)?;
                stamped.push(self.with.clone());
            }
            Ok(stamped)
        }
    }
    pub fn run() -> String { format!("{:?}", Stamp { with: "x".to_owned() }.all(&[3, 1, 2])) }
}

// kept
mod levels_of_a_tree {
    #[resumable(backend = store(), carry(level, seen))]
    fn walk(depth: u64) -> Result<Vec<u64>, Stop> {
        let mut level = vec![1u64];
        let mut seen = Vec::new();
        for at in 0..depth {
            step("level", at)?;
            let mut below = vec![];
            for node in level.drain(..) {
                seen.push(node);
                below.extend([node * 2, node * 2 + 1]);
            }
            level = below;
        }
        Ok(seen)
    }
    pub fn run() -> String { format!("{:?}", walk(3)) }
}

// kept
mod one_begins_with_another {
    #[resumable(backend = store(), carry(one, two))]
    fn add(values: &[u64]) -> Result<(u64, u64), Stop> {
        let mut one = 4;
        let mut two = one * 10;
        for value in values {
            step("value", value)?;
            one += value;
            two += one;
        }
        Ok((one, two))
    }
    pub fn run() -> String { format!("{:?}", add(&[3, 1, 2])) }
}

// kept
mod text_of_the_item_before {
    #[resumable(backend = store(), carry(before, kept))]
    fn dedup(words: &[&str]) -> Result<Vec<String>, Stop> {
        let mut before = String::new();
        let mut kept = vec![];
        for &word in words {
            if word == before { continue }
            step("word", word)?;
            kept.push(format!("{before}{word}"));
            word.clone_into(&mut before);
        }
        Ok(kept)
    }
    pub fn run() -> String { format!("{:?}", dedup(&["a", "a", "b", "b", "a"])) }
}

// kept
mod results_that_are_extended {
    #[resumable(backend = store(), carry(found))]
    fn search(values: &[u64]) -> Result<Vec<u64>, Stop> {
        let mut found = Results::new();
        for value in values {
            step("value", value)?;
            found.extend([*value; 2]);
            if found.len() > 4 { found = found.iter().map(|it| it + 1).fold(Results::new(), grown) }
        }
        Ok(found.to_vec())
    }
    pub fn run() -> String { format!("{:?}", search(&[3, 1, 2, 6])) }
}

// kept or refused
mod results_with_cells {
    use std::cell::Cell;
    #[resumable(backend = store(), carry(found))]
    fn search(values: &[u64]) -> Result<Vec<u64>, Stop> {
        let mut found: Results<Cell<u64>> = Results::new();
        for value in values {
            step("value", value)?;
            found.push(Cell::new(*value));
            found.iter().for_each(|it| it.set(it.get() + 100));
        }
        Ok(found.iter().map(Cell::get).collect())
    }
    pub fn run() -> String { format!("{:?}", search(&[3, 1, 2])) }
}

// kept
mod results_that_begin_anew {
    #[resumable(backend = store(), carry(found))]
    fn search(values: &[u64]) -> Result<Vec<u64>, Stop> {
        let mut found: Results<u64> = Results::new();
        for value in values {
            step("value", value)?;
            if value % 2 == 0 { found = Results::new() }
            found.push(*value);
            found.push(value * 2);
        }
        Ok(found.to_vec())
    }
    pub fn run() -> String { format!("{:?}", search(&[3, 1, 2, 5, 4, 7])) }
}

// kept
mod results_in_batches {
    #[resumable(backend = store(), carry(batch))]
    fn send(values: &[u64]) -> Result<Vec<u64>, Stop> {
        let mut batch: Results<u64> = Results::new();
        for value in values {
            step("value", value)?;
            batch.push(*value);
            if batch.len() == 3 {
                see("batch", &batch[..]);
                drop(std::mem::take(&mut batch));
                batch.push(0);
            }
        }
        Ok(batch.to_vec())
    }
    pub fn run() -> String { format!("{:?}", send(&[3, 1, 2, 5, 4, 7])) }
}

// kept repeats 4 save_every 3
mod results_returned_early {
    #[resumable(backend = store(), carry(found, count), save_every = 3)]
    fn search(values: &[u64]) -> Result<Vec<u64>, Stop> {
        let mut found = Results::new();
        let mut count = 0;
        for value in values {
            step("value", value)?;
            found.push(*value);
            count += 1;
            if *value == 7 {
                step("found", 0)?;
                return Ok(vec![count, found.len() as u64]);
            }
        }
        Ok(found.to_vec())
    }
    pub fn run() -> String { format!("{:?}", search(&[3, 1, 2, 5, 4, 7, 8])) }
}

// kept
mod results_of_another_job {
    #[resumable(backend = store(), name = format!("squares of {of}"), carry(rows))]
    fn squares(of: u64) -> Result<Results<u64>, Stop> {
        let mut rows = Results::new();
        for number in 0..3 {
            rows.push(number * of);
        }
        Ok(rows)
    }
    #[resumable(backend = store(), carry(rows))]
    fn last(values: &[u64]) -> Result<Vec<u64>, Stop> {
        let mut rows: Results<u64> = Results::new();
        for value in values {
            rows = squares(*value)?;
            step("value", value)?;
        }
        step("behind", 0)?;
        Ok(rows.to_vec())
    }
    pub fn run() -> String { format!("{:?}", last(&[3, 1, 2])) }
}

// kept
mod results_that_change_places {
    #[resumable(backend = store(), carry(one, two))]
    fn sort(values: &[u64]) -> Result<(Vec<u64>, Vec<u64>), Stop> {
        let mut one = Results::new();
        let mut two = Results::new();
        for value in values {
            step("value", value)?;
            one.push(*value);
            two.push(value * 10);
            if value % 2 == 0 { std::mem::swap(&mut one, &mut two) }
        }
        step("behind", 0)?;
        Ok((one.to_vec(), two.to_vec()))
    }
    pub fn run() -> String { format!("{:?}", sort(&[3, 2, 2, 1, 4, 5])) }
}

// kept
mod results_replaced_by_a_clone {
    #[resumable(backend = store(), carry(one, two))]
    fn copy(values: &[u64]) -> Result<(Vec<u64>, Vec<u64>), Stop> {
        let mut one = Results::new();
        let mut two = Results::new();
        for value in values {
            step("value", value)?;
            one.push(*value);
            two.push(value * 10);
            if *value == 2 { one = two.clone() }
            if *value == 4 { two = one.iter().rev().fold(Results::new(), |list, it| grown(list, *it)) }
        }
        step("behind", 0)?;
        Ok((one.to_vec(), two.to_vec()))
    }
    pub fn run() -> String { format!("{:?}", copy(&[3, 2, 1, 4, 5])) }
}

// kept repeats 2
mod results_refilled_between {
    #[resumable(backend = store(), carry(all, some))]
    fn fill(values: &[u64]) -> Result<(Vec<u64>, Vec<u64>), Stop> {
        let mut all = Results::new();
        let mut some = Results::new();
        for value in values {
            step("value", value)?;
            all.push(*value);
            let kept: Vec<u64> = some.iter().copied().take(1).collect();
            some = Results::new();
            some.extend(kept);
            some.extend([value + 1, value + 2]);
        }
        step("behind", 0)?;
        Ok((all.to_vec(), some.to_vec()))
    }
    pub fn run() -> String { format!("{:?}", fill(&[3, 1, 2])) }
}
