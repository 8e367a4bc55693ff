// The result is the plain function's, however the body leaves an item, the loop or the function.

// kept repeats 2
mod value_of_a_labelled_block {
    #[resumable(backend = store(), carry(found))]
    fn look(values: &[u64]) -> Result<Vec<u64>, Stop> {
        let mut found = vec![];
        for value in values {
            let kind = 'kind: {
                if value % 2 == 0 { break 'kind 0 }
                let Some(rest) = value.checked_sub(2) else { break 'kind 1 };
                step("rest", rest)?;
                rest * 10
            };
            step("kind", kind)?;
            found.push(kind);
        }
        Ok(found)
    }
    pub fn run() -> String { format!("{:?}", look(&[3, 1, 2, 5])) }
}

// kept
mod conditions_in_a_row {
    #[resumable(backend = store(), carry(found))]
    fn look(words: &[&str]) -> Result<Vec<u64>, Stop> {
        let mut found = vec![];
        for word in words {
            if let Some(rest) = word.strip_prefix('n') && let Ok(number) = rest.parse::<u64>() && number > 1 {
                step("number", number)?;
                found.push(number);
            } else if let [first, ..] = word.as_bytes() && *first == b'q' {
                return Ok(found);
            } else {
                step("word", word)?;
            }
        }
        Ok(found)
    }
    pub fn run() -> String { format!("{:?}", look(&["n3", "n1", "x", "n2", "q", "n4"])) }
}

// kept
mod items_that_are_dropped {
    #[derive(Hash)]
    struct Parcel(u64);
    impl Drop for Parcel {
        fn drop(&mut self) { dropped(self.0) }
    }
    #[resumable(backend = store())]
    fn send(parcels: Vec<Parcel>) -> Result<(), Stop> {
        for parcel in parcels {
            step("parcel", parcel.0)?;
        }
        step("behind", 0)?;
        Ok(())
    }
    pub fn run() -> String { format!("{:?}", send(vec![Parcel(3), Parcel(1), Parcel(2)])) }
}

// kept
mod option {
    #[resumable(backend = store(), carry(sum))]
    fn add(values: &[Option<u64>]) -> Option<u64> {
        let mut sum = 0;
        for value in values {
            let Some(value) = value else { continue };
            step("value", value).ok()?;
            sum += value;
            if sum > 100 { return None }
        }
        Some(sum)
    }
    pub fn run() -> String { format!("{:?}", add(&[Some(3), None, Some(1)])) }
}

// kept repeats 9
mod option_of_a_result {
    #[resumable(backend = store())]
    fn send(values: &[u64]) -> Option<Result<u64, Stop>> {
        for value in values {
            if let Err(error) = step("value", value) { return Some(Err(error)) }
        }
        Some(Ok(7))
    }
    pub fn run() -> String { format!("{:?}", send(&[3, 1, 2])) }
}

// kept
mod result_by_another_name {
    type Tried<T> = std::result::Result<T, Stop>;
    type Done = Tried<()>;
    #[resumable(backend = store(), carry(sum))]
    fn add(values: &[u64]) -> Done {
        let mut sum = 0;
        for value in values {
            step("value", value)?;
            sum += value;
        }
        see("sum", sum);
        Ok(())
    }
    pub fn run() -> String { format!("{:?}", add(&[3, 1, 2])) }
}

// kept
mod iterator_that_is_returned {
    #[resumable(backend = store(), carry(seen))]
    fn collect<'a>(values: &'a [u64]) -> Result<impl Iterator<Item = (u64, &'a u64)> + 'a, Stop> {
        let mut seen = vec![];
        for value in values {
            step("value", value)?;
            seen.push(*value);
        }
        Ok(seen.into_iter().zip(values))
    }
    pub fn run() -> String { format!("{:?}", collect(&[3, 1, 2]).map(Iterator::collect::<Vec<_>>)) }
}

// kept
mod any_error {
    #[resumable(backend = store(), carry(sum))]
    fn add(words: &[&str]) -> Result<i64, Box<dyn std::error::Error + Send + Sync>> {
        let mut sum = 0;
        for word in words {
            step("word", word)?;
            sum += word.trim().parse::<i64>()?;
        }
        if sum == 0 { return Err("nothing".into()) }
        Ok(sum)
    }
    pub fn run() -> String { format!("{:?}", add(&["3", " 1", "2 "])) }
}

// kept
mod error_that_borrows {
    #[resumable(backend = store(), carry(count))]
    fn send<'a>(words: &'a [String]) -> Result<u64, (&'a str, Stop)> {
        let mut count = 0;
        for word in words {
            step("word", word).map_err(|error| (word.as_str(), error))?;
            count += 1;
        }
        Ok(count)
    }
    pub fn run() -> String { format!("{:?}", send(&["a".into(), "b".into()])) }
}

// kept repeats 9
mod exit_code {
    use std::process::ExitCode;
    #[resumable(backend = store(), carry(sum))]
    fn add(values: &[u64]) -> ExitCode {
        let mut sum = 0;
        for value in values {
            if step("value", value).is_err() { return ExitCode::from(99) }
            sum += value;
        }
        if sum == 6 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
    pub fn run() -> String {
        let code = format!("{:?}", add(&[3, 1, 2]));
        if code.contains("99") { "Interrupted".to_owned() } else { code }
    }
}

// kept repeats 9
mod control_flow {
    use std::ops::ControlFlow;
    #[resumable(backend = store(), carry(sum))]
    fn add(values: &[u64]) -> ControlFlow<&'static str, u64> {
        let mut sum = 0;
        for value in values {
            if step("value", value).is_err() { return ControlFlow::Break("Interrupted") }
            sum += value;
        }
        ControlFlow::Continue(sum)
    }
    pub fn run() -> String { format!("{:?}", add(&[3, 1, 2])) }
}

// kept
mod questions_in_a_closure {
    #[resumable(backend = store(), carry(sum))]
    fn add(values: &[Option<u64>]) -> Result<u64, Stop> {
        let mut sum = 0;
        for value in values {
            step("value", value)?;
            sum += value.ok_or(Stop::Rejected(1))?;
            sum += (|| { let inner = (*value)?; Some(inner) })().unwrap_or(0);
        }
        Ok(sum)
    }
    pub fn run() -> String { format!("{:?}", add(&[Some(3), Some(1)])) }
}

// kept
mod object_and_pin {
    use std::pin::Pin;
    trait Till { fn ring(self: Pin<&mut Self>, prices: &[u64]) -> Result<u64, Stop>; }
    struct Local { rate: u64, _pinned: std::marker::PhantomPinned }
    impl Till for Local {
        #[resumable(backend = store(), carry(sum))]
        fn ring(self: Pin<&mut Self>, prices: &[u64]) -> Result<u64, Stop> {
            let mut sum = 0;
            for price in prices {
                step("price", price)?;
                sum += price * self.rate;
            }
            Ok(sum)
        }
    }
    pub fn run() -> String {
        let mut till: Pin<Box<dyn Till>> = Box::pin(Local { rate: 2, _pinned: std::marker::PhantomPinned });
        format!("{:?}", till.as_mut().ring(&[3, 1, 2]))
    }
}

// kept
mod sink_of_any_type {
    trait Sink<T> { fn put(&mut self, value: T) -> Result<(), Stop>; }
    struct Texts(Vec<String>);
    impl<T: ToString> Sink<T> for Texts {
        fn put(&mut self, value: T) -> Result<(), Stop> {
            step("put", value.to_string())?;
            self.0.push(value.to_string());
            Ok(())
        }
    }
    #[resumable(backend = store(), fresh(sink))]
    fn pour<'a, T: ToString + std::hash::Hash + 'a, S>(values: impl IntoIterator<Item = T> + 'a, mut sink: S) -> Result<u64, Stop>
    where S: Sink<T> {
        for value in values {
            sink.put(value)?;
        }
        Ok(1)
    }
    pub fn run() -> String { format!("{:?}", pour([3, 5].into_iter(), Texts(vec![]))) }
}

// kept policy
mod functions_and_closures_that_return {
    #[resumable(backend = store(), carry(found), max_attempts = 3, on_error = |_| Action::Fail)]
    fn look(values: &[u64]) -> Result<Vec<u64>, Stop> {
        let mut found = vec![];
        'values: for value in values {
            fn raised(value: u64) -> u64 { if value > 2 { return value * 3 } value * 2 }
            let checked = |value: u64| -> Result<u64, Stop> { for at in 0..value { if at > 1 { break } } Ok(value) };
            let value = loop { if *value == 4 { continue 'values } break checked(*value)? };
            step("value", value)?;
            let Ok(value) = (|| -> Result<u64, ()> { if value == 0 { Err(())? } Ok(raised(value)) })() else { break 'values };
            found.push(value);
            if value == 15 { break }
        }
        Ok(found)
    }
    pub fn run() -> String { format!("{:?}", look(&[3, 4, 2, 5, 6])) }
}

// kept
mod future_in_a_box {
    use std::pin::Pin;
    #[resumable(backend = store(), carry(sum))]
    fn add<'a>(values: &'a [u64]) -> Pin<Box<dyn Future<Output = Result<u64, Stop>> + Send + 'a>> {
        Box::pin(async move {
            let mut sum = 0;
            for value in values {
                std::future::ready(()).await;
                step("value", value)?;
                sum += value;
            }
            Ok(sum)
        })
    }
    pub fn run() -> String { format!("{:?}", block_on(add(&[3, 1, 2]))) }
}

// kept or refused
mod loop_in_an_endless_one {
    #[resumable(backend = store())]
    fn poll(values: &[u64]) -> Result<u64, Stop> {
        let count = loop {
            for value in values {
                step("value", value)?;
            }
            break 5;
        };
        Ok(count)
    }
    pub fn run() -> String { format!("{:?}", poll(&[3, 1])) }
}

// kept or refused
mod endless_one_that_takes {
    #[resumable(backend = store(), fresh(walk))]
    fn add(values: Vec<u64>) -> Result<u64, Stop> {
        let mut walk = values.into_iter();
        let mut sum = 0;
        loop {
            let Some(value) = walk.next() else { break };
            step("value", value)?;
            sum += value;
        }
        Ok(sum)
    }
    pub fn run() -> String { format!("{:?}", add(vec![3, 1])) }
}

// kept or refused
mod none_by_another_name {
    type Maybe = Option<u64>;
    #[resumable(backend = store())]
    fn find(values: &[u64]) -> Maybe {
        for value in values {
            step_or_panic("value", value);
            if *value == 1 { return None }
        }
        Some(1)
    }
    pub fn run() -> String { format!("none {:?}", find(&[3, 1, 2])) }
}

// kept
mod none_behind_the_loop {
    #[resumable(backend = store())]
    fn find(values: &[u64]) -> Option<u64> {
        for value in values {
            step_or_panic("value", value);
        }
        let ninth = values.get(9)?;
        Some(*ninth)
    }
    pub fn run() -> String { format!("none {:?}", find(&[3, 1, 2])) }
}

// kept
mod none_as_the_answer {
    #[resumable(backend = store())]
    fn find(values: &[u64]) -> Option<u64> {
        for value in values {
            step_or_panic("value", value);
        }
        values.first().filter(|value| **value > 5).copied()
    }
    pub fn run() -> String { format!("none {:?}", find(&[3, 1, 2])) }
}
