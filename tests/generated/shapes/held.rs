// Code before a loop lends a carried variable to a local, or moves it away; the loop does not mention it, and can't change it.

// kept
mod a_part_of_a_list {
    #[resumable(backend = store(), carry(list, t))]
    fn job(xs: &[u32], ys: &[u32]) -> Result<u32, Stop> {
        let mut list = vec![];
        #[resume]
        for x in xs {
            step("item", x)?;
            list.push(x * 2);
        }
        let view = &list[..2];
        let first: Vec<&u32> = list.iter().filter(|x| **x > 2).collect();
        let mut t = 0;
        #[resume]
        for y in ys {
            step("item", (y, view, &first))?;
            t += y + view.len() as u32;
        }
        Ok(t + first.len() as u32)
    }
    pub fn run() -> String {
        format!("{:?}", job(&[1, 2, 3], &[4, 5]))
    }
}

// kept
mod a_closure_that_looks_it_up {
    use std::collections::*;
    #[resumable(backend = store(), carry(idx, t))]
    fn job(xs: &[(u32, &str)], ys: &[u32]) -> Result<Vec<String>, Stop> {
        let mut idx = HashMap::new();
        #[resume]
        for (k, v) in xs {
            step("item", k)?;
            idx.insert(*k, v.to_string());
        }
        let name = |k: &u32| idx.get(k).map_or("?", |s| s.as_str());
        let mut t: Vec<String> = vec![];
        #[resume]
        for y in ys {
            step("item", (y, name(y)))?;
            t.push(name(y).to_uppercase());
        }
        Ok(t)
    }
    pub fn run() -> String {
        format!("{:?}", job(&[(1, "a"), (2, "b")], &[2, 7]))
    }
}

// kept
mod lent_and_changed_by_turns {
    #[resumable(backend = store(), carry(list, t))]
    fn job(xs: &[u32]) -> Result<(Vec<u32>, u32), Stop> {
        let mut list = vec![];
        let mut t = 0;
        #[resume]
        for x in xs {
            step("item", x)?;
            list.push(*x);
        }
        list.push(50);
        let view = list.as_slice();
        #[resume]
        for x in xs {
            step("item", (x, view))?;
            t += x;
        }
        list.push(60);
        let (a, b) = list.split_at(2);
        #[resume]
        for x in xs {
            step("item", (x, a, b))?;
            t += x;
        }
        list.swap(0, 1);
        #[resume]
        for x in xs {
            step("item", (x, 'd', list.len()))?;
            list.push(t);
        }
        Ok((list, t))
    }
    pub fn run() -> String {
        format!("{:?}", job(&[1, 2]))
    }
}

// kept
mod lent_before_the_loops_that_change_it {
    #[resumable(backend = store(), carry(map, t))]
    fn job(xs: &[u32]) -> Result<(usize, u32), Stop> {
        let mut map: BTreeMap<u32, u32> = xs.iter().map(|x| (*x, x * 10)).collect();
        let mut t = 0;
        map.insert(0, 5);
        let look = |x: &u32| map.get(x).copied().unwrap_or(0);
        #[resume]
        for x in xs {
            step("item", (x, look(x)))?;
            t += look(x);
        }
        map.insert(9, t);
        #[resume]
        for x in xs {
            step("item", (x, 'b'))?;
            map.remove(x);
        }
        Ok((map.len(), t))
    }
    pub fn run() -> String {
        format!("{:?}", job(&[1, 2, 3]))
    }
}

// kept
mod lent_of_an_argument {
    #[resumable(backend = store(), carry(list, t))]
    fn job(list: &mut Vec<u32>, xs: &[u32]) -> Result<u32, Stop> {
        let mut t = 0;
        #[resume]
        for x in xs {
            step("item", x)?;
            list.push(*x);
        }
        let view = &list[1..];
        #[resume]
        for x in xs {
            step("item", (x, view))?;
            t += view.len() as u32 * x;
        }
        list.push(t);
        Ok(t)
    }
    pub fn run() -> String {
        let mut v = vec![1];
        let r = job(&mut v, &[1, 2, 3]);
        if r.is_err() {
            return format!("{r:?}");
        }
        format!("{r:?}{v:?}")
    }
}

// kept
mod results_that_are_lent {
    #[resumable(backend = store(), carry(rows, t))]
    fn job(xs: &[u32]) -> Result<u32, Stop> {
        let mut rows: Results<u32> = Results::new();
        let mut t = 0;
        #[resume]
        for x in xs {
            step("item", x)?;
            rows.push(x * 2);
        }
        let view: Vec<&u32> = rows.iter().filter(|x| **x > 2).collect();
        #[resume]
        for x in xs {
            step("item", (x, &view))?;
            t += x;
        }
        rows.push(t);
        Ok(rows.iter().sum())
    }
    pub fn run() -> String {
        format!("{:?}", job(&[1, 2, 3]))
    }
}

// kept
mod fields_that_are_lent {
    #[derive(serde::Serialize, serde::Deserialize, Default, Clone)]
    struct Db {
        users: BTreeMap<u32, String>,
        tags: Vec<String>,
        n: u32,
    }
    #[resumable(backend = store(), carry(db, out))]
    fn job(xs: &[u32]) -> Result<Vec<String>, Stop> {
        let mut db = Db::default();
        let mut out = vec![];
        #[resume]
        for x in xs {
            step("item", x)?;
            db.users.insert(*x, format!("u{x}"));
            db.tags.push(format!("t{x}"));
            db.n += 1;
        }
        let Db { users, tags, n } = &db;
        #[resume]
        for x in xs {
            step("item", (x, n))?;
            out.push(format!("{}{}", users[x], tags.len()));
        }
        Ok(out)
    }
    pub fn run() -> String {
        format!("{:?}", job(&[1, 2]))
    }
}

// kept
mod a_worklist_that_is_empty {
    use std::collections::*;
    #[resumable(backend = store(), carry(q, seen, t))]
    fn job(s: u32) -> Result<u32, Stop> {
        let mut q = VecDeque::from([s]);
        let mut seen = BTreeSet::new();
        let mut t = 0;
        #[resume]
        while let Some(x) = q.pop_front() {
            step("item", x)?;
            if seen.insert(x) && x < 6 {
                q.push_back(x + 2);
                q.push_back(x + 3)
            }
        }
        let is_seen = |x: u32| seen.contains(&x);
        let rest = q;
        #[resume]
        for x in 0..5 {
            step("item", (x, is_seen(x), rest.len()))?;
            t += is_seen(x) as u32;
        }
        Ok(t)
    }
    pub fn run() -> String {
        format!("{:?}", job(1))
    }
}

// kept
mod lent_in_an_outer_item {
    #[resumable(backend = store(), carry(list, all))]
    fn job(rows: &[Vec<u32>]) -> Result<(Vec<u32>, Vec<u32>), Stop> {
        let mut list: Vec<u32> = vec![1];
        let mut all: Vec<u32> = vec![];
        #[resume]
        for row in rows {
            list.push(100);
            let view = &list;
            let last = view.last();
            #[resume]
            for x in row {
                step("item", (x, view.len(), last))?;
                all.push(x + view.len() as u32);
            }
            let n = all.len() as u32;
            list.push(n);
        }
        Ok((list, all))
    }
    pub fn run() -> String {
        format!("{:?}", job(&[vec![1, 2], vec![], vec![3, 4]]))
    }
}

// kept repeats 3
mod lent_to_threads {
    #[resumable(backend = store(), carry(idx))]
    fn job(xs: &[u32]) -> Result<usize, Stop> {
        let mut idx: BTreeMap<u32, u32> = BTreeMap::new();
        #[resume]
        for x in xs {
            step("item", x)?;
            idx.insert(*x, x * 2);
        }
        let get = |k: &u32| idx.get(k).copied();
        #[resume(threads = 2)]
        for x in xs {
            std::hint::black_box(get(x));
        }
        step("item", "end")?;
        Ok(idx.len())
    }
    pub fn run() -> String {
        format!("{:?}", job(&[1, 2, 3]))
    }
}

// kept
mod lent_and_moved_in_an_async_function {
    #[resumable(backend = store(), carry(idx, names, t))]
    async fn job(xs: &[u32]) -> Result<u32, Stop> {
        let mut idx = BTreeMap::new();
        let mut names: Vec<String> = vec![];
        let mut t = 0;
        #[resume]
        for x in xs {
            step("item", x)?;
            idx.insert(*x, x * 2);
            names.push(x.to_string());
        }
        let names = names.join(",");
        let get = |k: &u32| idx.get(k);
        #[resume]
        for x in xs {
            step("item", (x, get(x), &names))?;
            t += x;
        }
        let all: Vec<_> = idx.into_iter().collect();
        #[resume]
        for x in xs {
            step("item", (x, &all))?;
            t += x;
        }
        Ok(t)
    }
    pub fn run() -> String {
        fn send<T: Send>(t: T) -> T {
            t
        }
        format!("{:?}", block_on(send(job(&[1, 2, 3]))))
    }
}

// kept
mod taken_by_a_method {
    #[derive(serde::Serialize, serde::Deserialize, Default, Clone)]
    struct B {
        v: Vec<u32>,
    }
    impl B {
        fn finish(self) -> Vec<u32> {
            self.v
        }
        fn build(self) -> String {
            format!("{:?}", self.v)
        }
    }
    #[resumable(backend = store(), carry(b, n))]
    fn job(xs: &[u32]) -> Result<(u32, String), Stop> {
        let mut b = B::default();
        let mut n = 0;
        #[resume]
        for x in xs {
            step("item", x)?;
            b.v.push(*x);
        }
        let text = b.build();
        #[resume]
        for x in xs {
            step("item", (x, &text))?;
            n += x;
        }
        Ok((n, text))
    }
    pub fn run() -> String {
        format!("{:?}", job(&[1, 2]))
    }
}

// kept
mod one_field_that_is_moved {
    #[derive(serde::Serialize, serde::Deserialize, Default, Clone)]
    struct B {
        v: Vec<u32>,
        k: u32,
    }
    #[resumable(backend = store(), carry(b, n))]
    fn job(xs: &[u32]) -> Result<u32, Stop> {
        let mut b = B::default();
        let mut n = 0;
        #[resume]
        for x in xs {
            step("item", x)?;
            b.v.push(*x);
            b.k += 1;
        }
        let v = b.v;
        #[resume]
        for x in &v {
            step("item", (x, "b"))?;
            n += x;
        }
        Ok(n)
    }
    pub fn run() -> String {
        format!("{:?}", job(&[1, 2]))
    }
}

// kept
mod fields_that_are_moved {
    #[derive(serde::Serialize, serde::Deserialize, Default, Clone)]
    struct Db {
        users: BTreeMap<u32, String>,
        tags: Vec<String>,
        n: u32,
    }
    #[resumable(backend = store(), carry(db, out))]
    fn job(xs: &[u32]) -> Result<Vec<String>, Stop> {
        let mut db = Db::default();
        let mut out = vec![];
        #[resume]
        for x in xs {
            step("item", x)?;
            db.users.insert(*x, format!("u{x}"));
            db.tags.push(format!("t{x}"));
            db.n += 1;
        }
        let Db { users, mut tags, .. } = db;
        tags.sort_by(|a, b| b.cmp(a));
        #[resume]
        for x in xs {
            step("item", (x, &tags))?;
            out.push(format!("{}{}", users[x], tags.len()));
        }
        Ok(out)
    }
    pub fn run() -> String {
        format!("{:?}", job(&[1, 2]))
    }
}

// kept
mod moved_by_a_condition {
    #[resumable(backend = store(), carry(best, n))]
    fn job(xs: &[u32]) -> Result<u32, Stop> {
        let mut best: Option<String> = None;
        let mut n = 0;
        #[resume]
        for x in xs {
            step("item", x)?;
            best = Some(x.to_string());
        }
        if let Some(b) = best {
            #[resume]
            for x in xs {
                step("item", (x, &b))?;
                n += x;
            }
        }
        Ok(n)
    }
    pub fn run() -> String {
        format!("{:?}", job(&[1, 2]))
    }
}

// kept
mod moved_by_an_arm {
    #[derive(serde::Serialize, serde::Deserialize, Clone)]
    enum K {
        A(Vec<u32>),
        Z,
    }
    #[resumable(backend = store(), carry(k, n))]
    fn job(xs: &[u32]) -> Result<u32, Stop> {
        let mut k = K::Z;
        let mut n = 0;
        #[resume]
        for x in xs {
            step("item", x)?;
            k = match k {
                K::A(mut v) => {
                    v.push(*x);
                    K::A(v)
                }
                K::Z => K::A(vec![*x]),
            };
        }
        match k {
            K::A(v) =>
            {
                #[resume]
                for x in v {
                    step("item", (x, 'a'))?;
                    n += x;
                }
            }
            K::Z => return Ok(0),
        }
        Ok(n)
    }
    pub fn run() -> String {
        format!("{:?}", job(&[1, 2]))
    }
}

// kept
mod moved_or_returned {
    #[resumable(backend = store(), carry(best, n))]
    fn job(xs: &[u32]) -> Result<u32, Stop> {
        let mut best: Option<String> = None;
        let mut n = 0;
        #[resume]
        for x in xs {
            step("item", x)?;
            best = Some(x.to_string());
        }
        let Some(b) = best else { return Ok(0) };
        #[resume]
        for x in xs {
            step("item", (x, &b))?;
            n += x;
        }
        Ok(n)
    }
    pub fn run() -> String {
        format!("{:?}", job(&[1, 2]))
    }
}

// kept
mod moved_into_a_closure {
    #[resumable(backend = store(), carry(v, n))]
    fn job(xs: &[u32]) -> Result<u32, Stop> {
        let mut v = vec![];
        let mut n = 0;
        #[resume]
        for x in xs {
            step("item", x)?;
            v.push(*x);
        }
        let at = move |i: usize| v.get(i).copied().unwrap_or(0);
        #[resume]
        for i in 0..2 {
            step("item", at(i))?;
            n += at(i);
        }
        Ok(n)
    }
    pub fn run() -> String {
        format!("{:?}", job(&[1, 2, 3]))
    }
}

// kept
mod moved_into_a_future {
    #[resumable(backend = store(), carry(v, n))]
    async fn job(xs: &[u32]) -> Result<u32, Stop> {
        let mut v = vec![];
        let mut n = 0;
        #[resume]
        for x in xs {
            step("item", x)?;
            v.push(*x);
        }
        let fut = async move { v.len() as u32 };
        let k = fut.await;
        #[resume]
        for x in xs {
            step("item", (x, k))?;
            n += x * k;
        }
        Ok(n)
    }
    pub fn run() -> String {
        format!("{:?}", block_on(job(&[1, 2, 3])))
    }
}

// kept
mod moved_and_given_back {
    #[resumable(backend = store(), carry(list, n))]
    fn job(xs: &[u32]) -> Result<(Vec<u32>, u32), Stop> {
        let mut list = vec![];
        let mut n = 0;
        #[resume]
        for x in xs {
            step("item", x)?;
            list.push(*x);
        }
        let frozen = list;
        #[resume]
        for x in &frozen {
            step("item", (x, "b"))?;
            n += x;
        }
        list = frozen;
        list.push(9);
        Ok((list, n))
    }
    pub fn run() -> String {
        format!("{:?}", job(&[1, 2]))
    }
}

// kept
mod a_branch_that_moves_and_returns {
    #[resumable(backend = store(), carry(best, n))]
    fn job(xs: &[u32], more: bool) -> Result<String, Stop> {
        let mut best: Option<String> = None;
        let mut n = 0;
        #[resume]
        for x in xs {
            step("item", x)?;
            best = Some(x.to_string());
        }
        if more {
            let b = best.unwrap_or_default();
            #[resume]
            for x in xs {
                step("item", (x, &b))?;
                n += x;
            }
            return Ok(format!("{b}{n}"));
        }
        #[resume]
        for x in xs {
            step("item", (x, 'c'))?;
            n += 2 * x;
        }
        Ok(format!("{best:?}{n}"))
    }
    pub fn run() -> String {
        format!("{:?}{}", job(&[1, 2], false), 0)
    }
}

// kept
mod a_loop_in_a_branch_that_moves {
    #[resumable(backend = store(), carry(best, n))]
    fn job(xs: &[u32], more: bool) -> Result<String, Stop> {
        let mut best: Option<String> = None;
        let mut n = 0;
        #[resume]
        for x in xs {
            step("item", x)?;
            best = Some(x.to_string());
        }
        if more {
            let b = best.unwrap_or_default();
            #[resume]
            for x in xs {
                step("item", (x, &b))?;
                n += x;
            }
            return Ok(format!("{b}{n}"));
        }
        #[resume]
        for x in xs {
            step("item", (x, 'c'))?;
            n += 2 * x;
        }
        Ok(format!("{best:?}{n}"))
    }
    pub fn run() -> String {
        format!("{:?}{}", job(&[1, 2], true), 0)
    }
}

// kept or refused
mod moved_and_given_back_in_an_outer_item {
    #[resumable(backend = store(), carry(list, all))]
    fn job(rows: &[Vec<u32>]) -> Result<(Vec<u32>, u32), Stop> {
        let mut list: Vec<u32> = vec![];
        let mut all = 0;
        #[resume]
        for row in rows {
            list.push(7);
            let own = list;
            #[resume]
            for x in row {
                step("item", (x, own.len()))?;
                all += x + own.len() as u32;
            }
            list = own;
            list.push(row.len() as u32);
        }
        Ok((list, all))
    }
    pub fn run() -> String {
        format!("{:?}", job(&[vec![1, 2], vec![3], vec![4, 5]]))
    }
}

// refused
mod a_cell_that_is_lent {
    use std::cell::{Cell, RefCell};
    #[resumable(backend = store(), carry(c), fresh(w))]
    fn job(xs: &[u32]) -> Result<u32, Stop> {
        let mut c = RefCell::new(vec![0u32]);
        #[resume]
        for x in xs {
            step("item", x)?;
            c.get_mut().push(*x);
        }
        let w = &c;
        #[resume]
        for x in xs {
            step("item", (x, 'b'))?;
            w.borrow_mut().push(*x);
        }
        Ok(w.borrow().iter().sum())
    }
    pub fn run() -> String {
        format!("{:?}", job(&[1, 2, 3]))
    }
}

// refused
mod lent_by_a_method_called_into {
    trait IntoMut {
        fn into_inner_mut(&mut self) -> &mut Vec<u32>;
    }
    impl IntoMut for Vec<u32> {
        fn into_inner_mut(&mut self) -> &mut Vec<u32> {
            self
        }
    }
    #[resumable(backend = store(), carry(list), fresh(w))]
    fn job(xs: &[u32]) -> Result<usize, Stop> {
        let mut list = vec![];
        #[resume]
        for x in xs {
            step("item", x)?;
            list.push(*x);
        }
        let w = list.into_inner_mut();
        #[resume]
        for x in xs {
            step("item", (x, w.len()))?;
            w.push(*x);
        }
        Ok(w.len())
    }
    pub fn run() -> String {
        format!("{:?}", job(&[1, 2]))
    }
}

// refused
mod lent_to_be_changed {
    #[resumable(backend = store(), carry(map), fresh(slot))]
    fn job(xs: &[u32]) -> Result<u32, Stop> {
        let mut map: BTreeMap<u32, u32> = BTreeMap::from([(1, 1)]);
        #[resume]
        for x in xs {
            step("item", x)?;
            map.insert(*x, 0);
        }
        let slot = map.get_mut(&1).unwrap();
        #[resume]
        for x in xs {
            step("item", (x, *slot))?;
            *slot += x;
        }
        Ok(*slot)
    }
    pub fn run() -> String {
        format!("{:?}", job(&[1, 2, 3]))
    }
}

// refused
mod lent_by_a_pattern_to_be_changed {
    #[resumable(backend = store(), carry(pair), fresh(a))]
    fn job(xs: &[u32]) -> Result<u32, Stop> {
        let mut pair = (1, 2);
        #[resume]
        for x in xs {
            step("item", x)?;
            pair.0 += x;
        }
        let (ref mut a, _) = pair;
        #[resume]
        for x in xs {
            step("item", (x, *a))?;
            *a += x;
        }
        Ok(*a)
    }
    pub fn run() -> String {
        format!("{:?}", job(&[1, 2, 3]))
    }
}

// refused
mod lent_by_a_condition_to_be_changed {
    #[resumable(backend = store(), carry(opt), fresh(a))]
    fn job(xs: &[u32]) -> Result<Option<u32>, Stop> {
        let mut opt = Some(1);
        #[resume]
        for x in xs {
            step("item", x)?;
            opt = opt.map(|o| o + x);
        }
        if let Some(a) = &mut opt {
            #[resume]
            for x in xs {
                step("item", (x, *a))?;
                *a += x;
            }
        }
        Ok(opt)
    }
    pub fn run() -> String {
        format!("{:?}", job(&[1, 2, 3]))
    }
}

// refused
mod references_to_its_parts {
    #[resumable(backend = store(), carry(list), fresh(refs))]
    fn job(xs: &[u32]) -> Result<u32, Stop> {
        let mut list = vec![0; 3];
        #[resume]
        for x in xs {
            step("item", x)?;
            list[0] += x;
        }
        let mut refs: Vec<&mut u32> = list.iter_mut().collect();
        #[resume]
        for (i, x) in xs.iter().enumerate() {
            step("item", (i, x))?;
            *refs[i] += x;
        }
        Ok(refs.iter().map(|x| **x).sum())
    }
    pub fn run() -> String {
        format!("{:?}", job(&[1, 2, 3]))
    }
}

// refused
mod boxed_with_what_changes_it {
    #[resumable(backend = store(), carry(t), fresh(add))]
    fn job(xs: &[u32]) -> Result<u32, Stop> {
        let mut t = 0;
        #[resume]
        for x in xs {
            step("item", x)?;
            t += x;
        }
        let mut add: Box<dyn FnMut(u32) -> u32 + '_> = Box::new(|x| {
            t += x;
            t
        });
        let mut r = 0;
        let k = r;
        #[resume]
        for x in xs {
            step("item", (x, add(*x)))?;
        }
        Ok(add(0) + k)
    }
    pub fn run() -> String {
        format!("{:?}", job(&[1, 2, 3]))
    }
}

// refused
mod a_reference_that_goes_by_another_name {
    #[resumable(backend = store(), carry(list, t), fresh(w))]
    fn job(list: &mut Vec<u32>, xs: &[u32]) -> Result<u32, Stop> {
        let mut t = 0;
        #[resume]
        for x in xs {
            step("item", x)?;
            list.push(*x);
        }
        let w = list;
        #[resume]
        for x in xs {
            step("item", (x, w.len()))?;
            w.push(*x);
            t += x;
        }
        Ok(t)
    }
    pub fn run() -> String {
        let mut v = vec![1];
        let r = job(&mut v, &[1, 2, 3]);
        if r.is_err() {
            return format!("{r:?}");
        }
        format!("{r:?}{v:?}")
    }
}
