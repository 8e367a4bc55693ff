// Fields of any argument can be named, and what is left of a variable whose fields were moved can be read.

// kept
mod a_field_of_an_argument_by_value {
    struct Till { sum: u64, rate: u64 }
    #[resumable(backend = store(), carry(till.sum))]
    fn add(mut till: Till, values: &[u64]) -> Result<u64, Stop> {
        for value in values { step("value", value)?; till.sum += value * till.rate; }
        Ok(till.sum)
    }
    pub fn run() -> String { format!("{:?}", add(Till { sum: 0, rate: 2 }, &[3, 1, 2])) }
}

// kept
mod fields_of_an_argument_by_reference {
    struct Till { count: Count, seen: Vec<u64>, rate: u64 }
    struct Count { sum: u64 }
    #[resumable(backend = store(), carry(till.count.sum, till.seen))]
    fn add(till: &mut Till, values: &[u64]) -> Result<u64, Stop> {
        for value in values {
            step("value", value)?;
            till.count.sum += value * till.rate;
            till.seen.push(till.count.sum);
        }
        Ok(till.seen.iter().sum())
    }
    pub fn run() -> String {
        format!("{:?}", add(&mut Till { count: Count { sum: 0 }, seen: vec![], rate: 2 }, &[3, 1, 2]))
    }
}

// kept
mod parts_of_a_pair {
    #[resumable(backend = store(), carry(pair.0, pair.1))]
    fn add(pair: &mut (u64, Vec<u64>), values: &[u64]) -> Result<u64, Stop> {
        for value in values { step("value", value)?; pair.0 += value; pair.1.push(pair.0); }
        Ok(pair.1.iter().sum())
    }
    pub fn run() -> String { format!("{:?}", add(&mut (0, vec![]), &[3, 1, 2])) }
}

// kept
mod the_loop_walks_another_field {
    struct Till { sum: u64, values: Vec<u64> }
    #[resumable(backend = store(), carry(till.sum))]
    fn add(till: &mut Till) -> Result<u64, Stop> {
        for value in &till.values { step("value", value)?; till.sum += value; }
        Ok(till.sum)
    }
    pub fn run() -> String { format!("{:?}", add(&mut Till { sum: 0, values: vec![3, 1, 2] })) }
}

// refused
mod another_field_changes {
    struct Till { sum: u64, count: u64 }
    #[resumable(backend = store(), carry(till.sum))]
    fn add(till: &mut Till, values: &[u64]) -> Result<u64, Stop> {
        for value in values { step("value", value)?; till.sum += value; till.count += 1; }
        Ok(till.sum + till.count)
    }
    pub fn run() -> String { format!("{:?}", add(&mut Till { sum: 0, count: 0 }, &[3, 1, 2])) }
}

// refused
mod a_method_changes_another_field {
    struct Till { sum: u64, count: u64 }
    impl Till { fn note(&mut self) { self.count += 1 } }
    #[resumable(backend = store(), carry(till.sum))]
    fn add(till: &mut Till, values: &[u64]) -> Result<u64, Stop> {
        for value in values { step("value", value)?; till.sum += value; till.note(); }
        Ok(till.sum + till.count)
    }
    pub fn run() -> String { format!("{:?}", add(&mut Till { sum: 0, count: 0 }, &[3, 1, 2])) }
}
