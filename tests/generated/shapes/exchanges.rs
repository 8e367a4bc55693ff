// A carried variable is what it was at each place, however its value is taken, lent, exchanged or given back there.

// kept repeats 3
mod taken_between_two_loops {
    #[resumable(backend = store(), carry(rows, done))]
    fn sort(values: &[u64]) -> Result<String, Stop> {
        let mut rows: Vec<u64> = Vec::new();
        let mut done: Vec<Vec<u64>> = Vec::new();
        #[resume]
        for value in values {
            step("value", (value, &rows))?;
            rows.push(*value);
        }
        done.push(std::mem::take(&mut rows));
        see("taken", (&rows, &done));
        #[resume]
        for value in values {
            step("again", (value, rows.len(), done.len()))?;
            rows.push(value * 10);
            if rows.len() == 2 { done.push(std::mem::take(&mut rows)); }
        }
        done.push(std::mem::take(&mut rows));
        step("behind", &done)?;
        Ok(format!("{rows:?} {done:?}"))
    }
    pub fn run() -> String { format!("{:?}", sort(&[3, 1, 2])) }
}

// kept repeats 3
mod swapped_in_and_between_the_loops {
    #[resumable(backend = store(), carry(left, right))]
    fn deal(values: &[u64]) -> Result<String, Stop> {
        let mut left = vec![100];
        let mut right: Vec<u64> = Vec::new();
        #[resume]
        for value in values {
            step("value", (value, &left, &right))?;
            right.push(*value);
            std::mem::swap(&mut left, &mut right);
        }
        std::mem::swap(&mut left, &mut right);
        see("between", (&left, &right));
        #[resume]
        for value in left.clone() {
            step("left", (value, &right))?;
            right.push(value);
            (left, right) = (right, left);
        }
        Ok(format!("{left:?} {right:?}"))
    }
    pub fn run() -> String { format!("{:?}", deal(&[3, 1, 2])) }
}

// kept or refused repeats 3
mod parts_of_a_tuple {
    #[resumable(backend = store(), carry(sums))]
    fn add(values: &[u64]) -> Result<String, Stop> {
        let mut sums = (0u64, Vec::new(), String::new());
        #[resume]
        for value in values {
            let (total, list, text) = &mut sums;
            step("value", (value, *total))?;
            *total += value;
            list.push(*value);
            text.push('x');
        }
        let (total, list, text) = sums.clone();
        see("parts", (total, &list, &text));
        sums = (total + 1, list, text + "y");
        #[resume]
        for value in values {
            step("again", (value, &sums))?;
            let (total, mut list, text) = sums;
            list.insert(0, total);
            sums = (total * 2, list, text);
        }
        let (total, list, text) = sums;
        Ok(format!("{total} {list:?} {text}"))
    }
    pub fn run() -> String { format!("{:?}", add(&[3, 1, 2])) }
}

// kept or refused
mod declared_as_parts_of_a_tuple {
    fn start() -> (u64, Vec<u64>) { (7, vec![1]) }
    #[resumable(backend = store(), carry(total, list))]
    fn add(values: &[u64]) -> Result<String, Stop> {
        let (mut total, mut list) = start();
        for value in values {
            step("value", (value, total))?;
            total += value;
            list.push(total);
        }
        Ok(format!("{total} {list:?}"))
    }
    pub fn run() -> String { format!("{:?}", add(&[3, 1, 2])) }
}

// kept
mod moved_in_an_arm_and_assigned_again {
    #[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
    enum Stage { Empty, Open(Vec<u64>), Shut { sum: u64, parts: Vec<u64> } }
    #[resumable(backend = store(), carry(stage))]
    fn go(values: &[u64]) -> Result<String, Stop> {
        let mut stage = Stage::Empty;
        for value in values {
            step("value", (value, &stage))?;
            stage = match stage {
                Stage::Empty => Stage::Open(vec![*value]),
                Stage::Open(mut parts) if parts.len() < 2 => { parts.push(*value); Stage::Open(parts) }
                Stage::Open(parts) => Stage::Shut { sum: parts.iter().sum(), parts },
                Stage::Shut { sum, parts } => { see("shut", (sum, parts.len())); Stage::Open(vec![sum]) }
            };
        }
        Ok(format!("{stage:?}"))
    }
    pub fn run() -> String { format!("{:?}", go(&[3, 1, 2, 5, 9])) }
}

// kept repeats 2
mod let_else_and_continue {
    #[resumable(backend = store(), carry(last))]
    fn go(values: &[u64]) -> Result<String, Stop> {
        let mut last: Option<u64> = None;
        for value in values {
            step("value", (value, last))?;
            let Some(before) = last.replace(*value) else { see("first", value); continue };
            let Some(more) = value.checked_sub(before) else { last = None; continue };
            step("more", more)?;
            last = Some(more);
        }
        let Some(end) = last else { return Ok("none".to_owned()) };
        Ok(format!("{end}"))
    }
    pub fn run() -> String { format!("{:?}", go(&[3, 5, 1, 4, 9])) }
}

// kept or refused repeats 3
mod labelled_break_with_a_value {
    #[resumable(backend = store(), carry(sum))]
    fn go(values: &[u64]) -> Result<u64, Stop> {
        let mut sum = 0;
        let found = 'search: {
            #[resume]
            for value in values {
                step("value", (value, sum))?;
                sum += value;
                if sum > 5 { break 'search Some(sum * 100); }
            }
            None
        };
        sum += found.unwrap_or(1);
        step("found", (found, sum))?;
        #[resume]
        for value in values {
            step("again", (value, sum))?;
            sum += value;
        }
        Ok(sum)
    }
    pub fn run() -> String { format!("{:?} {:?}", go(&[3, 1, 2, 9]), 0) }
}

// kept or refused
mod break_of_a_loop_with_a_value {
    #[resumable(backend = store(), carry(sum))]
    fn go(start: u64) -> Result<u64, Stop> {
        let mut sum = start;
        let ended = loop {
            #[resume]
            for value in 0..3 {
                step("value", (value, sum))?;
                sum += value;
            }
            break sum * 2;
        };
        Ok(sum + ended)
    }
    pub fn run() -> String { format!("{:?}", go(4)) }
}

// kept repeats 3
mod closures_that_borrow_between_loops {
    #[resumable(backend = store(), carry(seen, count))]
    fn go(values: &[u64]) -> Result<String, Stop> {
        let mut seen = BTreeMap::new();
        let mut count = 0u64;
        #[resume]
        for value in values {
            step("value", (value, count))?;
            *seen.entry(value % 2).or_insert(0u64) += value;
            count += 1;
        }
        let total = { let of = |key: u64| seen.get(&key).copied().unwrap_or(0); of(0) * 10 + of(1) };
        let mut note = |key: u64| { seen.insert(key, total); count += 100; };
        note(7);
        note(8);
        see("noted", (&seen, count));
        #[resume]
        for (key, value) in seen.clone() {
            step("key", (key, value, count))?;
            seen.remove(&key);
            count += value;
        }
        Ok(format!("{seen:?} {count}"))
    }
    pub fn run() -> String { format!("{:?}", go(&[3, 1, 2])) }
}

// kept or refused
mod shared_cells {
    use std::cell::RefCell;
    use std::rc::Rc;
    #[resumable(backend = store(), carry(cell))]
    fn go(values: &[u64]) -> Result<String, Stop> {
        let mut cell = RefCell::new(vec![0u64]);
        for value in values {
            step("value", value)?;
            let held = &cell;
            held.borrow_mut().push(*value);
            cell = RefCell::new(held.take());
        }
        Ok(format!("{cell:?}"))
    }
    pub fn run() -> String { format!("{:?}", go(&[3, 1, 2])) }
}

// kept or refused
mod two_handles_of_one_cell {
    use std::cell::RefCell;
    use std::rc::Rc;
    #[resumable(backend = store(), carry(ours))]
    fn go(values: &[u64]) -> Result<String, Stop> {
        let theirs = Rc::new(RefCell::new(0u64));
        let mut ours = theirs.borrow().clone();
        for value in values {
            step("value", (value, ours))?;
            *theirs.borrow_mut() += value;
            ours = *theirs.borrow();
        }
        Ok(format!("{ours} {theirs:?}"))
    }
    pub fn run() -> String { format!("{:?}", go(&[3, 1, 2])) }
}

// kept or refused repeats 3
mod borrowed_or_owned_text {
    use std::borrow::Cow;
    #[resumable(backend = store(), carry(text))]
    fn go(values: &[u64]) -> Result<String, Stop> {
        let mut text: Cow<'static, str> = Cow::Borrowed("a");
        #[resume]
        for value in values {
            step("value", (value, &text))?;
            if value % 2 == 0 { text.to_mut().push('b') } else { text = Cow::Owned(format!("{text}{value}")) }
        }
        let before = text.clone();
        text = Cow::Borrowed("c");
        #[resume]
        for value in values {
            step("again", (value, &text, &before))?;
            text += "d";
        }
        Ok(format!("{text} {before}"))
    }
    pub fn run() -> String { format!("{:?}", go(&[3, 1, 2])) }
}

// kept repeats 3
mod arrays_of_a_generic_length {
    #[resumable(backend = store(), carry(bins, spare))]
    fn go<const N: usize>(values: &[usize]) -> Result<String, Stop>
    where
        [u64; N]: serde::Serialize + serde::de::DeserializeOwned + Default + Copy,
    {
        let mut bins = <[u64; N]>::default();
        let mut spare = [[0u8; 2]; 3];
        #[resume]
        for value in values {
            step("value", (value, &bins[..]))?;
            bins[value % N] += 1;
            spare[value % 3][1] += 2;
        }
        let [first, .., last] = spare;
        spare = [last, first, last];
        #[resume]
        for bin in bins {
            step("bin", (bin, spare))?;
            bins[0] += bin;
            spare.swap(0, 1);
        }
        Ok(format!("{:?} {spare:?}", &bins[..]))
    }
    pub fn run() -> String { format!("{:?} {:?}", go::<4>(&[3, 1, 2]), 1) }
}

// kept repeats 3
mod hidden_by_a_copy_and_seen_again {
    #[resumable(backend = store(), carry(sum, sum2))]
    fn go(values: &[u64]) -> Result<String, Stop> {
        let mut sum = 1u64;
        #[resume]
        for value in values {
            step("value", (value, sum))?;
            let old = sum;
            { let mut sum = old; sum *= 50; see("inner", sum); }
            sum += value;
        }
        let sum2 = sum;
        let mut sum2 = sum2 + 1;
        {
            let sum = "another";
            see("hidden", (sum, sum2));
        }
        #[resume]
        for value in values {
            step("again", (value, sum, sum2))?;
            sum2 = sum2 * 2 + sum;
            let sum = sum2;
            see("copy", sum);
        }
        Ok(format!("{sum} {sum2}"))
    }
    pub fn run() -> String { format!("{:?}", go(&[3, 1, 2])) }
}

// kept or refused repeats 3
mod replaced_by_what_a_loop_gives {
    #[resumable(backend = store(), carry(list))]
    fn go(values: &[u64]) -> Result<String, Stop> {
        let mut list = values.to_vec();
        for round in 0..2u64 {
            let mut next = Vec::new();
            for item in std::mem::take(&mut list) { next.push(item + round); }
            list = next;
            step("round", (round, &list))?;
        }
        Ok(format!("{list:?}"))
    }
    pub fn run() -> String { format!("{:?}", go(&[3, 1, 2])) }
}

// kept repeats 3
mod drained_into_another_between_items {
    #[resumable(backend = store(), carry(waiting, sent))]
    fn go(values: &[u64]) -> Result<String, Stop> {
        let mut waiting: Vec<u64> = Vec::new();
        let mut sent: std::collections::VecDeque<Vec<u64>> = Default::default();
        #[resume]
        for value in values {
            waiting.push(*value);
            step("value", (value, &waiting))?;
            if waiting.len() >= 2 { sent.push_front(waiting.drain(..).collect()); }
        }
        if !waiting.is_empty() { sent.push_back(waiting.split_off(0)); }
        while let Some(batch) = sent.pop_back() {
            step("batch", &batch)?;
            if sent.len() == 1 { break }
        }
        #[resume]
        for value in values {
            step("again", (value, &sent))?;
            sent.extend([vec![*value]]);
        }
        Ok(format!("{waiting:?} {sent:?}"))
    }
    pub fn run() -> String { format!("{:?}", go(&[3, 1, 2, 4, 5])) }
}

// kept repeats 3
mod fields_exchanged_within_one {
    #[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]
    struct Pair { old: Vec<u64>, new: Vec<u64>, turn: Option<Box<Pair>> }
    #[resumable(backend = store(), carry(pair))]
    fn go(values: &[u64]) -> Result<String, Stop> {
        let mut pair = Pair::default();
        #[resume]
        for value in values {
            step("value", (value, &pair))?;
            let Pair { old, new, .. } = &mut pair;
            new.push(*value);
            std::mem::swap(old, new);
        }
        pair = Pair { turn: Some(Box::new(Pair { old: vec![1], ..pair.clone() })), ..pair };
        #[resume]
        for value in values {
            step("again", (value, &pair))?;
            if let Some(inner) = pair.turn.take() { pair = *inner } else { pair.turn = Some(Box::new(pair.clone())) }
        }
        Ok(format!("{pair:?}"))
    }
    pub fn run() -> String { format!("{:?}", go(&[3, 1, 2])) }
}

// kept repeats 4
mod sum_of_an_outer_and_an_inner_that_are_exchanged {
    #[resumable(backend = store(), carry(total, row))]
    fn go(values: &[u64]) -> Result<String, Stop> {
        let mut total = vec![0u64];
        #[resume]
        for value in values {
            let mut row: Vec<u64> = vec![*value];
            std::mem::swap(&mut total, &mut row);
            step("outer", (value, &total, &row))?;
            #[resume]
            for part in 0..2u64 {
                step("part", (part, &total, &row))?;
                total.push(part);
                row.push(total.len() as u64);
                std::mem::swap(&mut total, &mut row);
            }
            total.append(&mut row);
            see("outer end", (&total, &row));
        }
        Ok(format!("{total:?}"))
    }
    pub fn run() -> String { format!("{:?}", go(&[3, 1])) }
}

// kept or refused repeats 3
mod lent_through_a_struct_between {
    struct Lent<'a> { to: &'a mut Vec<u64>, by: u64 }
    impl Lent<'_> { fn push(&mut self, value: u64) { self.to.push(value * self.by); } }
    impl Drop for Lent<'_> { fn drop(&mut self) { self.to.push(999); } }
    #[resumable(backend = store(), carry(list))]
    fn go(values: &[u64]) -> Result<String, Stop> {
        let mut list = Vec::new();
        { let mut lent = Lent { to: &mut list, by: 3 }; lent.push(5); }
        #[resume]
        for value in values {
            step("value", (value, &list))?;
            Lent { to: &mut list, by: 2 }.push(*value);
        }
        { let mut lent = Lent { to: &mut list, by: 4 }; lent.push(6); }
        #[resume]
        for value in list.clone() {
            step("again", (value, list.len()))?;
            Lent { to: &mut list, by: 1 }.push(value);
        }
        Ok(format!("{list:?}"))
    }
    pub fn run() -> String { format!("{:?}", go(&[3, 1])) }
}

// kept or refused
mod chosen_by_a_reference_in_the_body {
    #[resumable(backend = store(), carry(even, odd))]
    fn go(values: &[u64]) -> Result<String, Stop> {
        let (mut even, mut odd) = (0u64, vec![]);
        for value in values {
            step("value", (value, even, &odd))?;
            let to: &mut dyn FnMut(u64) = if value % 2 == 0 { &mut |by| even += by } else { &mut |by| odd.push(by) };
            to(*value);
            to(1);
        }
        Ok(format!("{even} {odd:?}"))
    }
    pub fn run() -> String { format!("{:?}", go(&[3, 1, 2])) }
}

// kept repeats 3
mod declared_late_and_in_a_block {
    #[resumable(backend = store(), carry(list, sum))]
    fn go(values: &[u64]) -> Result<String, Stop> {
        let mut list = { let mut start = Vec::new(); start.extend(values.iter().map(|it| it + 1)); start };
        #[resume]
        for value in values {
            step("value", (value, &list))?;
            list.retain(|it| it != value);
        }
        let mut sum = if list.is_empty() { 0 } else { list.iter().sum::<u64>() };
        list = Vec::new();
        #[resume]
        for value in values {
            step("again", (value, sum, &list))?;
            sum = sum.wrapping_mul(3) ^ value;
            list.push(sum);
        }
        Ok(format!("{list:?} {sum}"))
    }
    pub fn run() -> String { format!("{:?}", go(&[3, 1, 2])) }
}

// kept repeats 3
mod an_option_that_is_taken_and_filled {
    #[resumable(backend = store(), carry(slot, log))]
    fn go(values: &[u64]) -> Result<String, Stop> {
        let mut slot = Some(String::from("s"));
        let mut log = Results::new();
        #[resume]
        for value in values {
            let before = slot.take();
            step("value", (value, &before, &slot))?;
            log.push(before.clone());
            if value % 2 == 1 { slot = before.map(|it| it + "x").or(Some(String::new())); }
        }
        let kept = slot.get_or_insert_with(|| "new".to_owned()).clone();
        log.push(None);
        see("kept", (&kept, log.len()));
        #[resume]
        for value in values {
            step("again", (value, &slot, log.len()))?;
            log.push(slot.replace(kept.clone()));
        }
        Ok(format!("{slot:?} {:?}", log.to_vec()))
    }
    pub fn run() -> String { format!("{:?}", go(&[3, 2, 1])) }
}

// kept or refused repeats 3
mod bound_by_an_at_pattern_in_a_while {
    #[resumable(backend = store(), carry(stack, depth))]
    fn go(start: u64) -> Result<String, Stop> {
        let mut stack = vec![start];
        let mut depth = 0u64;
        #[resume]
        while let Some(top @ 1..=9) = stack.pop() {
            step("top", (top, depth, &stack))?;
            depth += 1;
            if top > 2 { stack.extend([top - 2, top - 1].iter().filter(|it| *it % 2 == 1)); }
        }
        stack.push(depth);
        #[resume]
        for item in std::mem::replace(&mut stack, vec![77]) {
            step("item", (item, &stack))?;
            stack.push(item);
        }
        Ok(format!("{stack:?} {depth}"))
    }
    pub fn run() -> String { format!("{:?}", go(6)) }
}

// kept policy
mod tried_again_with_what_is_swapped {
    fn answer(error: &ErrorContext<'_>) -> Action {
        if !error.to_string().contains("Rejected") { return Action::Fail }
        if error.attempt() < 3 { Action::Retry } else { Action::DeadLetter }
    }
    #[resumable(backend = store(), carry(left, right), max_attempts = 3, backoff = Backoff::none(), on_error = answer)]
    fn go(values: &[u64]) -> Result<String, Stop> {
        let mut left = vec![0u64];
        let mut right = Vec::new();
        for value in values {
            left.push(*value);
            std::mem::swap(&mut left, &mut right);
            if value % 2 == 0 { return Err(Stop::Rejected(*value)) }
            step("value", (value, &left))?;
            right.push(100);
        }
        Ok(format!("{left:?} {right:?}"))
    }
    pub fn run() -> String { format!("{:?}", go(&[3, 2, 1, 4])) }
}

// kept repeats 2
mod read_behind_a_loop_with_a_part_ahead {
    #[resumable(backend = store(), carry(sum, seen))]
    fn go(values: &[u64]) -> Result<String, Stop> {
        let mut sum = 1u64;
        let mut seen = Vec::new();
        #[resume(threads = 2)]
        for value in values {
            let early = ahead!(later(*value));
            step("value", (value, early, sum))?;
            sum += early;
        }
        step("between", sum)?;
        seen.push(sum);
        #[resume(threads = 2)]
        for value in values {
            let early = ahead!(later(value + 1));
            step("again", (value, early, &seen))?;
            seen.push(early);
        }
        sum *= 2;
        #[resume]
        for value in seen.clone() {
            step("seen", (value, sum))?;
            sum += value;
        }
        Ok(format!("{sum} {seen:?}"))
    }
    pub fn run() -> String { format!("{:?}", go(&[3, 1, 2])) }
}

// kept unordered repeats 4
mod read_behind_a_loop_whose_items_run_side_by_side {
    #[resumable(backend = store(), carry(sum, seen))]
    async fn go(values: &[u64]) -> Result<String, Stop> {
        let mut sum = 1u64;
        let mut seen = Vec::new();
        sum += 4;
        #[resume(concurrency = 3)]
        for value in values {
            let early = after(*value).await;
            step("value", (value, early, sum))?;
        }
        step("between", sum)?;
        sum *= 2;
        #[resume]
        for value in values {
            step("again", (value, sum, &seen))?;
            seen.push(sum);
            sum += value;
        }
        Ok(format!("{sum} {seen:?}"))
    }
    pub fn run() -> String { format!("{:?}", block_on(go(&[3, 1, 2, 5]))) }
}

// kept repeats 5 save_every 3
mod declared_in_an_item_that_fails_between_saves {
    #[resumable(backend = store(), carry(total, own), save_every = 3)]
    fn go(values: &[u64]) -> Result<String, Stop> {
        let mut total = 0u64;
        #[resume]
        for value in values {
            let mut own = value * 10 + total;
            #[resume]
            for part in 0..1u64 {
                step("part", (value, part, own))?;
                total += own;
            }
            see("own", own);
            own += 1;
            step("behind", (value, own, total))?;
        }
        Ok(format!("{total}"))
    }
    pub fn run() -> String { format!("{:?}", go(&[3, 1, 2, 5])) }
}
