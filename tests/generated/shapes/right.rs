// A function that changes nothing but what it names compiles, whatever it is written with.

// kept
mod arc_config {
    use std::sync::Arc;
    #[derive(Debug)]
    struct Config {
        by: u32,
        names: Vec<String>,
    }
    #[resumable(backend = store(), carry(t))]
    fn job(xs: &[u32], config: Arc<Config>) -> Result<u32, Stop> {
        let mut t = 0;
        let config = Arc::clone(&config);
        for x in xs {
            step("item", x)?;
            t += x * config.by + config.names.len() as u32;
        }
        Ok(t)
    }
    pub fn run() -> String { format!("{:?}", job(&[1, 2], Arc::new(Config { by: 3, names: vec![] }))) }
}

// kept
mod closure_pure {
    #[resumable(backend = store(), carry(t))]
    fn job(xs: &[u32], by: u32) -> Result<u32, Stop> {
        let scale = |x: &u32| x * by;
        let mut t = 0;
        for x in xs {
            step("item", x)?;
            t += scale(x);
        }
        Ok(t)
    }
    pub fn run() -> String { format!("{:?}", job(&[1, 2], 3)) }
}

// kept
mod local_per_item_everything {
    use std::{cell::*, rc::Rc, sync::*};
    #[resumable(backend = store(), carry(t))]
    fn job(xs: &[u32]) -> Result<u32, Stop> {
        let mut t = 0;
        for x in xs {
            let c = Rc::new(RefCell::new(*x));
            *c.borrow_mut() += 1;
            let m = Mutex::new(0);
            *m.lock().unwrap() += *c.borrow();
            step("item", x)?;
            t += m.into_inner().unwrap();
        }
        Ok(t)
    }
    pub fn run() -> String { format!("{:?}", job(&[1, 2])) }
}

// kept
mod early_return_moves {
    #[resumable(backend = store())]
    fn job(xs: &[u32]) -> Result<String, Stop> {
        let name = String::from("n");
        for x in xs {
            step("item", x)?;
            if *x == 2 {
                return Ok(name);
            }
        }
        Ok(name + "!")
    }
    pub fn run() -> String { format!("{:?}", job(&[1, 2, 3])) }
}

// kept
mod impl_iter_arg {
    #[resumable(backend = store(), carry(t))]
    fn job(xs: impl Iterator<Item = u32> + Clone) -> Result<u32, Stop> {
        let mut t = 0;
        for x in xs {
            step("item", x)?;
            t += x;
        }
        Ok(t)
    }
    pub fn run() -> String { format!("{:?}", job(1..4)) }
}

// kept
mod let_else_continue {
    #[resumable(backend = store())]
    fn job(xs: &[&str]) -> Result<(), Stop> {
        for x in xs {
            let Ok(n) = x.parse::<u32>() else { continue };
            step("item", n)?;
        }
        Ok(())
    }
    pub fn run() -> String { format!("{:?}", job(&["1", "x", "2"])) }
}

// kept
mod inner_loops_all {
    #[resumable(backend = store(), carry(t))]
    fn job(xs: &[u32]) -> Result<u32, Stop> {
        let mut t = 0;
        for x in xs {
            let mut k = *x;
            let mut seen = Vec::new();
            while k > 0 {
                k -= 1;
                seen.push(k);
            }
            while let Some(s) = seen.pop() {
                t += s;
            }
            loop {
                break;
            }
            step("item", x)?;
        }
        Ok(t)
    }
    pub fn run() -> String { format!("{:?}", job(&[1, 2, 3])) }
}

// kept
mod format_capture_many {
    #[resumable(backend = store())]
    fn job(xs: &[u32], pre: &str, width: usize) -> Result<(), Stop> {
        let post = pre.to_uppercase();
        let prec = 2;
        for x in xs {
            step("item", format!("{pre}{x:>width$}{post:.prec$}{0:?}", width))?;
        }
        Ok(())
    }
    pub fn run() -> String { format!("{:?}", job(&[1, 2], "p", 4)) }
}

// kept
mod arc_dyn_trait_arg {
    use std::sync::Arc;
    trait Price: Send + Sync {
        fn of(&self, x: u32) -> u32;
    }
    struct P;
    impl Price for P {
        fn of(&self, x: u32) -> u32 { x * 2 }
    }
    #[resumable(backend = store(), carry(t))]
    fn job(xs: &[u32], p: Arc<dyn Price>) -> Result<u32, Stop> {
        let mut t = 0;
        for x in xs {
            step("item", x)?;
            t += p.of(*x);
        }
        Ok(t)
    }
    pub fn run() -> String { format!("{:?}", job(&[1, 5], Arc::new(P))) }
}

// kept
mod generic_key_fn {
    #[resumable(backend = store(), carry(m))]
    fn job<K: Ord + serde::Serialize + serde::de::DeserializeOwned + std::fmt::Debug>(
        xs: &[u32],
        key: impl Fn(&u32) -> K,
    ) -> Result<String, Stop> {
        let mut m = std::collections::BTreeMap::new();
        for x in xs {
            step("item", x)?;
            *m.entry(key(x)).or_insert(0) += 1;
        }
        Ok(format!("{m:?}"))
    }
    pub fn run() -> String { format!("{:?}", job(&[1, 5], |x| x % 2)) }
}

// kept
mod trait_method_impl {
    trait Job {
        fn job(&self, xs: &[u32]) -> Result<u32, Stop>;
    }
    struct S {
        by: u32,
    }
    impl Job for S {
        #[resumable(backend = store(), carry(t))]
        fn job(&self, xs: &[u32]) -> Result<u32, Stop> {
            let mut t = 0;
            for x in xs {
                step("item", x)?;
                t += self.by * x;
            }
            Ok(t)
        }
    }
    pub fn run() -> String { format!("{:?}", S { by: 2 }.job(&[1, 2])) }
}

// kept
mod self_cell_ref {
    use std::cell::Cell;
    struct S {
        by: Cell<u32>,
    }
    impl S {
        #[resumable(backend = store(), carry(t))]
        fn job(&self, xs: &[u32]) -> Result<u32, Stop> {
            let mut t = 0;
            for x in xs {
                step("item", x)?;
                t += self.by.get() * x;
            }
            Ok(t)
        }
    }
    pub fn run() -> String { format!("{:?}", S { by: Cell::new(2) }.job(&[1, 2])) }
}

// kept
mod macro_2_items {
    macro_rules! job { ($name:ident, $($c:ident),*) => { #[resumable(backend = store(), carry($($c),*))] fn $name(xs: &[u32]) -> Result<Vec<u32>, Stop> { $(let mut $c = 0u32;)* for x in xs { step("item", x)?; $($c += *x;)* } Ok(vec![$($c),*]) } } }
    job!(job, a, b);
    pub fn run() -> String { format!("{:?}", job(&[1, 2])) }
}

// kept
mod lifetimes_returned {
    #[resumable(backend = store())]
    fn job<'a>(xs: &'a [String], fallback: &'a str) -> Result<&'a str, Stop> {
        for x in xs {
            step("item", x)?;
            if x.len() > 1 {
                return Ok(x);
            }
        }
        Ok(fallback)
    }
    pub fn run() -> String { format!("{:?}", job(&["a".into(), "bc".into()], "f")) }
}

// kept
mod where_clause_iter {
    #[resumable(backend = store(), carry(t))]
    fn job<I>(xs: I) -> Result<u32, Stop>
    where
        I: IntoIterator,
        I::Item: Into<u32> + serde::Serialize,
    {
        let mut t = 0;
        for x in xs {
            let x: u32 = x.into();
            step("item", x)?;
            t += x;
        }
        Ok(t)
    }
    pub fn run() -> String { format!("{:?}", job(vec![1u8, 2])) }
}

// kept
mod moved_part_before_nested {
    struct Args {
        files: Vec<u32>,
        rows: Vec<u32>,
        rate: u32,
        tag: String,
    }
    #[resumable(backend = store())]
    fn job(args: Args) -> Result<(), Stop> {
        let files = args.files;
        #[resume]
        for f in files {
            #[resume]
            for r in &args.rows {
                step("item", format!("{f}{r}{}{}", args.rate, args.tag))?;
            }
        }
        Ok(())
    }
    pub fn run() -> String {
        format!("{:?}", job(Args { files: vec![1, 2], rows: vec![3, 4], rate: 5, tag: "t".into() }))
    }
}

// kept
mod return_ok_hidden_macro {
    macro_rules! done {
        ($e:expr) => {
            return Ok($e)
        };
    }
    #[resumable(backend = store())]
    fn job(xs: &[u32]) -> Result<u32, Stop> {
        for x in xs {
            step("item", x)?;
            if *x == 2 {
                done!(*x)
            }
        }
        Ok(0)
    }
    pub fn run() -> String { format!("{:?}", job(&[1, 2, 3])) }
}

// kept
mod cursor_move_closure_static {
    fn boxed(f: impl Fn(u32) -> u32 + 'static) -> Box<dyn Fn(u32) -> u32> { Box::new(f) }
    #[resumable(backend = store(), cursor = |x| *x)]
    fn job(n: u32, by: u32) -> Result<(), Stop> {
        let after: Option<u32> = cursor!();
        for x in (after.map_or(0, |a| a + 1)..n).map(boxed(move |x| x)) {
            step("item", x * by)?;
        }
        Ok(())
    }
    pub fn run() -> String { format!("{:?}", job(3, 2)) }
}

// kept
mod box_slice_and_cow {
    use std::borrow::Cow;
    #[resumable(backend = store())]
    fn job(xs: Box<[Cow<'_, str>]>) -> Result<(), Stop> {
        for x in xs.iter() {
            step("item", x.as_ref())?;
        }
        Ok(())
    }
    pub fn run() -> String { format!("{:?}", job(Box::new([Cow::Borrowed("a"), Cow::Owned("b".into())]))) }
}

// kept
mod carry_closure_change {
    #[resumable(backend = store(), carry(t))]
    fn job(xs: &[u32]) -> Result<u32, Stop> {
        let mut t = 0;
        for x in xs {
            let mut add = |y: u32| t += y;
            add(*x);
            add(1);
            step("item", x)?;
        }
        Ok(t)
    }
    pub fn run() -> String { format!("{:?}", job(&[1, 2])) }
}

// kept
mod carry_thread_scope {
    #[resumable(backend = store(), carry(t))]
    fn job(xs: &[u32]) -> Result<u32, Stop> {
        let mut t = 0;
        for x in xs {
            std::thread::scope(|s| {
                s.spawn(|| t += x);
            });
            step("item", x)?;
        }
        Ok(t)
    }
    pub fn run() -> String { format!("{:?}", job(&[1, 2])) }
}

// kept
mod carry_ref_cell {
    use std::cell::RefCell;
    #[resumable(backend = store(), carry(t))]
    fn job(xs: &[u32]) -> Result<Vec<u32>, Stop> {
        let t = RefCell::new(vec![]);
        for x in xs {
            t.borrow_mut().push(*x);
            step("item", x)?;
        }
        Ok(t.into_inner())
    }
    pub fn run() -> String { format!("{:?}", job(&[1, 2])) }
}

// kept
mod items_inside_body {
    #[resumable(backend = store(), carry(t))]
    fn job(xs: &[u32]) -> Result<u32, Stop> {
        let mut t = 0;
        for x in xs {
            #[derive(Clone, Copy)]
            struct L(u32);
            const K: u32 = 2;
            fn twice(x: u32) -> u32 { x * K }
            impl L {
                fn get(self) -> u32 { twice(self.0) }
            }
            step("item", x)?;
            t += L(*x).get();
        }
        Ok(t)
    }
    pub fn run() -> String { format!("{:?}", job(&[1, 5])) }
}

// kept
mod raw_ident_names {
    #[resumable(backend = store(), carry(r#type))]
    fn job(r#in: &[u32]) -> Result<u32, Stop> {
        let mut r#type = 0;
        for r#fn in r#in {
            step("item", r#fn)?;
            r#type += r#fn;
        }
        Ok(r#type)
    }
    pub fn run() -> String { format!("{:?}", job(&[1, 2])) }
}

// kept
mod cfg_statement {
    #[resumable(backend = store(), carry(t))]
    fn job(xs: &[u32]) -> Result<u32, Stop> {
        #[cfg(any())]
        let q = 1;
        let mut t = 0;
        for x in xs {
            #[cfg(any())]
            {
                t += 99;
            }
            step("item", x)?;
            t += x;
        }
        Ok(t)
    }
    pub fn run() -> String { format!("{:?}", job(&[1, 5])) }
}

// kept
mod impl_method_generic_assoc {
    struct S<T>(Vec<T>);
    impl<T: std::fmt::Debug + Clone> S<T> {
        const BY: usize = 2;
        #[resumable(backend = store(), carry(t))]
        fn job(&self, extra: &[u32]) -> Result<usize, Stop> {
            let mut t = 0;
            for x in extra {
                let row = self.0.first().cloned();
                step("item", format!("{x}{row:?}"))?;
                t += Self::BY;
            }
            Ok(t)
        }
    }
    pub fn run() -> String { format!("{:?}", S(vec!["a"]).job(&[1, 2])) }
}
