// A carried variable is read at places that a resumed run passes again.

// kept
mod in_a_closure_between {
    #[resumable(backend = store(), carry(total))]
    fn job(xs: &[u64]) -> Result<(u64, u64), Stop> {
        let mut total = 3;
        #[resume]
        for x in xs { step("x", x)?; total += x; }
        let twice = (|| total * 2)();
        #[resume]
        for x in xs { step("y", (x, twice))?; total += twice; }
        Ok((twice, total))
    }
    pub fn run() -> String { format!("{:?}", job(&[3, 1, 2])) }
}

// kept
mod in_a_format_between {
    #[resumable(backend = store(), carry(total))]
    fn job(xs: &[u64]) -> Result<String, Stop> {
        let mut total = 3;
        #[resume]
        for x in xs { step("x", x)?; total += x; }
        let title = format!("subtotal {total}");
        #[resume]
        for x in xs { step("y", (x, &title))?; total += x; }
        Ok(format!("{title}, {total}"))
    }
    pub fn run() -> String { format!("{:?}", job(&[3, 1, 2])) }
}

// kept
mod in_a_match_between {
    #[resumable(backend = store(), carry(state))]
    fn job(xs: &[u64]) -> Result<u64, Stop> {
        let mut state: Option<u64> = None;
        #[resume]
        for x in xs { step("x", x)?; state = Some(state.unwrap_or(0) + x); }
        let factor = match state { Some(ref sum) if *sum > 5 => 2, Some(_) => 3, None => 4 };
        #[resume]
        for x in xs { step("y", (x, factor))?; state = Some(x * factor); }
        Ok(state.unwrap_or(0) + factor)
    }
    pub fn run() -> String { format!("{:?}", job(&[3, 1, 2])) }
}

// kept
mod as_the_condition_of_the_second_loop {
    #[resumable(backend = store(), carry(found))]
    fn job(xs: &[u64]) -> Result<Vec<u64>, Stop> {
        let mut found = Vec::new();
        #[resume]
        for x in xs { step("x", x)?; if x % 2 == 1 { found.push(*x); } }
        if found.len() > 1 {
            #[resume]
            for x in xs { step("again", x)?; found.push(x * 10); }
        }
        Ok(found)
    }
    pub fn run() -> String { format!("{:?}", job(&[3, 1, 2])) }
}

// kept
mod as_a_bound_and_a_start {
    #[resumable(backend = store(), carry(high))]
    fn job(xs: &[u64]) -> Result<u64, Stop> {
        let mut high = 0;
        #[resume]
        for x in xs { step("x", x)?; high = high.max(*x); }
        #[resume]
        for y in high..high + 3 { step("y", y)?; high += y; }
        #[resume]
        for z in (0..high % 4).rev() { step("z", z)?; high -= z; }
        Ok(high)
    }
    pub fn run() -> String { format!("{:?}", job(&[3, 1, 2])) }
}

// kept
mod an_index_of_the_outer_state {
    #[resumable(backend = store(), carry(offset, seen))]
    fn job(groups: &[Vec<u64>]) -> Result<Vec<(usize, u64)>, Stop> {
        let mut offset = 0;
        let mut seen = Vec::new();
        #[resume]
        for group in groups {
            let first = offset;
            #[resume]
            for (at, x) in group.iter().enumerate() {
                step("x", (first + at, x))?;
                seen.push((first + at, *x));
                offset += 1;
            }
            offset += group.len();
        }
        Ok(seen)
    }
    pub fn run() -> String { format!("{:?}", job(&[vec![3, 1], vec![], vec![2, 5]])) }
}

// kept
mod by_a_method_of_self {
    struct Tally { sum: u64, parts: Vec<u64> }
    impl Tally {
        fn total(&self) -> u64 { self.sum + self.parts.len() as u64 }
        #[resumable(backend = store(), carry(self.sum, self.parts))]
        fn job(&mut self, xs: &[u64]) -> Result<u64, Stop> {
            let before = self.sum;
            #[resume]
            for x in xs { step("x", x)?; self.sum += x; self.parts.push(*x); }
            let between = self.sum * 100;
            #[resume]
            for x in xs { step("y", (x, between))?; self.sum += 1; }
            Ok(before + between + self.sum)
        }
    }
    pub fn run() -> String {
        let mut tally = Tally { sum: 7, parts: vec![] };
        let job = tally.job(&[3, 1, 2]);
        format!("{job:?} {}", tally.total())
    }
}

// kept
mod in_a_step_between {
    #[resumable(backend = store(), carry(total))]
    fn job(xs: &[u64]) -> Result<(u64, u64), Stop> {
        let mut total = 0;
        #[resume]
        for x in xs { step("x", x)?; total += x; }
        let invoice: u64 = step!("invoice", { step("send", total)?; total + 1000 });
        #[resume]
        for x in xs { step("y", x)?; total += x; }
        Ok((invoice, total))
    }
    pub fn run() -> String { format!("{:?}", job(&[3, 1, 2])) }
}

// kept
mod results_between_and_replaced {
    #[resumable(backend = store(), carry(rows))]
    fn job(xs: &[u64]) -> Result<(usize, u64, Vec<u64>), Stop> {
        let mut rows = Results::new();
        #[resume]
        for x in xs { step("x", x)?; rows.push(*x); }
        let count = rows.len();
        #[resume]
        for x in xs { step("y", x)?; rows.push(x * 10); }
        let sum = rows.iter().sum();
        rows = rows.iter().filter(|row| **row > 5).copied().fold(Results::new(), |mut all, row| { all.push(row); all });
        #[resume]
        for x in xs { step("z", (x, count))?; rows.push(x * 100); }
        Ok((count, sum, rows.into()))
    }
    pub fn run() -> String { format!("{:?}", job(&[3, 1, 2])) }
}

// kept
mod results_in_an_outer_item {
    #[resumable(backend = store(), carry(rows))]
    fn job(xs: &[u64]) -> Result<Vec<u64>, Stop> {
        let mut rows = Results::new();
        #[resume]
        for x in xs {
            rows.push(*x);
            let before = rows.len() as u64;
            #[resume]
            for y in 0..2u64 { step("y", (x, y, before))?; rows.push(before * 10 + y); }
            let after = rows.len() as u64;
            rows.push(after);
        }
        Ok(rows.into())
    }
    pub fn run() -> String { format!("{:?}", job(&[3, 1, 2])) }
}

// kept
mod a_reborrow_before_the_loop {
    #[resumable(backend = store(), carry(stock))]
    fn job(xs: &[u64], stock: &mut Vec<u64>) -> Result<usize, Stop> {
        let first = stock.first().copied().unwrap_or(9);
        let len = { let view = &*stock; view.len() };
        for x in xs { step("x", (x, first))?; stock.insert(0, *x); }
        Ok(len + stock.len())
    }
    pub fn run() -> String {
        let mut stock = vec![4];
        let job = job(&[3, 1, 2], &mut stock);
        format!("{job:?} {stock:?}")
    }
}
