// Attempts, skips, cursors and kept checkpoints give a resumed run what they give an uninterrupted one.

// kept or refused policy
mod returned_by_a_macro {
    macro_rules! done { () => { return Ok(()) }; }
    #[resumable(backend = store(), max_attempts = 2, on_error = |_| Action::Fail)]
    fn send(values: &[u64]) -> Result<(), Stop> {
        for value in values {
            step("value", value)?;
            if *value == 1 { done!() }
        }
        Ok(())
    }
    pub fn run() -> String { format!("{:?}", send(&[3, 1, 2])) }
}

// kept or refused policy
mod continued_by_a_macro {
    macro_rules! skip_if { ($condition:expr) => { if $condition { continue } }; }
    #[resumable(backend = store(), max_attempts = 2, on_error = |_| Action::Fail)]
    fn send(values: &[u64]) -> Result<(), Stop> {
        for value in values {
            skip_if!(*value == 1);
            step("value", value)?;
        }
        Ok(())
    }
    pub fn run() -> String { format!("{:?}", send(&[3, 1, 2])) }
}

// kept policy
mod continued_by_a_macro_in_an_inner_loop {
    macro_rules! skip_if { ($condition:expr) => { if $condition { continue } }; }
    #[resumable(backend = store(), max_attempts = 2, on_error = |_| Action::Fail)]
    fn send(values: &[u64]) -> Result<(), Stop> {
        for value in values {
            let mut sum = 0;
            for part in 0..3 {
                skip_if!(part == 1);
                sum += part;
            }
            step("value", (value, sum))?;
        }
        Ok(())
    }
    pub fn run() -> String { format!("{:?}", send(&[3, 1])) }
}

// kept or refused policy
mod items_changed_in_place {
    #[resumable(backend = store(), max_attempts = 2, on_error = |_| Action::Fail)]
    fn raise(values: &mut [u64]) -> Result<(), Stop> {
        for value in values {
            step("value", *value)?;
            *value += 1;
        }
        Ok(())
    }
    pub fn run() -> String { format!("{:?}", raise(&mut [3, 1, 2])) }
}

// kept policy repeats 3 save_every 2
mod skipped_with_what_is_carried {
    fn answer(error: &ErrorContext<'_>) -> Action {
        if error.to_string().contains("Rejected") { Action::Skip } else { Action::Fail }
    }
    #[resumable(backend = store(), carry(sum, list), on_error = answer, save_every = 2)]
    fn add(values: &[u64]) -> Result<(u64, Vec<u64>), Stop> {
        let mut sum = 0;
        let mut list = vec![];
        for value in values {
            sum += value;
            list.push(*value);
            step("value", value)?;
            if value % 2 == 0 { return Err(Stop::Rejected(*value)) }
            see("done", value);
        }
        step("behind", 0)?;
        Ok((sum, list))
    }
    pub fn run() -> String { format!("{:?}", add(&[3, 1, 2, 4, 5])) }
}

// kept policy
mod panics_that_are_caught {
    fn answer(error: &ErrorContext<'_>) -> Action {
        if error.to_string().contains("one") { Action::Skip } else { Action::Fail }
    }
    #[resumable(backend = store(), carry(list), catch_panics, on_error = answer)]
    fn add(values: &[u64]) -> Result<Vec<u64>, Stop> {
        let mut list = vec![];
        for value in values {
            list.push(*value);
            step("value", value)?;
            if *value == 1 { panic!("one") }
            see("done", value);
        }
        step("behind", 0)?;
        Ok(list)
    }
    pub fn run() -> String { format!("{:?}", add(&[3, 1, 2])) }
}

// kept
mod behind_a_cursor {
    use std::collections::BTreeSet;
    #[resumable(backend = store(), carry(sum), cursor = |value| *value)]
    fn add(table: &BTreeSet<u64>) -> Result<u64, Stop> {
        let mut sum = 0;
        let after: Option<u64> = cursor!();
        for value in table.range(after.map_or(0, |after| after + 1)..).copied() {
            step("value", value)?;
            sum += value;
        }
        step("behind", 0)?;
        Ok(sum)
    }
    pub fn run() -> String { format!("{:?}", add(&[3, 1, 8].into())) }
}

// kept policy repeats 2
mod pages_behind_a_cursor {
    #[resumable(backend = store(), carry(sum))]
    fn add(pages: &[Vec<u64>]) -> Result<u64, Stop> {
        let mut sum = 0;
        #[resume(cursor = |page: &(usize, Vec<u64>)| page.0)]
        while let Some(page) = {
            let after: Option<usize> = cursor!();
            let at = after.map_or(0, |after| after + 1);
            pages.get(at).map(|page| (at, page.clone()))
        } {
            for value in &page.1 {
                step("value", value)?;
                sum += value;
            }
        }
        Ok(sum)
    }
    pub fn run() -> String { format!("{:?}", add(&[vec![3, 1], vec![2], vec![4, 5]])) }
}

// kept policy repeats 3 save_every 2
mod all_options {
    fn answer(error: &ErrorContext<'_>) -> Action {
        if error.to_string().contains("Interrupted") { Action::Fail } else { Action::Retry }
    }
    #[resumable(
        backend = store(), carry(sum, open), save_every = 2, durability = "process", key = |value| **value % 10,
        max_attempts = 2, backoff = Backoff::constant("1ms"), skip_limit = 9, on_error = answer,
        capture(value = value), version = 3
    )]
    fn add(values: &[u64]) -> Result<(u64, u64), Stop> {
        let mut sum = 0;
        let mut open = 0;
        for &value in values {
            sum += value;
            open += 1;
            step("value", value)?;
            open -= 1;
        }
        step("behind", 0)?;
        Ok((sum, open))
    }
    pub fn run() -> String { format!("{:?}", add(&[13, 21, 32, 44])) }
}

// kept policy repeats 3 save_every 2
mod keys_of_an_async_function {
    use std::collections::BTreeSet;
    fn answer(error: &ErrorContext<'_>) -> Action {
        if error.to_string().contains("Interrupted") { Action::Fail } else { Action::Skip }
    }
    #[resumable(backend = store(), carry(sum, seen), key = |value| *value, max_attempts = 3, on_error = answer, save_every = 2)]
    async fn add(values: Vec<u64>) -> Result<String, Stop> {
        let mut sum = 0;
        let mut seen = BTreeSet::new();
        for value in values {
            seen.insert(value);
            step("value", value)?;
            sum += value;
            if value == 2 { Err(Stop::Rejected(value))? }
        }
        step("behind", 0)?;
        Ok(format!("{sum} {seen:?}"))
    }
    pub fn run() -> String { format!("{:?}", block_on(add(vec![3, 1, 2, 7, 8]))) }
}

// kept policy
mod made_before_and_broken_off {
    #[resumable(backend = store(), max_attempts = 2, on_error = |_| Action::Fail)]
    fn find(values: &[u64], known: Option<String>) -> Result<Option<String>, Stop> {
        let mut found = None;
        let other = found.clone().or(known);
        found = other;
        for value in values {
            step("value", value)?;
            if *value == 1 { break }
        }
        Ok(found)
    }
    pub fn run() -> String { format!("{:?}", find(&[3, 1, 2], Some("a".into()))) }
}
