// A carried variable may be changed outside the loops' bodies, and on the way in and out of them.

// kept
mod doubled_between_phases {
    #[resumable(backend = store(), carry(total))]
    fn job(xs: &[u64]) -> Result<u64, Stop> {
        let mut total = 1;
        total += 4;
        #[resume]
        for x in xs { step("x", x)?; total += x; }
        total *= 2;
        #[resume]
        for x in xs { step("y", x)?; total += x; }
        total -= 1;
        Ok(total)
    }
    pub fn run() -> String { format!("{:?}", job(&[3, 1, 2])) }
}

// kept
mod sorted_between_phases {
    #[resumable(backend = store(), carry(rows))]
    fn job(xs: &[u64]) -> Result<Vec<u64>, Stop> {
        let mut rows = vec![9];
        #[resume]
        for x in xs { step("x", x)?; rows.push(*x); }
        rows.sort_unstable();
        rows.dedup();
        #[resume]
        for x in rows.clone() { step("y", x)?; rows.push(x * 2); }
        rows.truncate(5);
        Ok(rows)
    }
    pub fn run() -> String { format!("{:?}", job(&[3, 1, 3, 2])) }
}

// kept
mod walked_by_mutable_reference {
    #[resumable(backend = store(), carry(rows))]
    fn job(xs: &[u64]) -> Result<Vec<u64>, Stop> {
        let mut rows = xs.to_vec();
        #[resume]
        for row in rows.iter_mut() { step("row", &*row)?; *row += 10; }
        rows.reverse();
        #[resume]
        for row in &mut rows { step("again", &*row)?; *row *= 2; }
        Ok(rows)
    }
    pub fn run() -> String { format!("{:?}", job(&[3, 1, 2])) }
}

// kept
mod a_head_that_takes_from_it {
    #[resumable(backend = store(), carry(left, done))]
    fn job(xs: &[u64]) -> Result<(Vec<u64>, u64), Stop> {
        let mut left = xs.to_vec();
        let mut done = 0;
        #[resume]
        for x in left.split_off(1) { step("x", x)?; left.push(x * 10); done += 1; }
        Ok((left, done))
    }
    pub fn run() -> String { format!("{:?}", job(&[3, 1, 2])) }
}

// kept
mod a_condition_that_counts_down {
    #[resumable(backend = store(), carry(left, sum))]
    fn job(start: u64) -> Result<u64, Stop> {
        let mut left = start;
        let mut sum = 0;
        #[resume]
        while left > 0 {
            step("left", left)?;
            left -= 1;
            if left == 2 { continue; }
            sum += left;
        }
        left = sum;
        #[resume]
        for i in 0..left % 3 + 1 { step("i", i)?; left += i; }
        Ok(left)
    }
    pub fn run() -> String { format!("{:?}", job(4)) }
}

// kept repeats 2
mod a_break_with_the_variable {
    #[resumable(backend = store(), carry(budget))]
    fn job(xs: &[u64]) -> Result<(u64, u64), Stop> {
        let mut budget = 5;
        #[resume]
        for x in xs {
            step("x", x)?;
            if *x > budget { budget += 100; break; }
            budget -= x;
        }
        let over = budget / 100;
        #[resume]
        for x in xs { step("y", (x, over))?; budget += 1; }
        Ok((over, budget))
    }
    pub fn run() -> String { format!("{:?}", job(&[3, 1, 2, 4])) }
}

// kept
mod swapped_between_phases {
    #[resumable(backend = store(), carry(a, b))]
    fn job(xs: &[u64]) -> Result<(Vec<u64>, Vec<u64>), Stop> {
        let mut a = Results::new();
        let mut b = Results::new();
        #[resume]
        for x in xs { step("x", x)?; a.push(*x); }
        std::mem::swap(&mut a, &mut b);
        #[resume]
        for x in xs { step("y", x)?; a.push(x * 10); }
        std::mem::swap(&mut a, &mut b);
        #[resume]
        for x in xs { step("z", x)?; b.push(x * 100); a.push(7); }
        Ok((a.into(), b.into()))
    }
    pub fn run() -> String { format!("{:?}", job(&[3, 1])) }
}

// kept
mod assigned_by_a_pattern {
    #[resumable(backend = store(), carry(low, high))]
    fn job(xs: &[u64]) -> Result<(u64, u64), Stop> {
        let mut low = 9;
        let mut high = 0;
        #[resume]
        for x in xs { step("x", x)?; (low, high) = (low.min(*x), high.max(*x)); }
        (low, high) = (high, low);
        #[resume]
        for x in xs { step("y", x)?; [low, high] = [high + x, low]; }
        Ok((low, high))
    }
    pub fn run() -> String { format!("{:?}", job(&[3, 1, 2])) }
}

// kept
mod numbers_in_one_piece {
    #[resumable(backend = store(), carry(weights, bytes))]
    fn job(xs: &[u64]) -> Result<(Vec<f32>, Vec<u8>), Stop> {
        let mut weights: Vec<f32> = Vec::new();
        let mut bytes = vec![7u8; 3000];
        let first = bytes.len();
        #[resume]
        for x in xs {
            step("x", x)?;
            weights.push(*x as f32 / 3.0);
            if *x == 2 { weights.extend(vec![f32::INFINITY; 3000]); }
            bytes[*x as usize] = *x as u8;
        }
        weights.truncate(5);
        bytes.truncate(first - 2995);
        Ok((weights, bytes))
    }
    pub fn run() -> String { format!("{:?}", job(&[3, 1, 2, 0])) }
}
