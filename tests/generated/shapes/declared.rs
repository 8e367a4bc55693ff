// A variable that a macro declares before the loop is found like one that a `let` declares.

// refused
mod a_number_of_a_macro {
    macro_rules! total { ($name:ident) => { let mut $name = 0; } }
    #[resumable(backend = store())]
    fn add(values: &[u64]) -> Result<u64, Stop> {
        total!(sum);
        for value in values { step("value", value)?; sum += value; }
        Ok(sum)
    }
    pub fn run() -> String { format!("{:?}", add(&[3, 1, 2])) }
}

// refused
mod a_cell_of_a_macro {
    macro_rules! cell { ($name:ident: $ty:ty) => { let $name = std::cell::Cell::<$ty>::new(0); } }
    #[resumable(backend = store())]
    fn add(values: &[u64]) -> Result<u64, Stop> {
        cell!(sum: u64);
        for value in values { step("value", value)?; sum.set(sum.get() + value); }
        Ok(sum.get())
    }
    pub fn run() -> String { format!("{:?}", add(&[3, 1, 2])) }
}

// refused
mod a_let_within_a_macro {
    macro_rules! pinned { ($(let $name:ident = $init:expr;)*) => { $(let mut $name = $init; let mut $name = &mut $name;)* } }
    #[resumable(backend = store())]
    fn number(values: &[u64]) -> Result<(), Stop> {
        pinned! { let ids = 10..; }
        for value in values { step("value", (value, ids.next()))?; }
        Ok(())
    }
    pub fn run() -> String { format!("{:?}", number(&[3, 1, 2])) }
}

// refused
mod a_number_of_a_macro_in_an_outer_item {
    macro_rules! total { ($name:ident) => { let mut $name = 0; } }
    #[resumable(backend = store(), carry(sums))]
    fn add(rows: &[Vec<u64>]) -> Result<Vec<u64>, Stop> {
        let mut sums = vec![];
        #[resume]
        for row in rows {
            total!(sum);
            #[resume]
            for value in row { step("value", value)?; sum += value; }
            sums.push(sum);
        }
        Ok(sums)
    }
    pub fn run() -> String { format!("{:?}", add(&[vec![3, 1], vec![2, 4]])) }
}

// refused
mod a_number_of_a_macro_and_attempts {
    macro_rules! total { ($name:ident) => { let mut $name = 0; } }
    #[resumable(backend = store(), max_attempts = 2)]
    fn add(values: &[u64]) -> Result<u64, Stop> {
        total!(sum);
        for value in values { step("value", value)?; sum += value; }
        Ok(sum)
    }
    pub fn run() -> String { format!("{:?}", add(&[3, 1, 2])) }
}

// kept repeats 9
mod what_a_macro_declares_is_fresh {
    macro_rules! pinned { ($(let $name:ident = $init:expr;)*) => { $(let mut $name = $init; let mut $name = &mut $name;)* } }
    #[resumable(backend = store(), fresh(sevens))]
    fn number(values: &[u64]) -> Result<(), Stop> {
        pinned! { let sevens = std::iter::repeat(7); }
        for value in values { step("value", (value, sevens.next()))?; }
        Ok(())
    }
    pub fn run() -> String { format!("{:?}", number(&[3, 1, 2])) }
}

// kept repeats 3
mod what_a_macro_only_reads {
    macro_rules! note { ($($token:tt)*) => { see("note", format!($($token)*)) } }
    fn raised(value: &u64) -> u64 { value + 1 }
    const LEAST: u64 = 2;
    #[resumable(backend = store(), carry(sum))]
    fn add(values: &[u64], limit: u64) -> Result<u64, Stop> {
        let mut sum = 0;
        let factor = 2;
        note!("{} {} {} {}", sum, limit, factor, LEAST);
        for value in values {
            step("value", value)?;
            sum += values.iter().map(raised).sum::<u64>() * factor.min(limit).max(LEAST);
        }
        Ok(sum)
    }
    pub fn run() -> String { format!("{:?}", add(&[3, 1, 2], 5)) }
}

// kept
mod a_let_that_is_left_out {
    #[resumable(backend = store(), carry(sum))]
    fn add(values: &[u64]) -> Result<u64, Stop> {
        let mut sum = 0;
        #[cfg(any())]
        let sum = missing();
        for value in values { step("value", value)?; sum += value; }
        Ok(sum)
    }
    pub fn run() -> String { format!("{:?}", add(&[3, 1, 2])) }
}

// kept
mod one_of_two_lets {
    #[resumable(backend = store(), carry(sum))]
    fn add(values: &[u64]) -> Result<u64, Stop> {
        #[cfg(all())]
        let mut sum = 1;
        #[cfg(any())]
        let mut sum = missing();
        sum += 2;
        for value in values { step("value", (value, sum))?; sum += value; }
        sum *= 2;
        step("end", sum)?;
        Ok(sum)
    }
    pub fn run() -> String { format!("{:?}", add(&[3, 1, 2])) }
}
