// A loop that changes something from before it by unusual means does not compile, or what it changes is documented as not seen.

// refused
mod refcell_local {
    use std::cell::RefCell;
    #[resumable(backend = store())]
    fn job(xs: &[u32]) -> Result<u32, Stop> {
        let t = RefCell::new(0);
        for x in xs {
            step("item", x)?;
            *t.borrow_mut() += x;
        }
        Ok(t.into_inner())
    }
    pub fn run() -> String { format!("{:?}", job(&[1, 2, 3])) }
}

// refused
mod cell_in_struct {
    use std::cell::Cell;
    struct Stat {
        n: Cell<u32>,
        label: &'static str,
    }
    #[resumable(backend = store())]
    fn job(xs: &[u32]) -> Result<u32, Stop> {
        let s = Stat { n: Cell::new(0), label: "a" };
        for x in xs {
            step("item", s.label.len() as u32 + x)?;
            s.n.set(s.n.get() + x);
        }
        Ok(s.n.get())
    }
    pub fn run() -> String { format!("{:?}", job(&[1, 2, 3])) }
}

// refused
mod atomic_ref {
    use std::sync::atomic::*;
    #[resumable(backend = store())]
    fn job(xs: &[u32]) -> Result<u32, Stop> {
        let a = AtomicU32::new(0);
        let r = &a;
        for x in xs {
            step("item", x)?;
            r.fetch_add(*x, Ordering::SeqCst);
        }
        Ok(a.into_inner())
    }
    pub fn run() -> String { format!("{:?}", job(&[1, 2, 3])) }
}

// refused
mod arc_mutex {
    use std::sync::*;
    #[resumable(backend = store())]
    fn job(xs: &[u32]) -> Result<u32, Stop> {
        let m = Arc::new(Mutex::new(0));
        for x in xs {
            step("item", x)?;
            *m.lock().unwrap() += x;
        }
        let r = *m.lock().unwrap();
        Ok(r)
    }
    pub fn run() -> String { format!("{:?}", job(&[1, 2, 3])) }
}

// refused
mod mutex_guard {
    use std::sync::*;
    #[resumable(backend = store())]
    fn job(xs: &[u32]) -> Result<u32, Stop> {
        let m = Mutex::new(0);
        let mut g = m.lock().unwrap();
        for x in xs {
            step("item", x)?;
            *g += x;
        }
        Ok(*g)
    }
    pub fn run() -> String { format!("{:?}", job(&[1, 2, 3])) }
}

// refused
mod refmut_guard {
    use std::cell::*;
    #[resumable(backend = store())]
    fn job(xs: &[u32]) -> Result<u32, Stop> {
        let m = RefCell::new(0);
        let mut g = m.borrow_mut();
        for x in xs {
            step("item", x)?;
            *g += x;
        }
        Ok(*g)
    }
    pub fn run() -> String { format!("{:?}", job(&[1, 2, 3])) }
}

// refused
mod once_cell_first {
    use std::cell::OnceCell;
    #[resumable(backend = store())]
    fn job(xs: &[u32]) -> Result<u32, Stop> {
        let first = OnceCell::new();
        for x in xs {
            step("item", x)?;
            first.get_or_init(|| *x);
        }
        Ok(*first.get().unwrap())
    }
    pub fn run() -> String { format!("{:?}", job(&[1, 2, 3])) }
}

// refused
mod once_lock_first {
    use std::sync::OnceLock;
    #[resumable(backend = store())]
    fn job(xs: &[u32]) -> Result<u32, Stop> {
        let first: OnceLock<u32> = OnceLock::new();
        for x in xs {
            step("item", x)?;
            let _ = first.set(*x);
        }
        Ok(*first.get().unwrap())
    }
    pub fn run() -> String { format!("{:?}", job(&[1, 2, 3])) }
}

// refused
mod lazy_cell {
    use std::cell::*;
    #[resumable(backend = store())]
    fn job(xs: &[u32]) -> Result<u32, Stop> {
        let l = LazyCell::new(|| Cell::new(0u32));
        for x in xs {
            step("item", x)?;
            l.set(l.get() + x);
        }
        Ok(l.get())
    }
    pub fn run() -> String { format!("{:?}", job(&[1, 2, 3])) }
}

// refused
mod closure_cap_cell {
    use std::cell::Cell;
    #[resumable(backend = store())]
    fn job(xs: &[u32]) -> Result<u32, Stop> {
        let t = Cell::new(0);
        let add = |x: &u32| t.set(t.get() + x);
        for x in xs {
            step("item", x)?;
            add(x);
        }
        Ok(t.get())
    }
    pub fn run() -> String { format!("{:?}", job(&[1, 2, 3])) }
}

// refused
mod closure_vec {
    #[resumable(backend = store())]
    fn job(xs: &[u32]) -> Result<u32, Stop> {
        let mut t = 0;
        {
            let mut fs: Vec<Box<dyn FnMut(u32) + '_>> = vec![Box::new(|x| t += x)];
            for x in xs {
                step("item", x)?;
                for f in fs.iter_mut() {
                    f(*x)
                }
            }
        }
        Ok(t)
    }
    pub fn run() -> String { format!("{:?}", job(&[1, 2, 3])) }
}

// refused
mod dyn_fn_cell {
    use std::cell::Cell;
    #[resumable(backend = store())]
    fn job(xs: &[u32]) -> Result<u32, Stop> {
        let t = Cell::new(0);
        let f: &dyn Fn(u32) = &|x| t.set(t.get() + x);
        for x in xs {
            step("item", x)?;
            f(*x);
        }
        Ok(t.get())
    }
    pub fn run() -> String { format!("{:?}", job(&[1, 2, 3])) }
}

// refused
mod box_fn_rc {
    use std::{cell::Cell, rc::Rc};
    #[resumable(backend = store())]
    fn job(xs: &[u32]) -> Result<u32, Stop> {
        let t = Rc::new(Cell::new(0));
        let u = t.clone();
        let f: Box<dyn Fn(u32)> = Box::new(move |x| u.set(u.get() + x));
        for x in xs {
            step("item", x)?;
            f(*x);
        }
        Ok(t.get())
    }
    pub fn run() -> String { format!("{:?}", job(&[1, 2, 3])) }
}

// refused
mod cycle_next {
    #[resumable(backend = store())]
    fn job(xs: &[u32]) -> Result<(), Stop> {
        let mut colour = ["r", "g", "b"].iter().cycle();
        for x in xs {
            step("item", format!("{x}{}", colour.next().unwrap()))?;
        }
        Ok(())
    }
    pub fn run() -> String { format!("{:?}", job(&[1, 2, 3, 4])) }
}

// refused
mod inspect_effect {
    #[resumable(backend = store())]
    fn job(xs: &[u32]) -> Result<u32, Stop> {
        let mut t = 0;
        let mut it = xs.iter().inspect(|x| t += **x);
        for x in xs {
            step("item", x)?;
            it.next();
        }
        drop(it);
        Ok(t)
    }
    pub fn run() -> String { format!("{:?}", job(&[1, 2, 3])) }
}

// refused
mod mem_replace_in_arg {
    #[resumable(backend = store())]
    fn job(xs: &[u32]) -> Result<u32, Stop> {
        let mut prev = 0;
        for x in xs {
            step("item", format!("{}-{x}", std::mem::replace(&mut prev, *x)))?;
        }
        Ok(prev)
    }
    pub fn run() -> String { format!("{:?}", job(&[1, 2, 3])) }
}

// refused
mod drain_batch {
    #[resumable(backend = store())]
    fn job(xs: &[u32]) -> Result<(), Stop> {
        let mut batch = vec![];
        for x in xs {
            batch.extend([*x]);
            if batch.len() > 1 {
                for b in batch.drain(..) {
                    step("item", b)?;
                }
            }
        }
        step("item", batch.len())?;
        Ok(())
    }
    pub fn run() -> String { format!("{:?}", job(&[1, 2, 3, 4, 5])) }
}

// refused
mod custom_index_mut {
    struct Grid {
        v: Vec<u32>,
    }
    impl std::ops::Index<(usize, usize)> for Grid {
        type Output = u32;
        fn index(&self, i: (usize, usize)) -> &u32 { &self.v[i.0 * 2 + i.1] }
    }
    impl std::ops::IndexMut<(usize, usize)> for Grid {
        fn index_mut(&mut self, i: (usize, usize)) -> &mut u32 { &mut self.v[i.0 * 2 + i.1] }
    }
    #[resumable(backend = store())]
    fn job(xs: &[u32]) -> Result<Vec<u32>, Stop> {
        let mut g = Grid { v: vec![0; 4] };
        for &x in xs {
            step("item", x)?;
            g[(x as usize % 2, 1)] += x;
        }
        Ok(g.v)
    }
    pub fn run() -> String { format!("{:?}", job(&[1, 2, 3])) }
}

// refused
mod deref_mut_wrapper {
    struct W(Vec<u32>);
    impl std::ops::Deref for W {
        type Target = Vec<u32>;
        fn deref(&self) -> &Vec<u32> { &self.0 }
    }
    impl std::ops::DerefMut for W {
        fn deref_mut(&mut self) -> &mut Vec<u32> { &mut self.0 }
    }
    #[resumable(backend = store())]
    fn job(xs: &[u32]) -> Result<usize, Stop> {
        let mut w = W(vec![]);
        for x in xs {
            step("item", x)?;
            w.push(*x);
        }
        Ok(w.len())
    }
    pub fn run() -> String { format!("{:?}", job(&[1, 2, 3])) }
}

// refused
mod ref_mut_in_tuple_pattern {
    #[resumable(backend = store())]
    fn job(xs: &[u32]) -> Result<(u32, u32), Stop> {
        let mut p = (0, 0);
        let (ref mut a, ref mut b) = p;
        for x in xs {
            step("item", x)?;
            *a += x;
            *b += 1;
        }
        Ok(p)
    }
    pub fn run() -> String { format!("{:?}", job(&[1, 2, 3])) }
}

// refused
mod if_let_chain_alias {
    #[resumable(backend = store())]
    fn job(xs: &[u32], on: bool) -> Result<Option<u32>, Stop> {
        let mut o = Some(0);
        if on
            && let Some(t) = o.as_mut()
            && !xs.is_empty()
        {
            for x in xs {
                step("item", x)?;
                *t += x;
            }
        }
        Ok(o)
    }
    pub fn run() -> String { format!("{:?}", job(&[1, 2, 3], true)) }
}

// refused
mod match_guard_change {
    #[resumable(backend = store())]
    fn job(xs: &[u32]) -> Result<u32, Stop> {
        let mut n = 0;
        for x in xs {
            step("item", x)?;
            match x {
                y if {
                    n += y;
                    n > 3
                } => {}
                _ => {}
            }
        }
        Ok(n)
    }
    pub fn run() -> String { format!("{:?}", job(&[1, 2, 3])) }
}

// refused
mod while_cond_change {
    #[resumable(backend = store())]
    fn job(xs: &[u32]) -> Result<u32, Stop> {
        let mut n = 0u32;
        for x in xs {
            step("item", x)?;
            let mut k = *x;
            while {
                n += 1;
                k > 0
            } {
                k -= 1;
            }
        }
        Ok(n)
    }
    pub fn run() -> String { format!("{:?}", job(&[1, 2, 3])) }
}

// documented
mod static_atomic {
    use std::sync::atomic::*;
    static N: AtomicU32 = AtomicU32::new(0);
    #[resumable(backend = store())]
    fn job(xs: &[u32]) -> Result<u32, Stop> {
        N.store(0, Ordering::SeqCst);
        for x in xs {
            step("item", x)?;
            N.fetch_add(*x, Ordering::SeqCst);
        }
        Ok(N.load(Ordering::SeqCst))
    }
    pub fn run() -> String { format!("{:?}", job(&[1, 2, 3])) }
}

// documented
mod thread_local {
    use std::cell::Cell;
    thread_local! { static N: Cell<u32> = const { Cell::new(0) }; }
    #[resumable(backend = store())]
    fn job(xs: &[u32]) -> Result<u32, Stop> {
        N.set(0);
        for x in xs {
            step("item", x)?;
            N.set(N.get() + x);
        }
        Ok(N.get())
    }
    pub fn run() -> String { format!("{:?}", job(&[1, 2, 3])) }
}

// refused
mod nonnull {
    #[resumable(backend = store())]
    fn job(xs: &[u32]) -> Result<u32, Stop> {
        let mut t = 0u32;
        let p = std::ptr::NonNull::from(&mut t);
        for x in xs {
            step("item", x)?;
            unsafe { *p.as_ptr() += x }
        }
        Ok(t)
    }
    pub fn run() -> String { format!("{:?}", job(&[1, 2, 3])) }
}

// refused
mod unsafe_cell_own {
    use std::cell::UnsafeCell;
    struct Own(UnsafeCell<u32>);
    impl Own {
        fn add(&self, x: u32) { unsafe { *self.0.get() += x } }
    }
    #[resumable(backend = store())]
    fn job(xs: &[u32]) -> Result<u32, Stop> {
        let o = Own(UnsafeCell::new(0));
        for x in xs {
            step("item", x)?;
            o.add(*x);
        }
        Ok(o.0.into_inner())
    }
    pub fn run() -> String { format!("{:?}", job(&[1, 2, 3])) }
}

// refused
mod gat_lending {
    trait Lend {
        type Of<'a>
        where
            Self: 'a;
        fn lend(&mut self) -> Self::Of<'_>;
    }
    struct Buf(u32);
    impl Lend for Buf {
        type Of<'a> = &'a mut u32;
        fn lend(&mut self) -> &mut u32 { &mut self.0 }
    }
    #[resumable(backend = store())]
    fn job<L: for<'a> Lend<Of<'a> = &'a mut u32>>(xs: &[u32], mut l: L) -> Result<u32, Stop> {
        for x in xs {
            step("item", x)?;
            *l.lend() += x;
        }
        Ok(*l.lend())
    }
    pub fn run() -> String { format!("{:?}", job(&[1, 2, 3], Buf(0))) }
}

// refused
mod slice_fill_chunks_mut {
    #[resumable(backend = store())]
    fn job(xs: &[u32]) -> Result<Vec<u32>, Stop> {
        let mut v = vec![0; 6];
        let mut parts = v.chunks_mut(2);
        for x in xs {
            step("item", x)?;
            if let Some(p) = parts.next() {
                p.fill(*x);
            }
        }
        Ok(v)
    }
    pub fn run() -> String { format!("{:?}", job(&[1, 2, 3])) }
}

// refused
mod own_struct_mut_item {
    struct Slot<'a> {
        to: &'a mut u32,
        by: u32,
    }
    #[resumable(backend = store())]
    fn job(xs: &[u32]) -> Result<Vec<u32>, Stop> {
        let mut v = vec![0; 3];
        for s in v.iter_mut().zip(xs).map(|(to, by)| Slot { to, by: *by }) {
            step("item", s.by)?;
            *s.to = s.by;
        }
        Ok(v)
    }
    pub fn run() -> String { format!("{:?}", job(&[1, 2, 3])) }
}

// refused
mod cow_to_mut {
    use std::borrow::Cow;
    #[resumable(backend = store())]
    fn job(xs: &[u32]) -> Result<String, Stop> {
        let mut c = Cow::Borrowed("h");
        for x in xs {
            step("item", x)?;
            c.to_mut().push_str(&x.to_string());
        }
        Ok(c.into_owned())
    }
    pub fn run() -> String { format!("{:?}", job(&[1, 2, 3])) }
}

// refused
mod rc_make_mut {
    use std::rc::Rc;
    #[resumable(backend = store())]
    fn job(xs: &[u32]) -> Result<u32, Stop> {
        let mut r = Rc::new(0);
        for x in xs {
            step("item", x)?;
            *Rc::make_mut(&mut r) += x;
        }
        Ok(*r)
    }
    pub fn run() -> String { format!("{:?}", job(&[1, 2, 3])) }
}

// refused
mod peekable_next_if {
    #[resumable(backend = store())]
    fn job(xs: &[u32]) -> Result<Vec<u32>, Stop> {
        let mut other = [1, 1, 2, 3, 3].into_iter().peekable();
        let mut n = vec![];
        let _ = &mut n;
        for x in xs {
            let mut c = 0u32;
            while other.next_if(|o| o == x).is_some() {
                c += 1;
            }
            step("item", format!("{x}:{c}"))?;
        }
        n.push(other.count() as u32);
        Ok(n)
    }
    pub fn run() -> String { format!("{:?}", job(&[1, 2, 3])) }
}

// refused
mod destructuring_assign_struct {
    struct P {
        x: u32,
        y: u32,
    }
    #[resumable(backend = store())]
    fn job(xs: &[u32]) -> Result<u32, Stop> {
        let (mut a, mut b) = (0, 1);
        for x in xs {
            step("item", x)?;
            P { x: a, y: b } = P { x: b, y: a + x };
        }
        Ok(a + b)
    }
    pub fn run() -> String { format!("{:?}", job(&[1, 2, 3])) }
}

// refused
mod self_method_in_closure {
    struct S {
        n: u32,
    }
    impl S {
        fn add(&mut self, x: u32) { self.n += x }
        #[resumable(backend = store())]
        fn job(&mut self, xs: &[u32]) -> Result<u32, Stop> {
            for x in xs {
                step("item", x)?;
                let mut f = |y| self.add(y);
                f(*x);
            }
            Ok(self.n)
        }
    }
    pub fn run() -> String { format!("{:?}", S { n: 0 }.job(&[1, 2, 3])) }
}

// documented
mod self_cell_field {
    use std::cell::Cell;
    struct S {
        n: Cell<u32>,
    }
    impl S {
        #[resumable(backend = store())]
        fn job(self, xs: &[u32]) -> Result<u32, Stop> {
            for x in xs {
                step("item", x)?;
                self.n.set(self.n.get() + x);
            }
            Ok(self.n.get())
        }
    }
    pub fn run() -> String { format!("{:?}", S { n: Cell::new(0) }.job(&[1, 2, 3])) }
}

// refused
mod pin_mut {
    use std::pin::Pin;
    #[resumable(backend = store())]
    fn job(xs: &[u32]) -> Result<u32, Stop> {
        let mut t = 0u32;
        let mut p = Pin::new(&mut t);
        for x in xs {
            step("item", x)?;
            *p.as_mut() += x;
        }
        Ok(t)
    }
    pub fn run() -> String { format!("{:?}", job(&[1, 2, 3])) }
}

// refused
mod vec_of_refs {
    #[resumable(backend = store())]
    fn job(xs: &[u32]) -> Result<(u32, u32), Stop> {
        let (mut a, mut b) = (0u32, 0u32);
        {
            let mut v = [&mut a, &mut b];
            for x in xs {
                step("item", x)?;
                *v[*x as usize % 2] += x;
            }
        }
        Ok((a, b))
    }
    pub fn run() -> String { format!("{:?}", job(&[1, 2, 3])) }
}

// refused
mod binary_heap_peek_mut {
    use std::collections::{BinaryHeap, binary_heap::PeekMut};
    #[resumable(backend = store())]
    fn job(xs: &[u32]) -> Result<Vec<u32>, Stop> {
        let mut h = BinaryHeap::from([9, 8, 7]);
        for x in xs {
            step("item", x)?;
            if let Some(mut top) = h.peek_mut() {
                if *top > *x {
                    *top = *x;
                }
            }
        }
        Ok(h.into_sorted_vec())
    }
    pub fn run() -> String { format!("{:?}", job(&[1, 2, 3])) }
}

// refused
mod macro_defines_fnmut {
    macro_rules! counter {
        ($n:ident) => {
            let mut $n = {
                let mut c = 0u32;
                move || {
                    c += 1;
                    c
                }
            };
        };
    }
    #[resumable(backend = store())]
    fn job(xs: &[u32]) -> Result<u32, Stop> {
        counter!(next);
        for x in xs {
            step("item", format!("{x}{}", next()))?;
        }
        Ok(next())
    }
    pub fn run() -> String { format!("{:?}", job(&[1, 3, 2])) }
}

// refused
mod scope_thread {
    #[resumable(backend = store())]
    fn job(xs: &[u32]) -> Result<u32, Stop> {
        let mut t = 0;
        for x in xs {
            step("item", x)?;
            std::thread::scope(|s| {
                s.spawn(|| t += x);
            });
        }
        Ok(t)
    }
    pub fn run() -> String { format!("{:?}", job(&[1, 3, 2])) }
}

// refused
mod let_it_alias {
    #[resumable(backend = store())]
    fn job(mut xs: Vec<u32>) -> Result<Vec<u32>, Stop> {
        let it = &mut xs;
        for x in it {
            step("item", &*x)?;
            *x += 1;
        }
        Ok(xs)
    }
    pub fn run() -> String { format!("{:?}", job(vec![1, 2, 3])) }
}

// refused
mod let_iter_alias_carried {
    #[resumable(backend = store(), carry(xs))]
    fn job(mut xs: Vec<u32>) -> Result<Vec<u32>, Stop> {
        let it = xs.iter_mut();
        for x in it {
            step("item", &*x)?;
            *x += 1;
        }
        Ok(xs)
    }
    pub fn run() -> String { format!("{:?}", job(vec![1, 2, 3])) }
}

// refused
mod as_slice_of_cells {
    use std::cell::Cell;
    #[resumable(backend = store())]
    fn job(xs: &[u32]) -> Result<Vec<u32>, Stop> {
        let mut v = xs.to_vec();
        {
            let cells = Cell::from_mut(&mut v[..]).as_slice_of_cells();
            for (i, x) in xs.iter().enumerate() {
                step("item", x)?;
                cells[i].set(x * 2);
            }
        }
        Ok(v)
    }
    pub fn run() -> String { format!("{:?}", job(&[1, 2, 3])) }
}

// refused
mod dyn_any_downcast {
    use std::any::Any;
    #[resumable(backend = store())]
    fn job(xs: &[u32]) -> Result<u32, Stop> {
        let mut b: Box<dyn Any> = Box::new(0u32);
        for x in xs {
            step("item", x)?;
            if let Some(n) = b.downcast_mut::<u32>() {
                *n += x;
            }
        }
        Ok(*b.downcast::<u32>().unwrap())
    }
    pub fn run() -> String { format!("{:?}", job(&[1, 2, 3])) }
}

// refused
mod box_leak_static {
    #[resumable(backend = store())]
    fn job(xs: &[u32]) -> Result<u32, Stop> {
        let t: &'static mut u32 = Box::leak(Box::new(0));
        for x in xs {
            step("item", x)?;
            *t += x;
        }
        Ok(*t)
    }
    pub fn run() -> String { format!("{:?}", job(&[1, 2, 3])) }
}

// refused
mod slice_pattern_split_first_mut {
    #[resumable(backend = store())]
    fn job(xs: &[u32]) -> Result<Vec<u32>, Stop> {
        let mut v = vec![0, 0];
        if let [first, ..] = v.as_mut_slice() {
            for x in xs {
                step("item", x)?;
                *first += x;
            }
        }
        Ok(v)
    }
    pub fn run() -> String { format!("{:?}", job(&[1, 2, 3])) }
}

// kept
mod return_position_change {
    #[resumable(backend = store())]
    fn job(xs: &[u32]) -> Result<u32, Stop> {
        let mut n = 0;
        for x in xs {
            step("item", x)?;
            if *x == 3 {
                return Ok({
                    n += x;
                    n
                });
            }
        }
        Ok(n)
    }
    pub fn run() -> String { format!("{:?}", job(&[1, 2, 3])) }
}
