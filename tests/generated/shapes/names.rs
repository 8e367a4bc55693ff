// A name in the options is one variable: the one that the loops change, where it is seen. Another one of that name is none of
// it, and does no harm; if the loops change both, or one hides the other from a save, they do not compile.

// kept
mod frozen_behind_the_loop {
    #[resumable(backend = store(), carry(total))]
    fn add(values: &[u64]) -> Result<u64, Stop> {
        let mut total = 1;
        for value in values { step("add", value)?; total += value; }
        let total = total * 2;
        step("told", total)?;
        Ok(total)
    }
    pub fn run() -> String { format!("{:?}", add(&[3, 1, 2])) }
}

// kept
mod frozen_before_a_loop_that_reads {
    #[resumable(backend = store(), carry(rows))]
    fn add(values: &[u64]) -> Result<u64, Stop> {
        let mut rows: Results<u64> = Results::new();
        #[resume]
        for value in values { step("add", value)?; rows.push(*value); }
        rows.push(7);
        let rows: Vec<u64> = rows.into_iter().collect();
        #[resume]
        for row in &rows { step("told", row * rows[0])?; }
        #[resume]
        for value in values { step("again", value)?; }
        Ok(rows.len() as u64)
    }
    pub fn run() -> String { format!("{:?}", add(&[3, 1, 2])) }
}

// kept
mod found_or_returned {
    #[resumable(backend = store(), carry(best))]
    fn look(values: &[u64]) -> Result<u64, Stop> {
        let mut best: Option<u64> = None;
        #[resume]
        for value in values { step("look", value)?; best = best.max(Some(*value)); }
        let Some(best) = best else { return Ok(0) };
        #[resume]
        for value in values { step("beside", best - value)?; }
        Ok(best)
    }
    pub fn run() -> String { format!("{:?}", look(&[3, 1, 2])) }
}

// kept
mod hidden_in_a_branch_with_a_loop {
    #[resumable(backend = store(), carry(best))]
    fn look(values: &[u64]) -> Result<u64, Stop> {
        let mut best: Option<u64> = Some(1);
        if let Some(best) = best {
            #[resume]
            for value in values { step("first", best + value)?; }
        }
        best = best.map(|best| best + 1);
        #[resume]
        for value in values { step("look", best.unwrap_or(0))?; best = best.max(Some(*value)); }
        if let Some(best) = best {
            #[resume]
            for value in values { step("told", best - value)?; }
        }
        best = best.map(|best| best * 2);
        #[resume]
        for value in values { step("last", best.unwrap_or(0))?; best = best.map(|best| best + value); }
        Ok(best.unwrap_or(0))
    }
    pub fn run() -> String { format!("{:?}", look(&[3, 1, 2])) }
}

// kept
mod changed_where_no_pattern_hides_it {
    #[resumable(backend = store(), carry(n))]
    fn add(values: &[u64], start: Option<u64>) -> Result<u64, Stop> {
        let mut n = 1;
        if let Some(n) = start {
            step("start", n)?;
        } else {
            n += 5;
            for value in values { step("add", n)?; n += value; }
        }
        Ok(n)
    }
    pub fn run() -> String { format!("{:?}", add(&[3, 1, 2], None)) }
}

// kept
mod items_that_hide_it_from_a_loop {
    #[resumable(backend = store(), carry(total))]
    fn add(values: &[u64]) -> Result<u64, Stop> {
        let mut total = 4;
        #[resume]
        for (total, value) in values.iter().enumerate() { step("told", total as u64 + value)?; }
        #[resume]
        for value in values { step("add", total)?; total += value; }
        Ok(total)
    }
    pub fn run() -> String { format!("{:?}", add(&[3, 1, 2])) }
}

// kept
mod frozen_behind_a_checkpoint {
    #[resumable(backend = store(), manual, carry(n, sum))]
    fn add(values: &[u64]) -> Result<u64, Stop> {
        let mut sum = 0;
        let mut n = 0;
        while n < values.len() {
            step("add", n)?;
            { let n = n * 10; sum += n as u64; }
            sum += values[n];
            n += 1;
            checkpoint!();
        }
        let sum = sum * 2;
        { let n = n + 1; step("told", n)?; }
        Ok(sum)
    }
    pub fn run() -> String { format!("{:?}", add(&[3, 1, 2])) }
}

// refused
mod one_of_a_block_and_one_around_it {
    #[resumable(backend = store(), carry(n))]
    fn add(values: &[u64]) -> Result<u64, Stop> {
        let mut n = 1;
        {
            let mut n = 50;
            #[resume]
            for value in values { step("inner", value)?; n += value; }
        }
        #[resume]
        for value in values { step("outer", value)?; n += value; }
        Ok(n)
    }
    pub fn run() -> String { format!("{:?}", add(&[3, 1, 2])) }
}

// refused
mod a_fresh_one_and_another {
    #[resumable(backend = store(), carry(total), fresh(buffer))]
    fn add(values: &[u64]) -> Result<u64, Stop> {
        let mut buffer = String::new();
        let mut total = 0;
        {
            let mut buffer = vec![0];
            #[resume]
            for value in values { step("inner", value)?; buffer.push(*value); total += buffer.len() as u64; }
        }
        #[resume]
        for value in values { step("outer", value)?; buffer.clear(); total += value; }
        Ok(total)
    }
    pub fn run() -> String { format!("{:?}", add(&[3, 1, 2])) }
}

// refused
mod one_that_a_branch_binds {
    #[resumable(backend = store(), carry(n))]
    fn add(values: &[u64], start: Option<u64>) -> Result<u64, Stop> {
        let mut n = 1;
        if let Some(mut n) = start {
            for value in values { step("add", n)?; n += value; }
        } else {
            n = 2;
        }
        Ok(n)
    }
    pub fn run() -> String { format!("{:?}", add(&[3, 1, 2], Some(40))) }
}

// refused
mod an_argument_and_one_that_an_arm_binds {
    #[resumable(backend = store(), carry(n), max_attempts = 2)]
    fn add(values: &[u64], mut n: u64, start: Option<u64>) -> Result<u64, Stop> {
        match start {
            Some(mut n) => for value in values { step("add", n)?; n += value; },
            None => n = 2,
        }
        Ok(n)
    }
    pub fn run() -> String { format!("{:?}", add(&[3, 1, 2], 5, Some(40))) }
}

// refused
mod items_that_hide_it_from_an_inner_save {
    #[resumable(backend = store(), carry(sum))]
    fn add(groups: &[(u64, Vec<u64>)]) -> Result<u64, Stop> {
        let mut sum = 0;
        #[resume]
        for (start, values) in groups {
            sum += start;
            if let Some(sum) = sum.checked_sub(1) {
                #[resume]
                for value in values { step("add", sum + value)?; }
            }
        }
        Ok(sum)
    }
    pub fn run() -> String { format!("{:?}", add(&[(7, vec![1, 2]), (3, vec![3])])) }
}

// refused
mod hidden_at_a_checkpoint {
    #[resumable(backend = store(), manual, carry(n))]
    fn add(values: &[u64]) -> Result<usize, Stop> {
        let mut n = 0;
        while n < values.len() {
            step("add", n)?;
            n += 1;
            if let Some(n) = n.checked_sub(1) { step("told", n)?; checkpoint!(); }
        }
        Ok(n)
    }
    pub fn run() -> String { format!("{:?}", add(&[3, 1, 2])) }
}

// kept
mod a_field_of_an_argument {
    #[derive(Default)]
    pub struct State { count: u64, seen: Vec<u64>, text: String }
    #[resumable(backend = store(), carry(state.seen, state.count), fresh(state.text))]
    fn add(values: &[u64], state: &mut State) -> Result<u64, Stop> {
        #[resume]
        for value in values {
            step("add", state.count)?;
            state.count += value;
            state.seen.push(*value);
            state.text.clear();
        }
        state.count *= 2;
        #[resume]
        for value in values { step("again", state.count)?; state.count += value; }
        Ok(state.count + state.seen.len() as u64)
    }
    pub fn run() -> String { format!("{:?}", add(&[3, 1, 2], &mut State::default())) }
}

// kept
mod a_job_named_by_a_type {
    #[resumable(backend = store(), name = std::any::type_name::<T>(), carry(sum))]
    fn add<T: 'static>(values: &[u64]) -> Result<u64, Stop> {
        let mut sum = 0;
        for value in values { step("add", value)?; sum += value; }
        Ok(sum)
    }
    pub fn run() -> String { format!("{:?}", add::<u8>(&[3, 1, 2])) }
}
