// A carried variable is what it was there at each depth of loops, in each head, and in each phase.

// kept or refused repeats 6
mod loops_of_three_depths {
    #[resumable(backend = store(), carry(total, row_sum, cell))]
    fn go(values: &[u64]) -> Result<String, Stop> {
        let mut total = 0u64;
        for value in values {
            let mut row_sum = total;
            for row in 0..2u64 {
                let mut cell = row_sum + row;
                for col in 0..(value % 3 + 1) {
                    step("cell", (value, row, col, cell, row_sum, total))?;
                    cell += col * 10 + total;
                }
                row_sum += cell;
                see("row", (row_sum, cell));
            }
            total += row_sum;
            see("value", total);
        }
        Ok(format!("{total}"))
    }
    pub fn run() -> String { format!("{:?}", go(&[3, 1, 2])) }
}

// kept or refused repeats 6
mod heads_at_three_depths {
    #[resumable(backend = store(), carry(total, limit))]
    fn go(values: &[u64]) -> Result<String, Stop> {
        let mut total = 0u64;
        let mut limit = 2u64;
        #[resume]
        for value in values {
            let base = total;
            #[resume]
            for a in 0..limit {
                let offset = total - base;
                #[resume]
                for b in a..limit + offset % 2 {
                    step("b", (value, a, b, total, limit))?;
                    total += b + 1;
                    if total % 7 == 0 { limit = 1 + total % 3; }
                }
                see("a", (a, total, limit, offset));
            }
            limit += 1;
            see("end", (total, base, limit));
        }
        Ok(format!("{total} {limit}"))
    }
    pub fn run() -> String { format!("{:?}", go(&[3, 1, 2])) }
}

// kept or refused repeats 6
mod two_worklists_by_turns {
    #[resumable(backend = store(), carry(now, next, depth))]
    fn go(start: u64) -> Result<String, Stop> {
        let mut now: Worklist<u64> = Worklist::from([start]);
        let mut next: Worklist<u64> = Worklist::new();
        let mut depth = 0u64;
        #[resume]
        while let Some(x) = now.pop_front() {
            step("x", (x, depth, now.len(), next.len()))?;
            if x < 9 { next.push_back(x * 2); next.push_back(x + 4); }
            if now.is_empty() { std::mem::swap(&mut now, &mut next); depth += 1; }
        }
        Ok(format!("{depth} {now:?} {next:?}"))
    }
    pub fn run() -> String { format!("{:?}", go(1)) }
}

// kept or refused repeats 6
mod results_all_between {
    #[resumable(backend = store(), carry(a, b))]
    fn go(values: &[u64]) -> Result<String, Stop> {
        let mut a: Results<u64> = Results::new();
        let mut b: Results<u64> = Results::new();
        #[resume]
        for value in values { step("one", (value, a.len(), b.len()))?; a.push(*value); if value % 2 == 0 { b.extend([1, 2]); } }
        std::mem::swap(&mut a, &mut b);
        #[resume]
        for value in values { step("two", (value, &a[..], &b[..]))?; a.push(*value); }
        b = a.clone();
        a = a.iter().take(2).copied().fold(Results::new(), |mut r, x| { r.push(x); r });
        #[resume]
        for value in values { step("three", (value, &a[..], &b[..]))?; b.push(*value); a.push(value * 2); }
        let list: Vec<u64> = std::mem::take(&mut a).into();
        a.extend(list.into_iter().rev());
        #[resume]
        for value in values { step("four", (value, &a[..], b.len()))?; a.push(*value); if a.len() > 5 { a = Results::new(); } }
        Ok(format!("{a:?} {b:?}"))
    }
    pub fn run() -> String { format!("{:?}", go(&[3, 2, 1])) }
}

// kept or refused repeats 6
mod loops_in_a_loop_of_phases {
    #[resumable(backend = store(), carry(sum, phase_sums))]
    fn go(values: &[u64]) -> Result<String, Stop> {
        let mut sum = 0u64;
        let mut phase_sums: Vec<u64> = Vec::new();
        #[resume]
        for phase in 0..3u64 {
            let scale = phase_sums.iter().sum::<u64>() + 1;
            #[resume]
            for value in values { step("a", (phase, value, scale, sum))?; sum += value * scale; }
            let mid = sum;
            sum /= 2;
            #[resume]
            for value in values { step("b", (phase, value, mid, sum))?; sum += mid % (value + 1); }
            phase_sums.push(sum + mid);
            see("phase", &phase_sums);
        }
        Ok(format!("{sum} {phase_sums:?}"))
    }
    pub fn run() -> String { format!("{:?}", go(&[3, 1])) }
}

// kept or refused repeats 6
mod frozen_copy_used_in_inner {
    #[resumable(backend = store(), carry(total, frozen))]
    fn go(values: &[u64]) -> Result<String, Stop> {
        let mut total = 0u64;
        for value in values {
            let mut frozen = total * 2;
            let copy = frozen;
            #[resume]
            for k in 0..2u64 { step("a", (value, k, frozen, copy, total))?; frozen += k + 1; total += frozen; }
            let mid = (frozen, total);
            frozen = 0;
            #[resume]
            for k in 0..mid.0 % 3 { step("b", (value, k, mid, frozen, total))?; frozen += mid.1; total += 1; }
            see("end", (frozen, copy, mid));
            total += frozen;
        }
        Ok(format!("{total}"))
    }
    pub fn run() -> String { format!("{:?}", go(&[3, 1, 2])) }
}

// kept or refused repeats 6
mod iter_mut_in_outer_item {
    #[resumable(backend = store(), carry(rows, sum))]
    fn go(values: &[u64]) -> Result<String, Stop> {
        let mut rows = vec![1u64, 2, 3];
        let mut sum = 0u64;
        for value in values {
            let first = rows[0];
            #[resume]
            for row in rows.iter_mut() {
                step("row", (value, *row, sum, first))?;
                *row += value + sum % 2;
                sum += *row;
            }
            rows.push(sum % 7);
            see("rows", &rows);
        }
        Ok(format!("{rows:?} {sum}"))
    }
    pub fn run() -> String { format!("{:?}", go(&[3, 1])) }
}

// kept or refused repeats 6
mod head_takes_it {
    #[resumable(backend = store(), carry(todo, done))]
    fn go(values: &[u64]) -> Result<String, Stop> {
        let mut todo: Vec<u64> = values.to_vec();
        let mut done: Vec<u64> = Vec::new();
        #[resume]
        for x in std::mem::take(&mut todo) {
            step("x", (x, &todo, &done))?;
            if x > 1 { todo.push(x - 1); }
            done.push(x);
        }
        #[resume]
        for x in std::mem::take(&mut todo) {
            step("again", (x, &todo, &done))?;
            todo.push(x + 10);
            done.push(x);
        }
        Ok(format!("{todo:?} {done:?}"))
    }
    pub fn run() -> String { format!("{:?}", go(&[3, 1, 2])) }
}

// kept or refused repeats 6
mod trait_method_and_where {
    trait Sum { fn go(&mut self, values: &[u64]) -> Result<u64, Stop>; }
    #[derive(Debug)]
    struct Acc<T> { total: T, tags: Vec<T> }
    impl<T: From<u32> + Into<u64> + Copy + std::ops::AddAssign + std::fmt::Debug + serde::Serialize + serde::de::DeserializeOwned> Sum for Acc<T> {
        #[resumable(backend = store(), name = "acc", carry(self.total, self.tags))]
        fn go(&mut self, values: &[u64]) -> Result<u64, Stop> {
            let before: u64 = self.total.into();
            #[resume]
            for value in values { step("v", (value, before, self.total))?; self.total += T::from(*value as u32); self.tags.push(self.total); }
            self.tags.truncate(2);
            let n = self.tags.len();
            #[resume]
            for at in 0..n { step("n", (at, &self.tags))?; let t = self.tags[at]; self.total += t; self.tags.push(t); }
            Ok(self.total.into())
        }
    }
    pub fn run() -> String { let mut a = Acc { total: 4u64, tags: vec![] }; let r = a.go(&[3, 1, 2]); if r.is_ok() { format!("{r:?} {a:?}") } else { format!("{r:?}") } }
}

// kept or refused repeats 6
mod async_phases {
    #[resumable(backend = store(), carry(sum, rows))]
    async fn go(values: &[u64]) -> Result<String, Stop> {
        let mut sum = 0u64;
        let mut rows = Vec::new();
        #[resume]
        for value in values {
            let got = after(*value).await;
            step("value", (value, got, sum))?;
            sum += got;
            rows.push(sum);
        }
        let limit = after(sum).await % 3 + 1;
        rows.rotate_left(1);
        #[resume]
        for at in 0..limit {
            step("at", (at, limit, &rows))?;
            sum += after(rows[0]).await;
            rows.push(sum);
        }
        Ok(format!("{sum} {rows:?}"))
    }
    pub fn run() -> String { format!("{:?}", block_on(go(&[3, 1, 2]))) }
}

// kept or refused repeats 6
mod state_machine {
    #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    enum S { Idle, Run { n: u64, log: Vec<u64> }, Done(Box<S>, u64) }
    #[resumable(backend = store(), carry(state))]
    fn go(values: &[u64]) -> Result<String, Stop> {
        let mut state = S::Idle;
        for value in values {
            if let S::Run { n, log } = &mut state { *n += 1; log.push(*n); }
            step("value", (value, &state))?;
            match &state {
                S::Idle => state = S::Run { n: *value, log: vec![] },
                S::Run { n, .. } if *n > 4 => { let old = std::mem::replace(&mut state, S::Idle); state = S::Done(Box::new(old), *value); }
                S::Done(_, 2) => state = S::Idle,
                _ => {}
            }
        }
        while let S::Done(inner, n) = state { see("inner", n); state = *inner; }
        Ok(format!("{state:?}"))
    }
    pub fn run() -> String { format!("{:?}", go(&[3, 1, 2, 9, 2, 4])) }
}

// kept or refused repeats 6
mod heads_of_carried_map {
    #[resumable(backend = store(), carry(map))]
    fn go(values: &[u64]) -> Result<String, Stop> {
        let mut map: BTreeMap<String, u64> = values.iter().map(|v| (format!("k{v}"), *v)).collect();
        #[resume]
        for (key, value) in map.clone().range("k2".to_owned()..) { step("range", (key, value, map.len()))?; map.insert(format!("{key}+"), value + 1); }
        #[resume]
        for key in map.keys().cloned().collect::<Vec<_>>() { step("key", (&key, map.len()))?; if key.len() > 2 { map.remove(&key); } else { *map.get_mut(&key).unwrap() += 10; } }
        #[resume]
        for value in map.values().copied().filter(|v| v % 2 == 0).collect::<std::collections::BTreeSet<_>>() { step("value", value)?; map.retain(|_, v| *v != value); }
        Ok(format!("{map:?}"))
    }
    pub fn run() -> String { format!("{:?}", go(&[3, 1, 2])) }
}
