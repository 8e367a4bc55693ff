// Loops in a row and in one another go on in the one that was interrupted; what stands behind changes them once.

// kept repeats 2
mod first_phase_broken_off {
    #[resumable(backend = store(), carry(sum))]
    fn fill(cups: &[u64], jugs: &[u64]) -> Result<u64, Stop> {
        let mut sum = 0;
        #[resume]
        for cup in cups {
            step("cup", cup)?;
            sum += cup;
            if sum > 4 { break }
        }
        #[resume]
        for jug in jugs {
            step("jug", jug)?;
            sum += jug;
        }
        Ok(sum)
    }
    pub fn run() -> String { format!("{:?}", fill(&[3, 1, 2, 9], &[7, 8])) }
}

// kept
mod head_and_rest {
    #[resumable(backend = store(), carry(names))]
    fn read(lines: Vec<u64>) -> Result<Vec<u64>, Stop> {
        let mut names = Vec::new();
        let mut lines = lines.into_iter();
        #[resume]
        for line in lines.by_ref().take(2) {
            step("head", line)?;
        }
        #[resume]
        for line in lines {
            step("line", line)?;
            names.push(line);
        }
        Ok(names)
    }
    pub fn run() -> String { format!("{:?}", read(vec![3, 1, 2, 4])) }
}

// kept repeats 2
mod rest_behind_a_break {
    #[resumable(backend = store())]
    fn read(lines: Vec<u64>) -> Result<Vec<u64>, Stop> {
        let mut lines = lines.into_iter();
        for line in lines.by_ref() {
            step("line", line)?;
            if line == 1 { break }
        }
        step("rest", 0)?;
        Ok(lines.collect())
    }
    pub fn run() -> String { format!("{:?}", read(vec![3, 1, 2, 4])) }
}

// kept
mod looked_ahead_in_the_body {
    #[resumable(backend = store(), fresh(walk))]
    fn read(values: &[u64]) -> Result<(), Stop> {
        let mut walk = values.iter().peekable();
        #[resume]
        while let Some(value) = walk.next() {
            step("value", (value, walk.peek().is_none()))?;
        }
        Ok(())
    }
    pub fn run() -> String { format!("{:?}", read(&[3, 1, 2])) }
}

// kept
mod inner_sum_and_a_way_out {
    #[resumable(backend = store(), carry(part, sums))]
    fn add(rooms: &[&[u64]]) -> Result<Vec<u64>, Stop> {
        let mut sums = Vec::new();
        #[resume]
        'rooms: for room in rooms {
            let mut part = 0;
            #[resume]
            for chairs in *room {
                step("chairs", chairs)?;
                if *chairs == 9 { continue 'rooms }
                part += chairs;
            }
            sums.push(part);
        }
        Ok(sums)
    }
    pub fn run() -> String { format!("{:?}", add(&[&[3, 1], &[2, 9, 4], &[], &[5]])) }
}

// kept repeats 2
mod counted_by_the_head_of_the_first {
    #[resumable(backend = store())]
    fn walk(values: &[u64]) -> Result<u64, Stop> {
        let mut sum = 0;
        #[resume]
        for value in values.iter().inspect(|value| sum += **value) {
            step("first", value)?;
            if *value == 1 { break }
        }
        #[resume]
        for value in values {
            step("second", value)?;
        }
        Ok(sum)
    }
    pub fn run() -> String { format!("{:?}", walk(&[3, 1, 2])) }
}

// kept
mod ranges_of_ranges {
    #[resumable(backend = store(), carry(sum))]
    fn add(ranges: Vec<std::ops::Range<u64>>) -> Result<u64, Stop> {
        let mut sum = 0;
        #[resume]
        for range in ranges {
            #[resume]
            for value in range {
                step("value", value)?;
                sum += value;
            }
        }
        Ok(sum)
    }
    pub fn run() -> String { format!("{:?}", add(vec![1..3, 7..9, 4..4])) }
}

// kept repeats 2
mod three_in_one_another {
    #[resumable(backend = store(), carry(days, sum, best))]
    fn report(years: &[Vec<Vec<u64>>]) -> Result<Vec<(u64, u64)>, Stop> {
        let mut days = Results::new();
        #[resume]
        'years: for (year, months) in years.iter().enumerate() {
            let mut best = 0;
            #[resume]
            for month in months {
                let mut sum = 0;
                if month.is_empty() { continue 'years }
                #[resume]
                for day in month.iter().rev() {
                    step("day", (year, day))?;
                    if *day == 60 { break }
                    sum += day;
                    best = best.max(*day);
                }
                if sum > 90 { break 'years }
                days.push((year as u64, sum));
            }
            days.push((best, 0));
        }
        step("behind", 0)?;
        Ok(days.to_vec())
    }
    pub fn run() -> String {
        let years = [vec![vec![1, 60, 3], vec![4]], vec![vec![], vec![7]], vec![vec![50, 51], vec![1]], vec![vec![2]]];
        format!("{:?}", report(&years))
    }
}

// kept repeats 2
mod returned_from_an_inner_one {
    #[resumable(backend = store(), carry(count))]
    fn find(rooms: &[&[u64]]) -> Result<Option<(usize, u64)>, Stop> {
        let mut count = 0;
        for (at, room) in rooms.iter().enumerate() {
            for chair in *room {
                step("chair", chair)?;
                count += 1;
                if *chair == 7 { return Ok(Some((at, count))) }
            }
        }
        Ok(None)
    }
    pub fn run() -> String { format!("{:?}", find(&[&[3], &[1, 7], &[2]])) }
}

// kept
mod step_of_what_is_carried {
    #[resumable(backend = store(), carry(sum))]
    fn add(values: &[u64]) -> Result<u64, Stop> {
        let mut sum = 0;
        #[resume]
        for value in values {
            step("value", value)?;
            sum += value;
        }
        let mean = step!("mean", { step("mean", 0)?; sum / 2 });
        #[resume]
        for value in values {
            step("again", value)?;
            sum += mean;
        }
        Ok(sum)
    }
    pub fn run() -> String { format!("{:?}", add(&[3, 1, 2])) }
}

// kept
mod step_of_a_copy {
    #[resumable(backend = store(), carry(plan, done))]
    fn work(ids: &[u64]) -> Result<u64, Stop> {
        let mut plan: Vec<u64> = Vec::new();
        let mut done = 0;
        #[resume]
        for id in ids {
            step("plan", id)?;
            plan.push(id * 10);
        }
        let tasks: Vec<u64> = step!("tasks", plan.clone());
        #[resume]
        for task in tasks {
            step("do", task)?;
            done += task;
        }
        Ok(done)
    }
    pub fn run() -> String { format!("{:?}", work(&[3, 1, 2])) }
}

// kept repeats 2
mod changed_behind_the_loop {
    #[resumable(backend = store(), carry(sum))]
    fn add(values: &[u64]) -> Result<u64, Stop> {
        let mut sum = 0;
        for value in values {
            step("value", value)?;
            sum += value;
        }
        sum *= 2;
        step("one", 0)?;
        sum += 1;
        step("two", sum)?;
        Ok(sum)
    }
    pub fn run() -> String { format!("{:?}", add(&[3, 1, 2])) }
}

// kept repeats 2
mod begun_by_an_effect {
    #[resumable(backend = store(), carry(sum))]
    fn add(values: &[u64]) -> Result<u64, Stop> {
        let mut sum = { step("create", 0)?; 0 };
        for value in values {
            step("value", value)?;
            sum += value;
        }
        step("close", 0)?;
        Ok(sum)
    }
    pub fn run() -> String { format!("{:?}", add(&[3, 1, 2])) }
}

// kept
mod one_of_two {
    #[resumable(backend = store(), carry(sum))]
    fn add(values: &[u64], reversed: bool) -> Result<u64, Stop> {
        let mut sum = 0;
        if reversed {
            #[resume]
            for value in values.iter().rev() {
                step("value", value)?;
                sum += value;
            }
        } else {
            #[resume]
            for value in values {
                step("value", value)?;
                sum = sum * 10 + value;
            }
        }
        Ok(sum)
    }
    pub fn run() -> String { format!("{:?}", add(&[3, 1, 2], true)) }
}

// kept or refused
mod two_of_which_none_is_marked {
    #[resumable(backend = store(), carry(parsed))]
    fn send(words: &[&str]) -> Result<u64, Stop> {
        let mut parsed = Vec::new();
        for word in words {
            parsed.push(word.len() as u64);
        }
        let mut sent = 0;
        for word in parsed {
            step("send", word)?;
            sent += word;
        }
        Ok(sent)
    }
    pub fn run() -> String { format!("{:?}", send(&["a", "bb", "ccc"])) }
}

// kept repeats 9
mod itself_within_itself {
    #[resumable(backend = store(), carry(sum))]
    fn add(depth: u64, values: &[u64]) -> Result<u64, Stop> {
        let mut sum = 0;
        for value in values {
            step("value", (depth, value))?;
            sum += value;
            if depth > 0 { sum += add(depth - 1, &values[1..])? }
        }
        Ok(sum)
    }
    pub fn run() -> String { format!("{:?}", add(2, &[3, 1, 2])) }
}

// kept repeats 9
mod another_within_its_items {
    #[resumable(backend = store(), carry(sum))]
    fn inner(values: &[u64]) -> Result<u64, Stop> {
        let mut sum = 0;
        for value in values {
            step("value", value)?;
            sum += value;
        }
        step("behind", 0)?;
        Ok(sum)
    }
    #[resumable(backend = store(), carry(sums))]
    fn outer(rooms: &[&[u64]]) -> Result<Vec<u64>, Stop> {
        let mut sums = vec![];
        for room in rooms {
            let all = inner(room)?;
            let first = inner(&room[..1])?;
            sums.push(all * 100 + first);
        }
        Ok(sums)
    }
    pub fn run() -> String { format!("{:?}", outer(&[&[3, 1], &[2, 4]])) }
}

// kept or refused repeats 9
mod of_two_types {
    #[resumable(backend = store(), carry(sum))]
    fn add<T>(values: &[T]) -> Result<T, Stop>
    where T: Copy + Default + std::ops::AddAssign + std::fmt::Debug + serde::Serialize + serde::de::DeserializeOwned {
        let mut sum = T::default();
        for value in values {
            step("value", value)?;
            sum += *value;
        }
        Ok(sum)
    }
    fn both() -> Result<(u8, f32), Stop> { Ok((add(&[3u8, 1, 2])?, add(&[0.5f32, f32::NAN])?)) }
    pub fn run() -> String { format!("{:?}", both()) }
}

// kept
mod closures_that_are_fresh {
    #[resumable(backend = store(), fresh(note))]
    fn send(values: &[u64]) -> Result<(), Stop> {
        let note = |value: &u64| see("note", value);
        for value in values {
            step("value", value)?;
            note(value);
        }
        Ok(())
    }
    pub fn run() -> String { format!("{:?}", send(&[3, 1, 2])) }
}

// kept or refused
mod sum_in_a_fresh_closure {
    #[resumable(backend = store(), carry(sum), fresh(more))]
    fn add(values: &[u64]) -> Result<u64, Stop> {
        let mut sum = 0;
        let mut more = |value: &u64| sum += value;
        for value in values {
            step("value", value)?;
            more(value);
        }
        Ok(sum)
    }
    pub fn run() -> String { format!("{:?}", add(&[3, 1, 2])) }
}

// kept
mod hidden_by_the_items {
    #[resumable(backend = store())]
    fn print(lines: &[&str]) -> Result<String, Stop> {
        let mut line = String::from("he");
        line.push_str("ad");
        let head = line.clone();
        for line in lines {
            let mut line = line.to_string();
            line.push('!');
            step("line", line)?;
        }
        Ok(head)
    }
    pub fn run() -> String { format!("{:?}", print(&["a", "b"])) }
}

// kept
mod named_arguments_of_macros {
    macro_rules! event { ($($all:tt)*) => {}; }
    #[resumable(backend = store())]
    fn print(values: &[u64], wide: bool) -> Result<(), Stop> {
        let mut width = 3;
        if wide { width = 7 }
        let mut words = vec!["a".to_owned()];
        words.extend(wide.then(|| "b".to_owned()));
        for value in values {
            step("value", format!("{value:>width$}{}", words.concat(), width = width))?;
            event!(width = width, value, "printed");
        }
        Ok(())
    }
    pub fn run() -> String { format!("{:?}", print(&[3, 1], true)) }
}
