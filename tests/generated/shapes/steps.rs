// A resumed run does not evaluate a `step!` again, so a step changes nothing from before it but what is fresh. It may move what
// holds no references.

// refused
mod a_step_that_adds_to_what_is_carried {
    #[resumable(backend = store(), carry(total))]
    fn add(values: &[u64]) -> Result<u64, Stop> {
        let mut total = 0;
        #[resume]
        for value in values { step("add", value)?; total += value; }
        let more: u64 = step!("more", { total += 100; total });
        #[resume]
        for value in values { step("again", total)?; total += value; }
        Ok(total + more)
    }
    pub fn run() -> String { format!("{:?}", add(&[3, 1, 2])) }
}

// refused
mod a_step_that_takes_what_an_option_has {
    #[resumable(backend = store(), carry(out))]
    fn add(values: &[u64]) -> Result<String, Stop> {
        let mut found = Some(String::from("found"));
        let mut out = String::new();
        let length: usize = step!("length", found.take().map_or(0, |it| it.len()));
        for value in values { step("add", value + length as u64)?; out += found.as_deref().unwrap_or("-"); }
        Ok(out)
    }
    pub fn run() -> String { format!("{:?}", add(&[3, 1, 2])) }
}

// refused
mod a_step_that_takes_the_first_of_the_items {
    #[resumable(backend = store(), carry(total))]
    fn add(values: &[u64]) -> Result<u64, Stop> {
        let mut rest = values.iter();
        let first: u64 = step!("first", *rest.next().unwrap());
        let mut total = first;
        for value in rest { step("add", value)?; total += value; }
        Ok(total)
    }
    pub fn run() -> String { format!("{:?}", add(&[3, 1, 2])) }
}

// refused
mod a_step_that_reads_lines {
    use std::io::{BufRead, Cursor};
    #[resumable(backend = store(), carry(total))]
    fn add(text: &str) -> Result<u64, Stop> {
        let mut reader = Cursor::new(text.as_bytes());
        let header: String = step!("header", {
            let mut header = String::new();
            reader.read_line(&mut header).unwrap();
            header
        });
        let mut total = header.len() as u64;
        for line in reader.lines() {
            let line = line.unwrap();
            step("line", line.len())?;
            total += line.len() as u64;
        }
        Ok(total)
    }
    pub fn run() -> String { format!("{:?}", add("head\na\nbb\n")) }
}

// refused
mod a_step_that_calls_by_a_mutable_argument {
    pub struct Client(u64);
    impl Client {
        fn list(&mut self) -> Vec<u64> { self.0 += 1; vec![1, 2] }
    }
    #[resumable(backend = store())]
    fn send(client: &mut Client) -> Result<u64, Stop> {
        let ids: Vec<u64> = step!("ids", client.list());
        for id in ids { step("send", id)?; }
        Ok(client.0)
    }
    pub fn run() -> String { format!("{:?}", send(&mut Client(0))) }
}

// refused
mod an_async_step_that_changes {
    #[resumable(backend = store(), carry(n))]
    async fn add(values: &[u64]) -> Result<u64, Stop> {
        let mut n = 1;
        let more: u64 = step!("more", { n += std::future::ready(5).await; n });
        for value in values { step("add", n)?; n += value; }
        Ok(n + more)
    }
    pub fn run() -> String { format!("{:?}", block_on(add(&[3, 1, 2]))) }
}

// refused
mod a_step_of_steps_alone_that_changes {
    #[resumable(backend = store())]
    fn add(start: u64) -> Result<u64, Stop> {
        let mut n = start;
        let one: u64 = step!("one", { step("one", 0)?; n += 5; 1 });
        let two: u64 = step!("two", { step("two", n)?; n * 2 });
        step("end", 0)?;
        Ok(n + one + two)
    }
    pub fn run() -> String { format!("{:?}", add(1)) }
}

// refused
mod a_step_that_sets_a_cell {
    #[resumable(backend = store())]
    fn add(values: &[u64]) -> Result<u64, Stop> {
        let seen = std::cell::Cell::new(1);
        let one: u64 = step!("one", { step("one", 0)?; seen.set(5); 3 });
        for value in values { step("add", value)?; }
        Ok(one + seen.get())
    }
    pub fn run() -> String { format!("{:?}", add(&[3])) }
}

// kept
mod a_step_with_what_is_fresh {
    pub struct Client(u64);
    impl Client {
        fn list(&mut self) -> Result<Vec<u64>, Stop> { step("list", 0)?; self.0 += 1; Ok(vec![1, 2]) }
    }
    #[resumable(backend = store(), fresh(client))]
    fn send(client: &mut Client) -> Result<u64, Stop> {
        let ids: Vec<u64> = step!("ids", client.list()?);
        for id in &ids { step("send", id)?; }
        Ok(ids.len() as u64)
    }
    pub fn run() -> String { format!("{:?}", send(&mut Client(0))) }
}

// kept
mod a_step_that_moves_what_it_needs {
    fn joined(list: Vec<u64>, text: String) -> Vec<String> {
        list.into_iter().map(|it| format!("{text}{it}")).collect()
    }
    #[resumable(backend = store())]
    fn build(values: Vec<u64>, text: String) -> Result<usize, Stop> {
        let list: Vec<u64> = step!("list", { step("list", 0)?; values.into_iter().map(|it| it + 1).collect() });
        let all: Vec<String> = step!("all", { step("all", list.len())?; joined(list, text) });
        step!("told", step("told", all.len())?);
        Ok(all.len())
    }
    pub fn run() -> String { format!("{:?}", build(vec![3, 1], "a".into())) }
}

// kept
mod a_step_that_leaves_a_block_or_a_loop {
    #[resumable(backend = store(), carry(n))]
    fn add(values: &[u64]) -> Result<u64, Stop> {
        let mut n = 0;
        let one = loop {
            let one: u64 = step!("one", { step("one", 0)?; if n > 100 { break 9 } 6 });
            break one;
        };
        let two = 'two: {
            let two: u64 = step!("two", { if one == 0 { break 'two 3 } step("two", one)?; one + 1 });
            two + 1
        };
        let three: Option<u64> = step!("three", if two == 0 { return Ok(two) } else { values.first().copied() });
        #[resume]
        for value in values { step("add", n + two)?; n += value * one + three.unwrap_or(0); }
        Ok(n)
    }
    pub fn run() -> String { format!("{:?}", add(&[3, 1, 2])) }
}

// kept
mod a_step_that_moves_what_is_its_own {
    #[derive(Debug)]
    struct Plan { days: Vec<u64>, name: String }
    fn length(plan: Plan) -> u64 { plan.days.len() as u64 + plan.name.len() as u64 }
    #[resumable(backend = store(), carry(total), fresh(plan))]
    fn add(values: &[u64], plan: Plan) -> Result<u64, Stop> {
        let again = Plan { days: plan.days.clone(), name: plan.name.clone() };
        let words: Vec<&str> = plan.name.split('a').collect();
        let mut total: u64 = step!("own", length(again));
        let parts: usize = step!("parts", Some(words).map_or(0, |it| it.len()));
        for value in values { step("add", value)?; total += value + parts as u64; }
        Ok(total)
    }
    pub fn run() -> String { format!("{:?}", add(&[3, 1, 2], Plan { days: vec![1], name: "plan".into() })) }
}

// refused
mod a_step_that_is_given_what_refers_to_a_list {
    struct Log<'a>(&'a mut Vec<u64>);
    fn note(log: Log<'_>) -> u64 { log.0.push(7); 7 }
    #[resumable(backend = store(), carry(total), fresh(all))]
    fn add(values: &[u64], all: &mut Vec<u64>) -> Result<u64, Stop> {
        let log = Log(all);
        let mut total: u64 = step!("note", note(log));
        for value in values { step("add", value)?; total += value; }
        Ok(total + all.len() as u64)
    }
    pub fn run() -> String { format!("{:?}", add(&[3, 1, 2], &mut Vec::new())) }
}

// refused
mod step_moves_hidden_mut {
    struct Log<'a>(&'a mut Vec<u32>);
    fn fill(v: Vec<Log>) -> u32 {
        let mut n = 0;
        for l in v {
            l.0.push(7);
            n += 1
        }
        n
    }
    #[resumable(backend = store(), carry(out))]
    fn job(xs: &[u32]) -> Result<(u32, usize), Stop> {
        let mut out = 0;
        let mut seen = vec![];
        let n;
        {
            let logs: Vec<Log> = vec![Log(&mut seen)];
            n = step!("n", fill(logs));
        }
        for x in xs {
            step("item", x)?;
            out += x;
        }
        Ok((out + n, seen.len()))
    }
    pub fn run() -> String { format!("{:?}", job(&[1, 3, 2])) }
}

// refused
mod step_changes_rc_in_vec {
    use std::{cell::Cell, rc::Rc};
    fn fill(v: Vec<Rc<Cell<u32>>>) -> u32 {
        v[0].set(5);
        1
    }
    #[resumable(backend = store(), carry(out))]
    fn job(xs: &[u32]) -> Result<(u32, u32), Stop> {
        let mut out = 0;
        let c = Rc::new(Cell::new(0));
        let v: Vec<Rc<Cell<u32>>> = vec![c.clone()];
        let n = step!("n", fill(v));
        for x in xs {
            step("item", x)?;
            out += x;
        }
        Ok((out + n, c.get()))
    }
    pub fn run() -> String { format!("{:?}", job(&[1, 3, 2])) }
}

// refused
mod step_generic_mut {
    fn fill<W: Extend<u32>>(v: Vec<W>) -> u32 {
        let mut n = 0;
        for mut l in v {
            l.extend([7]);
            n += 1
        }
        n
    }
    #[resumable(backend = store(), carry(out))]
    fn job<W: Extend<u32>>(xs: &[u32], logs: Vec<W>) -> Result<u32, Stop> {
        let mut out = 0;
        let n = step!("n", fill(logs));
        for x in xs {
            step("item", x)?;
            out += x;
        }
        Ok(out + n)
    }
    struct E<'a>(&'a mut Vec<u32>);
    impl Extend<u32> for E<'_> {
        fn extend<I: IntoIterator<Item = u32>>(&mut self, i: I) { self.0.extend(i) }
    }
    pub fn run() -> String {
        let mut s = vec![];
        let r = job(&[1, 3, 2], vec![E(&mut s)]);
        format!("{r:?} {}", s.len())
    }
}

// kept
mod step_moves_map_of_own {
    use std::collections::HashMap;
    #[derive(Debug, Clone)]
    struct Row {
        n: u32,
        when: std::time::Duration,
    }
    fn up(v: HashMap<String, Vec<Row>>) -> u32 {
        v.values().flatten().map(|r| r.n + r.when.as_secs() as u32).sum()
    }
    #[resumable(backend = store())]
    fn job(xs: &[u32], rows: HashMap<String, Vec<Row>>) -> Result<u32, Stop> {
        let n = step!("n", up(rows));
        for x in xs {
            step("item", x)?;
        }
        Ok(n)
    }
    pub fn run() -> String {
        format!(
            "{:?}",
            job(&[1, 25], HashMap::from([("a".to_string(), vec![Row { n: 1, when: Default::default() }])]))
        )
    }
}

// kept
mod step_moves_generic {
    fn up<T: std::fmt::Debug>(v: Vec<T>) -> String { format!("{v:?}") }
    #[resumable(backend = store())]
    fn job<T: std::fmt::Debug + 'static>(xs: &[u32], rows: Vec<T>) -> Result<String, Stop> {
        let n = step!("n", up(rows));
        for x in xs {
            step("item", x)?;
        }
        Ok(n)
    }
    pub fn run() -> String { format!("{:?}", job(&[1, 25], vec!["a"])) }
}

// kept
mod step_moves_generic_serde {
    fn up<T: serde::Serialize>(v: Vec<T>) -> String { serde_json::to_string(&v).unwrap() }
    #[resumable(backend = store())]
    fn job<T: serde::Serialize + serde::de::DeserializeOwned>(
        xs: &[u32],
        rows: Vec<T>,
    ) -> Result<String, Stop> {
        let n = step!("n", up(rows));
        for x in xs {
            step("item", x)?;
        }
        Ok(n)
    }
    pub fn run() -> String { format!("{:?}", job(&[1, 25], vec!["a".to_string()])) }
}
