// Code between two loops moves a carried variable away, or takes what it holds, and does that again in a resumed run.

// kept
mod moved_into_another {
    #[resumable(backend = store(), carry(found, sum))]
    fn sorted(xs: &[u64]) -> Result<(Vec<u64>, u64), Stop> {
        let mut found = vec![];
        let mut sum = 0;
        #[resume]
        for x in xs {
            step("found", x)?;
            found.push(x * 7 % 5);
        }
        found.push(9);
        let list = {
            let mut list = found;
            list.sort();
            list
        };
        #[resume]
        for x in &list {
            step("sorted", x)?;
            sum = sum * 10 + x;
        }
        Ok((list, sum))
    }
    pub fn run() -> String { format!("{:?}", sorted(&[3, 1, 2])) }
}

// kept
mod moved_into_a_call {
    fn halves(all: Vec<u64>) -> Vec<u64> { all.into_iter().map(|x| x / 2).collect() }
    #[resumable(backend = store(), carry(found, sum))]
    fn halved(xs: &[u64]) -> Result<u64, Stop> {
        let mut found = vec![];
        let mut sum = 0;
        #[resume]
        for x in xs {
            step("found", x)?;
            found.push(x * 2);
        }
        if found.len() > 9 {
            return Ok(0);
        }
        let list = halves(found).into_boxed_slice();
        #[resume]
        for x in list.iter() {
            step("halved", x)?;
            sum = sum * 10 + x;
        }
        Ok(sum)
    }
    pub fn run() -> String { format!("{:?}", halved(&[3, 1, 2])) }
}

// kept
mod taken_apart {
    #[derive(Default, serde::Serialize, serde::Deserialize)]
    struct Part {
        count: u64,
        list: Vec<u64>,
    }
    #[resumable(backend = store(), carry(part, all))]
    fn weighed(xs: &[u64]) -> Result<Vec<u64>, Stop> {
        let mut part = Part::default();
        let mut all = vec![];
        #[resume]
        for x in xs {
            step("part", x)?;
            part.count += 1;
            part.list.push(*x);
        }
        part.count *= 10;
        let Part { count, list } = part;
        #[resume]
        for x in list {
            step("weighed", x)?;
            all.push(x * count);
        }
        Ok(all)
    }
    pub fn run() -> String { format!("{:?}", weighed(&[3, 1, 2])) }
}

// kept
mod dropped_between_loops {
    #[resumable(backend = store(), carry(seen, sum))]
    fn counted(xs: &[u64]) -> Result<u64, Stop> {
        let mut seen = vec![];
        let mut sum = 0;
        #[resume]
        for x in xs {
            step("seen", x)?;
            seen.push(*x);
        }
        let count = seen.len() as u64;
        drop(seen);
        #[resume]
        for x in xs {
            step("counted", x)?;
            sum += x * count;
        }
        Ok(sum)
    }
    pub fn run() -> String { format!("{:?}", counted(&[3, 1, 2])) }
}

// kept
mod moved_within_an_outer_item {
    #[resumable(backend = store(), carry(part, all, sent))]
    fn sent(parts: &[&[u64]]) -> Result<(Vec<Vec<u64>>, u64), Stop> {
        let mut all = vec![];
        let mut sent = 0;
        #[resume]
        for xs in parts {
            let mut part = vec![];
            #[resume]
            for x in *xs {
                step("part", x)?;
                part.push(x * 2);
            }
            part.push(sent);
            let done = part;
            #[resume]
            for x in &done {
                step("sent", x)?;
                sent += x;
            }
            all.push(done);
        }
        Ok((all, sent))
    }
    pub fn run() -> String { format!("{:?}", sent(&[&[1, 2], &[], &[3]])) }
}

// kept
mod replaced_after_it_was_read {
    #[resumable(backend = store(), carry(sum, all))]
    fn summed(parts: &[&[u64]]) -> Result<Vec<u64>, Stop> {
        let mut all = vec![];
        let mut sum = 1;
        #[resume]
        for xs in parts {
            #[resume]
            for x in *xs {
                step("part", x)?;
                sum += x;
            }
            let read = sum;
            sum = 0;
            #[resume]
            for x in 0..2 {
                step("read", (x, read))?;
                all.push(x + read);
            }
        }
        Ok(all)
    }
    pub fn run() -> String { format!("{:?}", summed(&[&[1, 2], &[], &[3]])) }
}

// kept
mod taken_by_the_head_of_an_inner_loop {
    #[resumable(backend = store(), carry(part, all))]
    fn sent(parts: &[&[u64]]) -> Result<Vec<u64>, Stop> {
        let mut all = vec![];
        let mut part = vec![1];
        #[resume]
        for xs in parts {
            #[resume]
            for x in *xs {
                step("part", x)?;
                part.push(x * 2);
            }
            #[resume]
            for x in std::mem::take(&mut part) {
                step("sent", x)?;
                all.push(x);
            }
        }
        Ok(all)
    }
    pub fn run() -> String { format!("{:?}", sent(&[&[1, 2], &[], &[3]])) }
}

// kept
mod taken_in_the_head_of_an_inner_loop {
    #[resumable(backend = store(), carry(sum, all))]
    fn summed(parts: &[&[u64]]) -> Result<Vec<u64>, Stop> {
        let mut all = vec![];
        let mut sum = 1;
        #[resume]
        for xs in parts {
            #[resume]
            for x in *xs {
                step("part", x)?;
                sum += x;
            }
            let taken;
            #[resume]
            for x in {
                taken = std::mem::take(&mut sum);
                0..2
            } {
                step("taken", (x, taken))?;
                all.push(x + taken);
            }
        }
        Ok(all)
    }
    pub fn run() -> String { format!("{:?}", summed(&[&[1, 2], &[], &[3]])) }
}

// kept
mod rest_of_a_batch {
    #[resumable(backend = store(), carry(batch, sent))]
    fn batched(parts: &[&[u64]]) -> Result<u64, Stop> {
        let mut batch: Vec<u64> = vec![];
        let mut sent = 0;
        #[resume]
        for xs in parts {
            #[resume]
            for x in *xs {
                step("batch", x)?;
                batch.push(*x);
            }
            if batch.len() < 2 {
                continue;
            }
            batch.sort_by(|a, b| b.cmp(a));
            let rest = batch.split_off(2);
            #[resume]
            for x in std::mem::replace(&mut batch, rest) {
                step("sent", x)?;
                sent = sent * 2 + x;
            }
        }
        sent += batch.len() as u64;
        Ok(sent)
    }
    pub fn run() -> String { format!("{:?}", batched(&[&[1], &[2, 9, 4], &[3, 3, 5], &[]])) }
}

// refused
mod borrowed_behind_a_copy {
    #[resumable(backend = store(), carry(sum), fresh(sums))]
    fn summed(xs: &[u64]) -> Result<u64, Stop> {
        let mut sum = 1;
        let first = sum;
        let sums = &mut sum;
        for x in xs {
            step("sum", x)?;
            *sums += x;
        }
        Ok(*sums + first)
    }
    pub fn run() -> String { format!("{:?}", summed(&[3, 1, 2])) }
}

// refused
mod borrowed_where_another_branch_moves {
    #[resumable(backend = store(), carry(list), fresh(lists))]
    fn listed(xs: &[u64]) -> Result<Vec<u64>, Stop> {
        let mut list = vec![1];
        let lists = &mut list;
        if xs.is_empty() {
            return Ok(list);
        }
        for x in xs {
            step("list", x)?;
            lists.push(*x);
        }
        Ok(lists.clone())
    }
    pub fn run() -> String { format!("{:?}", listed(&[3, 1, 2])) }
}
