//! Tests items that end in any order, in several backends.

use std::error::Error;
use std::sync::{Arc, Condvar, Mutex};

use safe_state::backend::{Backend, MemoryBackend, SqliteBackend};
use safe_state::{FileBackend, Job, resumable};

type Anything = Box<dyn Error + Send + Sync>;

const MOST: u64 = 4;

/// The order in which items are to end, and the items that have ended.
struct Order {
    items: Vec<u64>,
    ended: Mutex<Vec<u64>>,
    changed: Condvar,
}

impl Order {
    fn new(items: Vec<u64>) -> Self {
        Order { items, ended: Mutex::default(), changed: Condvar::new() }
    }

    /// Waits until the items before `item` in the order have ended, and ends it.
    fn end(&self, item: u64) {
        let is_next = |ended: &mut Vec<u64>| self.items[ended.len()] == item;
        let ended = self.ended.lock().unwrap();
        self.changed.wait_while(ended, |ended| !is_next(ended)).unwrap().push(item);
        self.changed.notify_all();
    }
}

/// Fails in the item `fail` when its turn comes.
#[resumable(name = job, backend = Arc::clone(backend), threads = 4, fresh(order, fail))]
fn ended(
    job: &str,
    backend: &Arc<dyn Backend>,
    order: Option<&Order>,
    fail: Option<u64>,
    did: &Mutex<Vec<u64>>,
) -> Result<(), Anything> {
    for item in 0..MOST {
        if let Some(order) = order {
            order.end(item);
        }
        if fail == Some(item) {
            return Err(format!("item {item}").into());
        }
        did.lock().unwrap().push(item);
    }
    Ok(())
}

/// Returns all orders of the items.
fn orders(items: &[u64]) -> Vec<Vec<u64>> {
    if items.is_empty() {
        return vec![Vec::new()];
    }
    let begin = |first: &u64| {
        let rest: Vec<u64> = items.iter().filter(|item| *item != first).copied().collect();
        orders(&rest).into_iter().map(|rest| [vec![*first], rest].concat()).collect::<Vec<_>>()
    };
    items.iter().flat_map(begin).collect()
}

#[test]
fn in_any_order_what_is_complete_stays_complete() {
    let dir = tempfile::tempdir().unwrap();
    let backends: [Arc<dyn Backend>; 3] = [
        Arc::new(MemoryBackend::default()),
        Arc::new(FileBackend::new(dir.path())),
        Arc::new(SqliteBackend::new(dir.path().join("jobs.db"))),
    ];
    let items: Vec<u64> = (0..MOST).collect();
    for (number, order) in orders(&items).into_iter().enumerate() {
        for (backend, fail) in backends.iter().zip(items.iter().cycle().skip(number)) {
            let (job, did) = (format!("{number}"), Mutex::default());
            let case = format!("{order:?}, {fail} fails");
            let failed = ended(&job, backend, Some(&Order::new(order.clone())), Some(*fail), &did);
            assert_eq!(failed.unwrap_err().to_string(), format!("item {fail}"), "{case}");
            let stored = Job::new(&job).backend(Arc::clone(backend)).peek_checkpoint().unwrap();
            let complete: Vec<u64> = stored.unwrap().completed().ranges().flatten().collect();
            let others: Vec<u64> = items.iter().filter(|item| *item != fail).copied().collect();
            assert_eq!(complete, others, "{case}");
            did.lock().unwrap().clear();
            ended(&job, backend, None, None, &did).unwrap();
            assert_eq!(did.into_inner().unwrap(), [*fail], "{case}");
        }
    }
}
