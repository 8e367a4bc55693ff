// Each item of an input is done, whatever its type, and only the one under way is done twice.

// refused
mod taken_from_in_the_body {
    #[resumable(backend = store())]
    fn pair(values: &[u64]) -> Result<(), Stop> {
        let mut walk = values.iter();
        #[resume]
        while let Some(one) = walk.next() {
            let other = walk.next();
            step("pair", (one, other))?;
        }
        Ok(())
    }
    pub fn run() -> String { format!("{:?}", pair(&[3, 1, 2, 4])) }
}

// kept or refused
mod taken_from_in_the_body_and_fresh {
    #[resumable(backend = store(), fresh(walk))]
    fn pair(values: &[u64]) -> Result<(), Stop> {
        let mut walk = values.iter();
        #[resume]
        while let Some(one) = walk.next() {
            let Some(other) = walk.next() else { break };
            step("pair", (one, other))?;
        }
        Ok(())
    }
    pub fn run() -> String { format!("{:?}", pair(&[3, 1, 2, 4])) }
}

// refused
mod worklist_that_is_not_named {
    #[resumable(backend = store())]
    fn divide(start: Vec<u64>) -> Result<(), Stop> {
        let mut open = start;
        #[resume]
        while let Some(cell) = open.pop() {
            step("cell", cell)?;
            if cell > 1 { open.push(cell - 1) }
        }
        Ok(())
    }
    pub fn run() -> String { format!("{:?}", divide(vec![2, 3])) }
}

// kept
mod chained_and_zipped {
    #[resumable(backend = store(), carry(seen))]
    fn walk(values: &[u64]) -> Result<Vec<String>, Stop> {
        let mut seen = vec![];
        let pairs = values.iter().rev().step_by(2).zip(values.chunks(2).chain(values.windows(3)));
        for (at, part) in pairs.skip_while(|(first, _)| **first > 7).enumerate() {
            step("part", (at, part))?;
            seen.push(format!("{part:?}"));
        }
        Ok(seen)
    }
    pub fn run() -> String { format!("{:?}", walk(&[1, 2, 3, 4, 5, 6, 7, 8])) }
}

// kept
mod summed_on_the_way_and_peeked {
    #[resumable(backend = store())]
    fn walk(groups: &[&[u64]]) -> Result<(), Stop> {
        let sums = groups.iter().copied().flatten().scan(0, |sum, value| { *sum += value; Some(*sum) });
        let mut sums = sums.peekable();
        see("first", sums.peek().is_some());
        for sum in sums {
            step("sum", sum)?;
        }
        Ok(())
    }
    pub fn run() -> String { format!("{:?}", walk(&[&[3, 1], &[], &[2]])) }
}

// kept
mod counted_by_the_head {
    #[resumable(backend = store())]
    fn walk(values: &[u64]) -> Result<u64, Stop> {
        let mut sum = 0;
        for (double, value) in values.iter().map(|value| { sum += value; value * 2 }).zip(values) {
            step("value", (double, value))?;
        }
        Ok(sum)
    }
    pub fn run() -> String { format!("{:?}", walk(&[3, 1, 2])) }
}

// kept or refused
mod carried_and_counted_by_the_head {
    #[resumable(backend = store(), carry(sum))]
    fn walk(values: &[u64]) -> Result<u64, Stop> {
        let mut sum = 0;
        for value in values.iter().inspect(|value| sum += **value) {
            step("value", value)?;
        }
        Ok(sum)
    }
    pub fn run() -> String { format!("{:?}", walk(&[3, 1, 2])) }
}

// kept or refused
mod lines_into_a_buffer {
    use std::io::BufRead;
    #[resumable(backend = store(), carry(length))]
    fn read(mut text: impl BufRead) -> Result<usize, Stop> {
        let mut length = 0;
        let mut line = String::new();
        while text.read_line(&mut line).unwrap() > 0 {
            step("line", line.trim())?;
            length += line.len();
            line.clear();
        }
        Ok(length)
    }
    pub fn run() -> String { format!("{:?}", read(std::io::Cursor::new("3\n11\n222\n"))) }
}

// kept
mod lines_into_a_fresh_buffer {
    use std::io::BufRead;
    #[resumable(backend = store(), carry(length), fresh(line))]
    fn read(mut text: impl BufRead) -> Result<usize, Stop> {
        let mut length = 0;
        let mut line = String::new();
        #[resume]
        while let Some(count) = {
            line.clear();
            Some(text.read_line(&mut line).unwrap()).filter(|count| *count > 0)
        } {
            step("line", line.trim())?;
            length += count;
        }
        Ok(length)
    }
    pub fn run() -> String { format!("{:?}", read(std::io::Cursor::new("3\n11\n222\n"))) }
}

// kept
mod lines_of_which_some_are_comments {
    use std::io::BufRead;
    #[resumable(backend = store(), carry(sum))]
    fn read(text: impl BufRead) -> Result<i64, Stop> {
        let mut sum = 0;
        for (at, line) in text.lines().enumerate() {
            let line = line.unwrap();
            if line.trim().is_empty() || line.starts_with('#') { continue }
            let Ok(number) = line.trim().parse::<i64>() else { see("bad", at); continue };
            step("number", (at, number))?;
            sum += number;
        }
        Ok(sum)
    }
    pub fn run() -> String { format!("{:?}", read(std::io::Cursor::new("3\n#a\n1\n\nx\n2"))) }
}

// refused
mod received {
    use std::sync::mpsc;
    #[resumable(backend = store(), carry(sum))]
    fn drain(queue: &mpsc::Receiver<u64>) -> Result<u64, Stop> {
        let mut sum = 0;
        for value in queue.try_iter().take(3) {
            step("value", value)?;
            sum += value;
        }
        Ok(sum)
    }
    pub fn run() -> String {
        let (sender, queue) = mpsc::channel();
        (1..9).for_each(|value| sender.send(value).unwrap());
        format!("{:?} {:?}", drain(&queue), queue.recv().is_ok())
    }
}

// kept
mod each_from_the_one_before {
    #[resumable(backend = store(), carry(seen))]
    fn halve(start: u64) -> Result<Vec<u64>, Stop> {
        let mut seen = vec![];
        for number in std::iter::successors(Some(start), |number| (*number > 1).then_some(number / 2)) {
            step("number", number)?;
            seen.push(number);
        }
        Ok(seen)
    }
    pub fn run() -> String { format!("{:?}", halve(9)) }
}

// kept
mod up_to_the_largest_number {
    #[resumable(backend = store(), carry(seen))]
    fn walk(from: u64) -> Result<Vec<u64>, Stop> {
        let mut seen = vec![];
        for number in from..=u64::MAX {
            step("number", number)?;
            seen.push(number);
        }
        Ok(seen)
    }
    pub fn run() -> String { format!("{:?}", walk(u64::MAX - 2)) }
}

// kept
mod wide_numbers_and_characters {
    #[resumable(backend = store(), carry(seen))]
    fn walk(from: i128) -> Result<Vec<(i128, char)>, Stop> {
        let mut seen = vec![];
        for pair in (from..i128::MIN + 3).zip('\u{D7FE}'..='\u{E001}') {
            step("pair", pair)?;
            seen.push(pair);
        }
        Ok(seen)
    }
    pub fn run() -> String { format!("{:?}", walk(i128::MIN)) }
}

// kept
mod goes_on_behind_its_end {
    struct Restless(u64);
    impl Iterator for Restless {
        type Item = u64;
        fn next(&mut self) -> Option<u64> {
            self.0 += 1;
            (self.0 % 4 != 0).then_some(self.0)
        }
    }
    #[resumable(backend = store(), carry(sum))]
    fn walk(mut restless: Restless) -> Result<(u64, Option<u64>), Stop> {
        let mut sum = 0;
        for value in &mut restless {
            step("value", value)?;
            sum += value;
        }
        step("behind", 0)?;
        Ok((sum, restless.next()))
    }
    pub fn run() -> String { format!("{:?}", walk(Restless(0))) }
}

// kept
mod items_of_no_size {
    #[resumable(backend = store(), carry(count))]
    fn count(values: [(); 3]) -> Result<u64, Stop> {
        let mut count = 0;
        for () in values {
            step("value", ())?;
            count += 1;
        }
        Ok(count)
    }
    pub fn run() -> String { format!("{:?}", count([(); 3])) }
}

// kept or refused
mod last_one_for_the_caller {
    #[resumable(backend = store(), carry(length))]
    fn walk<'a>(words: Box<dyn Iterator<Item = &'a str> + 'a>, last: &mut Option<&'a str>) -> Result<usize, Stop> {
        let mut length = 0;
        for word in words {
            step("word", word)?;
            length += word.len();
            *last = Some(word);
        }
        Ok(length)
    }
    pub fn run() -> String {
        let mut last = None;
        let length = walk(Box::new("a bb ccc".split(' ')), &mut last);
        format!("{length:?} {last:?}")
    }
}

// kept or refused
mod function_of_the_callers {
    #[resumable(backend = store())]
    fn call(values: &[u64], price: &mut impl FnMut(u64) -> u64) -> Result<(), Stop> {
        for value in values {
            step("price", price(*value))?;
        }
        Ok(())
    }
    pub fn run() -> String { format!("{:?}", call(&[3, 1, 2], &mut |value| value * 10)) }
}
