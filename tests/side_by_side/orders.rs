//! Tests items that end in every order that there is, on threads and as futures, and in several backends.

use std::error::Error;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};

use safe_state::backend::{Backend, MemoryBackend, SqliteBackend};
use safe_state::{Action, FileBackend, Job, resumable};

type Anything = Box<dyn Error + Send + Sync>;

const MOST: u64 = 4;

/// The order in which items are to end, and the items that have ended.
struct Order {
    items: Vec<u64>,
    begun: Mutex<Vec<u64>>,
    ended: Mutex<Vec<u64>>,
    changed: Condvar,
    /// Whether items end without waiting for their turn, as the loop has ended and gives no more.
    is_over: AtomicBool,
}

impl Order {
    fn new(items: Vec<u64>) -> Self {
        let is_over = AtomicBool::new(false);
        let (begun, ended) = <(Mutex<Vec<u64>>, Mutex<Vec<u64>>)>::default();
        Order { items, begun, ended, changed: Condvar::new(), is_over }
    }

    fn begin(&self, item: u64) {
        self.begun.lock().unwrap().push(item);
    }

    /// Waits until so many items have begun.
    fn wait_for(&self, begun: u64) {
        while self.begun.lock().unwrap().len() as u64 != begun {
            std::thread::yield_now();
        }
    }

    /// Waits until the items before `item` in the order have ended, and ends it, unless it `fails`: then no other ends
    /// before the run has heard of it.
    fn end(&self, item: u64, fails: bool) {
        let ended = self.ended.lock().unwrap();
        let mut ended = self.changed.wait_while(ended, |ended| !self.is_turn(ended, item)).unwrap();
        if !fails {
            ended.push(item);
        }
        self.changed.notify_all();
    }

    fn is_turn(&self, ended: &[u64], item: u64) -> bool {
        self.is_over.load(Ordering::SeqCst) || self.items[ended.len()] == item
    }

    /// Notes that the loop gives no more items, as the run hears of a failure that ends it.
    fn is_over(&self) -> Action {
        let _ended = self.ended.lock().unwrap();
        self.is_over.store(true, Ordering::SeqCst);
        self.changed.notify_all();
        Action::Fail
    }
}

/// Fails in the item `fail` when its turn comes.
#[resumable(name = job, backend = Arc::clone(backend), threads = 4, fresh(order, fail),
            on_error = |_| order.map_or(Action::Fail, Order::is_over))]
fn ended(
    job: &str,
    backend: &Arc<dyn Backend>,
    order: Option<&Order>,
    fail: Option<u64>,
    did: &Mutex<Vec<u64>>,
) -> Result<(), Anything> {
    for item in 0..MOST {
        if let Some(order) = order {
            order.begin(item);
            order.wait_for(MOST);
            order.end(item, fail == Some(item));
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

/// The number of items of a loop of which no more than [`MOST`] are in flight at once.
const ITEMS: u64 = 6;

/// Returns all orders in which the items may end of which at most `most` are in flight at once.
fn orders_of(most: usize) -> Vec<Vec<u64>> {
    fn go_on(order: &[u64], most: usize, all: &mut Vec<Vec<u64>>) {
        let left: Vec<u64> = (0..ITEMS).filter(|item| !order.contains(item)).collect();
        if left.is_empty() {
            all.push(order.to_vec());
        }
        for next in left.into_iter().take(most) {
            go_on(&[order, &[next]].concat(), most, all);
        }
    }
    let mut all = Vec::new();
    go_on(&[], most, &mut all);
    all
}

impl Order {
    /// Ends the item if it is its turn, unless it `fails`. Returns whether it is its turn.
    fn ends_now(&self, item: u64, fails: bool) -> bool {
        let mut ended = self.ended.lock().unwrap();
        let is_turn = self.is_turn(&ended, item);
        if is_turn && !fails {
            ended.push(item);
        }
        is_turn
    }

    async fn end_later(&self, item: u64, fails: bool) {
        loop {
            if self.ends_now(item, fails) {
                return;
            }
            tokio::task::yield_now().await;
        }
    }

    /// Returns the items that ended up to the one that `fails`, and those that were in flight with it.
    fn until(&self, fails: u64, most: usize) -> (Vec<u64>, Vec<u64>) {
        let at = self.items.iter().position(|item| *item == fails).unwrap();
        let before: Vec<u64> = self.items[..at].to_vec();
        let in_flight = (0..ITEMS).filter(|item| !before.contains(item)).take(most).collect();
        (before, in_flight)
    }
}

#[resumable(name = job, backend = Arc::clone(backend), threads = most, fresh(order, fail),
            on_error = |_| order.map_or(Action::Fail, Order::is_over))]
fn on_threads(
    (job, backend): (&str, &Arc<dyn Backend>),
    most: usize,
    (order, fail): (Option<&Order>, Option<u64>),
    did: &Mutex<Vec<u64>>,
) -> Result<(), Anything> {
    for item in 0..ITEMS {
        if let Some(order) = order {
            order.begin(item);
            order.end(item, fail == Some(item));
        }
        if fail == Some(item) {
            return Err(format!("item {item}").into());
        }
        did.lock().unwrap().push(item);
    }
    Ok(())
}

#[resumable(name = job, backend = Arc::clone(backend), concurrency = most, fresh(order, fail),
            on_error = |_| order.map_or(Action::Fail, Order::is_over))]
async fn as_futures(
    (job, backend): (&str, &Arc<dyn Backend>),
    most: usize,
    (order, fail): (Option<&Order>, Option<u64>),
    did: &Mutex<Vec<u64>>,
) -> Result<(), Anything> {
    for item in 0..ITEMS {
        if let Some(order) = order {
            order.begin(item);
            order.end_later(item, fail == Some(item)).await;
        }
        if fail == Some(item) {
            return Err(format!("item {item}").into());
        }
        did.lock().unwrap().push(item);
    }
    Ok(())
}

/// Lets the items of a job end in every order. Each time another item fails when its turn comes, and the next run has to
/// do what is left.
fn in_every_order(
    run: impl Fn(
        (&str, &Arc<dyn Backend>),
        usize,
        (Option<&Order>, Option<u64>),
        &Mutex<Vec<u64>>,
    ) -> Result<(), Anything>,
) {
    let backend: Arc<dyn Backend> = Arc::new(MemoryBackend::default());
    let mut tried = 0;
    for most in 1..=4 {
        for items in orders_of(most) {
            tried += 1;
            let (job, did, order) = (tried.to_string(), Mutex::default(), Order::new(items));
            let fails = tried % ITEMS;
            let case = format!("{most} at once, {:?}, {fails} fails", order.items);
            let (before, in_flight) = order.until(fails, most);
            let failed = run((&job, &backend), most, (Some(&order), Some(fails)), &did);
            assert_eq!(failed.unwrap_err().to_string(), format!("item {fails}"), "{case}");
            let stored = Job::new(&job).backend(Arc::clone(&backend)).peek_checkpoint().unwrap();
            let complete: Vec<u64> = stored.unwrap().completed().ranges().flatten().collect();
            // What was in flight with it came to its end, and nothing began after it.
            let mut begun = order.begun.into_inner().unwrap();
            begun.sort_unstable();
            let at_once = |item: &u64| before.contains(item) || in_flight.contains(item);
            assert!(begun.iter().all(at_once), "{case}: {begun:?}");
            let others = begun.iter().filter(|item| **item != fails);
            assert!(complete.iter().eq(others), "{case}: {complete:?} of {begun:?}");
            assert_eq!(before.iter().find(|item| !complete.contains(item)), None, "{case}");
            did.lock().unwrap().clear();
            run((&job, &backend), most, (None, None), &did).unwrap();
            let mut did = did.into_inner().unwrap();
            did.sort_unstable();
            let left: Vec<u64> = (0..ITEMS).filter(|item| !complete.contains(item)).collect();
            assert_eq!(did, left, "{case}");
        }
    }
    assert_eq!(tried, 1 + 32 + 162 + 384);
}

#[test]
fn six_items_on_threads_in_every_order() {
    in_every_order(on_threads);
}

#[test]
fn six_items_as_futures_in_every_order() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    in_every_order(|job, most, how, did| runtime.block_on(as_futures(job, most, how, did)));
}
