// A lock, an atomic or a file is found within types of the standard library too, and what holds none is not refused.

// refused
mod a_lock_with_its_condition {
    use std::sync::{Arc, Condvar, Mutex};
    #[resumable(backend = store())]
    fn add(values: &[u64]) -> Result<u64, Stop> {
        let pair = Arc::new((Mutex::new(0), Condvar::new()));
        for value in values { step("value", value)?; *pair.0.lock().unwrap() += value; pair.1.notify_all(); }
        let sum = *pair.0.lock().unwrap();
        Ok(sum)
    }
    pub fn run() -> String { format!("{:?}", add(&[3, 1, 2])) }
}

// refused
mod a_lock_that_may_be_there {
    use std::sync::Mutex;
    #[resumable(backend = store())]
    fn add(values: &[u64], is_noted: bool) -> Result<Option<u64>, Stop> {
        let noted = is_noted.then(|| Mutex::new(0));
        for value in values { step("value", value)?; if let Some(noted) = &noted { *noted.lock().unwrap() += value; } }
        Ok(noted.map(|noted| noted.into_inner().unwrap()))
    }
    pub fn run() -> String { format!("{:?}", add(&[3, 1, 2], true)) }
}

// refused
mod a_lock_that_is_made_late {
    use std::sync::{LazyLock, Mutex};
    #[resumable(backend = store())]
    fn add(values: &[u64]) -> Result<u64, Stop> {
        let sum: LazyLock<Mutex<u64>> = LazyLock::new(|| Mutex::new(0));
        for value in values { step("value", value)?; *sum.lock().unwrap() += value; }
        let sum = *sum.lock().unwrap();
        Ok(sum)
    }
    pub fn run() -> String { format!("{:?}", add(&[3, 1, 2])) }
}

// refused
mod a_list_of_locks {
    use std::sync::Mutex;
    #[resumable(backend = store())]
    fn count(values: &[u64]) -> Result<Vec<u64>, Stop> {
        let counts: Vec<Mutex<u64>> = (0..4).map(|_| Mutex::new(0)).collect();
        for value in values { step("value", value)?; *counts[*value as usize].lock().unwrap() += 1; }
        Ok(counts.into_iter().map(|count| count.into_inner().unwrap()).collect())
    }
    pub fn run() -> String { format!("{:?}", count(&[3, 1, 3])) }
}

// refused
mod a_map_of_atomics {
    use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
    #[resumable(backend = store())]
    fn count(values: &[u64]) -> Result<Vec<u64>, Stop> {
        let counts: BTreeMap<u64, AtomicU64> = (0..4).map(|at| (at, AtomicU64::new(0))).collect();
        for value in values { step("value", value)?; counts[value].fetch_add(1, Relaxed); }
        Ok(counts.values().map(|count| count.load(Relaxed)).collect())
    }
    pub fn run() -> String { format!("{:?}", count(&[3, 1, 3])) }
}

// refused
mod two_atomics_beside_a_text {
    use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
    #[resumable(backend = store())]
    fn count(values: &[u64]) -> Result<(u64, u64), Stop> {
        let counts = ("odd, even", AtomicU64::new(0), Some(AtomicU64::new(0)));
        for value in values {
            step("value", value)?;
            if value % 2 == 0 { counts.2.as_ref().unwrap().fetch_add(1, Relaxed); } else { counts.1.fetch_add(1, Relaxed); }
        }
        Ok((counts.1.into_inner(), counts.2.unwrap().into_inner()))
    }
    pub fn run() -> String { format!("{:?}", count(&[3, 1, 2])) }
}

// kept
mod nothing_to_change {
    use std::collections::HashMap;
    use std::sync::Arc;
    struct Rates { by_name: HashMap<String, u64>, name: Box<str> }
    #[resumable(backend = store(), carry(sum))]
    fn add<T: Copy + Into<u64> + std::hash::Hash + std::fmt::Debug + std::panic::RefUnwindSafe>(values: &[T]) -> Result<u64, Stop> {
        let rates = (Arc::new(Rates { by_name: HashMap::from([("a".into(), 2)]), name: "n".into() }), None::<String>);
        let weights = vec![1, 2, 3];
        let (scale, names) = ((0.5, 2), vec![Some(("a", vec![1u8]))]);
        let list: Vec<T> = values.to_vec();
        let none = Vec::new();
        let mut sum = 0;
        for value in values {
            step("value", value)?;
            let number: u64 = (*value).into();
            sum += number * rates.0.by_name["a"] * weights[1] + names.len() as u64 + (scale.0 * 2.0) as u64 + list.len() as u64;
            if none.contains(&number) || rates.1.is_some() || rates.0.name.len() > 1 { return Ok(0) }
        }
        Ok(sum + scale.1)
    }
    pub fn run() -> String { format!("{:?}", add(&[3u32, 1, 2])) }
}

// refused
mod a_channel_of_another_crate {
    use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
    pub struct Ends(SyncSender<u64>, Receiver<u64>);
    impl Ends { fn send(&self, value: u64) { let _ = self.0.send(value); } fn all(self) -> Vec<u64> { drop(self.0); self.1.iter().collect() } }
    fn bounded(size: usize) -> Ends { let (to, from) = sync_channel(size); Ends(to, from) }
    #[resumable(backend = store())]
    fn gather(values: &[u64]) -> Result<Vec<u64>, Stop> {
        let ends = bounded(8);
        for value in values { step("value", value)?; ends.send(*value); }
        Ok(ends.all())
    }
    pub fn run() -> String { format!("{:?}", gather(&[3, 1, 2])) }
}

// kept
mod a_channel_that_an_item_makes {
    fn channel(size: usize) -> (Vec<u64>, usize) { (vec![7], size) }
    #[resumable(backend = store(), carry(sum))]
    fn gather(values: &[u64]) -> Result<u64, Stop> {
        let mut sum = 0;
        for value in values {
            let (mut to, size) = channel(8);
            to.push(*value);
            step("value", (&to, size))?;
            sum += to.len() as u64;
        }
        Ok(sum)
    }
    pub fn run() -> String { format!("{:?}", gather(&[3, 1, 2])) }
}

// refused
mod items_that_point_to_cells {
    use std::cell::RefCell;
    use std::rc::Rc;
    #[resumable(backend = store(), key = |node| node.borrow().0)]
    fn raise(count: u64) -> Result<u64, Stop> {
        let nodes: Vec<Rc<RefCell<(u64, u64)>>> = (0..count).map(|at| Rc::new(RefCell::new((at, at)))).collect();
        for node in &nodes { step("node", node.borrow().0)?; node.borrow_mut().1 += 5; }
        Ok(nodes.iter().map(|node| node.borrow().1).sum())
    }
    pub fn run() -> String { format!("{:?}", raise(3)) }
}

// refused
mod items_that_share_a_lock {
    use std::sync::{Arc, Mutex};
    #[resumable(backend = store(), check = |part| part.0)]
    fn add(count: u64) -> Result<u64, Stop> {
        let sum = Arc::new(Mutex::new(0));
        let parts: Vec<(u64, Arc<Mutex<u64>>)> = (0..count).map(|at| (at, sum.clone())).collect();
        for (at, sum) in parts { step("part", at)?; *sum.lock().unwrap() += at; }
        let sum = *sum.lock().unwrap();
        Ok(sum)
    }
    pub fn run() -> String { format!("{:?}", add(4)) }
}

// kept
mod items_that_share_what_does_not_change {
    use std::sync::Arc;
    #[resumable(backend = store(), key = |part| part.0)]
    fn send(count: u64) -> Result<u64, Stop> {
        let names = Arc::new(vec![Some("a".to_owned())]);
        let parts: Vec<(u64, Arc<Vec<Option<String>>>)> = (0..count).map(|at| (at, names.clone())).collect();
        for (at, names) in &parts { step("part", (at, &names[0]))?; }
        Ok(count)
    }
    pub fn run() -> String { format!("{:?}", send(3)) }
}
