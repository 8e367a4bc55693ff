// A head that lends what is carried is evaluated again after each save, so it changes nothing else, and does nothing else.

// kept
mod two_lists_side_by_side {
    #[resumable(backend = store(), carry(from, to))]
    fn moved(n: u64) -> Result<(Vec<u64>, Vec<u64>), Stop> {
        let mut from: Vec<u64> = (1..=n).collect();
        let mut to = vec![0; 4];
        for (x, y) in from.iter_mut().zip(to.iter_mut()) {
            step("pair", (*x, *y))?;
            std::mem::swap(x, y);
            *y *= 10;
        }
        Ok((from, to))
    }
    pub fn run() -> String { format!("{:?}", moved(4)) }
}

// refused
mod slots_behind_the_items {
    #[resumable(backend = store(), carry(slots))]
    fn filled(xs: &[u64]) -> Result<Vec<u64>, Stop> {
        let mut slots = vec![7; xs.len()];
        for (x, slot) in xs.iter().zip(slots.iter_mut()) {
            step("slot", (x, *slot))?;
            *slot += x;
        }
        Ok(slots)
    }
    pub fn run() -> String { format!("{:?}", filled(&[3, 1, 2])) }
}

// kept
mod three_of_which_one_is_an_array {
    #[resumable(backend = store(), carry(a, b, c))]
    fn added(n: u64) -> Result<(Vec<u64>, Vec<u64>, [u64; 3]), Stop> {
        let mut a: Vec<u64> = (0..n).collect();
        let mut b = vec![1; 3];
        let mut c = [9; 3];
        for ((x, y), z) in a.iter_mut().zip(b.iter_mut()).zip(c.iter_mut().rev()) {
            step("three", (*x, *y, *z))?;
            *x += *y;
            *y += *z;
            *z += *x;
        }
        Ok((a, b, c))
    }
    pub fn run() -> String { format!("{:?}", added(3)) }
}

// kept
mod two_fields_of_self {
    #[derive(Debug)]
    struct Accounts {
        open: Vec<u64>,
        paid: Vec<u64>,
    }
    impl Accounts {
        #[resumable(backend = store(), carry(self.open, self.paid))]
        fn pay(&mut self) -> Result<(), Stop> {
            for (open, paid) in self.open.iter_mut().zip(self.paid.iter_mut()) {
                step("pay", (*open, *paid))?;
                *paid += std::mem::take(open);
            }
            Ok(())
        }
    }
    pub fn run() -> String {
        let mut accounts = Accounts { open: vec![3, 1, 2], paid: vec![5, 5, 5] };
        let done = accounts.pay();
        if done.is_err() { format!("{done:?}") } else { format!("{accounts:?}") }
    }
}

// kept
mod lent_by_turns {
    #[resumable(backend = store(), carry(a, b))]
    fn phases(mut a: Vec<u64>) -> Result<(Vec<u64>, Vec<u64>), Stop> {
        let mut b = vec![5; a.len()];
        #[resume]
        for (x, y) in a.iter_mut().zip(b.iter_mut()) {
            step("first", (*x, *y))?;
            *x += *y;
            *y += 1;
        }
        a.reverse();
        #[resume]
        for (y, x) in b.iter_mut().zip(a.iter().map(|x| x * 2)) {
            step("second", (x, *y))?;
            *y *= x;
        }
        Ok((a, b))
    }
    pub fn run() -> String { format!("{:?}", phases(vec![3, 1, 2])) }
}

// kept
mod fields_of_the_items {
    #[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
    struct Row {
        id: u64,
        sum: u64,
    }
    #[resumable(backend = store(), carry(rows))]
    fn summed(mut rows: Vec<Row>, by: u64) -> Result<Vec<Row>, Stop> {
        let all = vec![by; 3];
        for ((id, sum), by) in rows.iter_mut().map(|row| (&row.id, &mut row.sum)).zip(&all) {
            step("row", (*id, by))?;
            *sum += id * by;
        }
        Ok(rows)
    }
    pub fn run() -> String { format!("{:?}", summed(vec![Row { id: 1, sum: 5 }, Row { id: 2, sum: 6 }], 3)) }
}

// refused
mod another_list_that_is_not_named {
    #[resumable(backend = store(), carry(from))]
    fn moved(n: u64) -> Result<(Vec<u64>, Vec<u64>), Stop> {
        let mut from: Vec<u64> = (1..=n).collect();
        let mut to = vec![0; 4];
        for (x, y) in from.iter_mut().zip(to.iter_mut()) {
            step("pair", (*x, *y))?;
            std::mem::swap(x, y);
        }
        Ok((from, to))
    }
    pub fn run() -> String { format!("{:?}", moved(4)) }
}

// refused
mod another_field_that_is_not_named {
    struct Accounts {
        open: Vec<u64>,
        paid: Vec<u64>,
    }
    impl Accounts {
        #[resumable(backend = store(), carry(self.open))]
        fn pay(&mut self) -> Result<u64, Stop> {
            for (open, paid) in self.open.iter_mut().zip(self.paid.iter_mut()) {
                step("pay", (*open, *paid))?;
                *paid += std::mem::take(open);
            }
            Ok(self.paid.iter().sum())
        }
    }
    pub fn run() -> String { format!("{:?}", Accounts { open: vec![3, 1, 2], paid: vec![5, 5, 5] }.pay()) }
}

// refused
mod counted_on_the_way {
    #[resumable(backend = store(), carry(rows, count))]
    fn doubled(mut rows: Vec<u64>) -> Result<(Vec<u64>, u64), Stop> {
        let mut count = 0;
        for row in rows.iter_mut().inspect(|_| count += 1) {
            step("row", *row)?;
            *row *= 2;
        }
        Ok((rows, count))
    }
    pub fn run() -> String { format!("{:?}", doubled(vec![3, 1, 2])) }
}

// refused
mod changed_on_the_way {
    fn next(row: &mut u64) -> &mut u64 {
        *row += 1;
        row
    }
    #[resumable(backend = store(), carry(rows))]
    fn doubled(mut rows: Vec<u64>) -> Result<Vec<u64>, Stop> {
        for row in rows.iter_mut().map(next) {
            step("row", *row)?;
            *row *= 2;
        }
        Ok(rows)
    }
    pub fn run() -> String { format!("{:?}", doubled(vec![3, 1, 2])) }
}

// refused
mod numbered_by_an_iterator {
    #[resumable(backend = store(), carry(rows, numbers))]
    fn numbered(mut rows: Vec<u64>) -> Result<(Vec<u64>, Option<u64>), Stop> {
        let mut numbers = 10..20;
        for (row, number) in rows.iter_mut().zip(&mut numbers) {
            step("row", (*row, number))?;
            *row += number;
        }
        Ok((rows, numbers.next()))
    }
    pub fn run() -> String { format!("{:?}", numbered(vec![3, 1, 2])) }
}

// refused
mod as_many_as_a_call_says {
    fn limit(n: usize) -> usize {
        see("limit", n);
        n
    }
    #[resumable(backend = store(), carry(rows))]
    fn doubled(mut rows: Vec<u64>) -> Result<Vec<u64>, Stop> {
        for row in rows.iter_mut().take(limit(2)) {
            step("row", *row)?;
            *row *= 2;
        }
        Ok(rows)
    }
    pub fn run() -> String { format!("{:?}", doubled(vec![3, 1, 2])) }
}
