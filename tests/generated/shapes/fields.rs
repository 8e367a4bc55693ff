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

// kept
mod a_local_of_which_fields_were_moved {
    struct Options { files: Vec<String>, rate: u64, out: Out }
    struct Out { folder: String, suffix: String }
    #[resumable(backend = store(), carry(sum))]
    fn send(rate: u64) -> Result<u64, Stop> {
        let out = Out { folder: "d".into(), suffix: "x".into() };
        let options = Options { files: vec!["a".into(), "b".into()], rate, out };
        let mut sum = 0;
        let folder = options.out.folder;
        for file in options.files {
            step("file", format!("{folder}/{file}.{}", options.out.suffix))?;
            sum += options.rate;
        }
        Ok(sum)
    }
    pub fn run() -> String { format!("{:?}", send(3)) }
}

// kept
mod a_field_that_is_left_is_returned {
    struct Order { lines: Vec<u64>, name: String }
    #[resumable(backend = store())]
    fn check(order: Order) -> Result<String, Stop> {
        let order = order;
        let lines = order.lines;
        for line in lines {
            step("line", line)?;
            if line == 2 { see("found", line); return Ok(order.name) }
        }
        Ok(String::new())
    }
    pub fn run() -> String { format!("{:?}", check(Order { lines: vec![3, 1, 2], name: "n".into() })) }
}

// kept
mod what_the_loop_walks_is_of_self {
    struct Order { lines: Vec<u64>, name: String }
    impl Order {
        #[resumable(backend = store(), name = "of self")]
        fn check(self) -> Result<String, Stop> {
            for line in self.lines {
                step("line", format!("{line}{}", self.name))?;
                if line == 2 { return Ok(self.name) }
            }
            Ok(String::new())
        }
    }
    pub fn run() -> String { format!("{:?}", Order { lines: vec![3, 1, 2], name: "n".into() }.check()) }
}

// refused
mod a_field_that_is_left_changes {
    struct Order { lines: Vec<u64>, sum: u64 }
    #[resumable(backend = store())]
    fn add(mut order: Order) -> Result<u64, Stop> {
        for line in order.lines { step("line", line)?; order.sum += line; }
        Ok(order.sum)
    }
    pub fn run() -> String { format!("{:?}", add(Order { lines: vec![3, 1, 2], sum: 0 })) }
}

// refused
mod a_cell_that_is_left_changes {
    struct Order { lines: Vec<u64>, sum: std::cell::Cell<u64> }
    #[resumable(backend = store())]
    fn add(count: u64) -> Result<u64, Stop> {
        let order = Order { lines: (0..count).collect(), sum: Default::default() };
        for line in order.lines { step("line", line)?; order.sum.set(order.sum.get() + line); }
        Ok(order.sum.get())
    }
    pub fn run() -> String { format!("{:?}", add(4)) }
}

// kept
mod a_reference_to_what_is_owned_is_returned {
    struct Order { lines: Vec<u64>, names: Vec<String> }
    impl Order {
        #[resumable(backend = store(), name = "by reference")]
        fn check(&self) -> Result<&str, Stop> {
            for line in self.lines.iter() {
                step("line", line)?;
                if *line == 1 { return Ok(&self.names[0]) }
            }
            Ok("")
        }
    }
    pub fn run() -> String { format!("{:?}", Order { lines: vec![3, 1, 2], names: vec!["n".into()] }.check()) }
}
