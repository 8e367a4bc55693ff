// Without `#[resume]`, no loop beside the one that is resumed is left unprotected without a word.

// refused
mod a_call_that_walks {
    #[resumable(backend = store())]
    fn send(values: &[u64], others: &[u64]) -> Result<(), Stop> {
        for value in values { step("value", value)?; }
        others.iter().try_for_each(|other| step("other", other))?;
        Ok(())
    }
    pub fn run() -> String { format!("{:?}", send(&[3, 1], &[7, 8, 9])) }
}

// refused
mod an_async_block_that_walks {
    #[resumable(backend = store())]
    async fn send(values: &[u64], others: &[u64]) -> Result<(), Stop> {
        for value in values { step("value", value)?; }
        async { for other in others { step("other", other)?; } Ok::<(), Stop>(()) }.await?;
        Ok(())
    }
    pub fn run() -> String { format!("{:?}", block_on(send(&[3, 1], &[7, 8, 9]))) }
}

// refused
mod a_closure_that_walks {
    #[resumable(backend = store())]
    fn send(values: &[u64], others: &[u64]) -> Result<(), Stop> {
        for value in values { step("value", value)?; }
        let finish = || -> Result<(), Stop> { for other in others { step("other", other)?; } Ok(()) };
        finish()
    }
    pub fn run() -> String { format!("{:?}", send(&[3, 1], &[7, 8, 9])) }
}

// refused
mod a_macro_that_walks {
    macro_rules! timed { ($($token:tt)*) => { $($token)* } }
    #[resumable(backend = store())]
    fn send(values: &[u64], others: &[u64]) -> Result<(), Stop> {
        for value in values { step("value", value)?; }
        timed!(for other in others { step("other", other)?; });
        Ok(())
    }
    pub fn run() -> String { format!("{:?}", send(&[3, 1], &[7, 8, 9])) }
}

// kept repeats 9
mod a_call_beside_a_marked_loop {
    #[resumable(backend = store())]
    fn send(values: &[u64], others: &[u64]) -> Result<(), Stop> {
        #[resume]
        for value in values { step("value", value)?; }
        others.iter().try_for_each(|other| step("other", other))?;
        Ok(())
    }
    pub fn run() -> String { format!("{:?}", send(&[3, 1], &[7, 8, 9])) }
}

// kept
mod closures_that_the_loop_calls {
    #[resumable(backend = store(), carry(sum))]
    fn add(words: &[&str]) -> Result<u64, Stop> {
        let digits = |word: &str| -> Result<u64, Stop> {
            let mut sum = 0;
            for digit in word.chars() { sum += u64::from(digit.to_digit(10).ok_or(Stop::Rejected(1))?); }
            Ok(sum)
        };
        let twice = |word: &str| digits(word).map(|sum| sum * 2);
        let lengths: Vec<usize> = words.iter().map(|word| { let mut at = 0; for _ in word.chars() { at += 1 } at }).collect();
        let mut sum = 0;
        for (at, word) in words.iter().enumerate() {
            step("word", word)?;
            sum += twice(word)? + lengths[at] as u64;
            word.chars().for_each(|digit| sum += u64::from(digit == '1'));
        }
        Ok(sum)
    }
    pub fn run() -> String { format!("{:?}", add(&["31", "1", "22"])) }
}
