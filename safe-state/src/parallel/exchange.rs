//! The meeting place of the caller's thread and the threads that run bodies: tasks go one way, results the other.
//!
//! A thread takes a task, and notes that its body has ended, without a lock that others wait for. So a body of a
//! microsecond costs little more than itself. Only threads that have nothing to do are woken, and the caller's thread
//! only when something has to be done there.

use std::hint::spin_loop;
use std::sync::PoisonError;
use std::time::Duration;

use super::queue::Queue;
use super::sync::{
    AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Condvar, Mutex, MutexGuard, Ordering, Thread,
    current, fence, park,
};

/// Tasks to be taken, and what came of them. A task has a place, which is free again when the caller has heard that the
/// task has ended.
#[derive(Debug)]
pub(super) struct Exchange<T, D> {
    queue: Queue,
    /// The tasks, by their places.
    tasks: Box<[Mutex<Option<T>>]>,
    /// A bit for each place whose task has ended with nothing to tell.
    ended: Box<[AtomicU64]>,
    told: Told<D>,
    gate: AtomicU8,
    /// Whether tasks are so short that a thread looks for the next for a while before it waits for it.
    is_brisk: AtomicBool,
    idle: Idle,
    caller: Caller,
}

/// Tasks are taken.
const OPEN: u8 = 0;
/// No task is taken for now.
const HELD: u8 = 1;
/// No task is taken any more.
const CLOSED: u8 = 2;

/// The number of times that a thread without a task looks for a short one, and the pauses between two looks.
const LOOKS: u32 = 16;
const PAUSES: u32 = 16;

/// The results of tasks that have something to tell, with the places of the tasks.
#[derive(Debug)]
struct Told<D> {
    /// Written under the lock of the results.
    is_any: AtomicBool,
    results: Mutex<Vec<(u32, D)>>,
}

/// The threads that have nothing to do.
#[derive(Debug)]
struct Idle {
    /// Written under the lock of the threads.
    count: AtomicUsize,
    threads: Mutex<Vec<Thread>>,
}

/// The caller's thread, when it waits.
#[derive(Debug)]
struct Caller {
    /// Written under the lock.
    is_waiting: AtomicBool,
    /// The number of tasks that are taken before the caller is woken.
    wakes_at: AtomicU64,
    lock: Mutex<()>,
    condvar: Condvar,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // No code of this module panics while it holds a lock.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<T, D> Exchange<T, D> {
    /// Creates an exchange with `places` places.
    pub(super) fn new(places: usize) -> Self {
        Exchange {
            queue: Queue::new(places),
            tasks: (0..places).map(|_| Mutex::new(None)).collect(),
            ended: (0..places.div_ceil(64)).map(|_| AtomicU64::new(0)).collect(),
            told: Told { is_any: AtomicBool::new(false), results: Mutex::new(Vec::new()) },
            gate: AtomicU8::new(OPEN),
            is_brisk: AtomicBool::new(false),
            idle: Idle { count: AtomicUsize::new(0), threads: Mutex::new(Vec::new()) },
            caller: Caller {
                is_waiting: AtomicBool::new(false),
                wakes_at: AtomicU64::new(0),
                lock: Mutex::new(()),
                condvar: Condvar::new(),
            },
        }
    }

    /// Returns the number of places.
    pub(super) fn places(&self) -> usize {
        self.tasks.len()
    }
}

/// The side of the threads.
impl<T, D> Exchange<T, D> {
    /// Waits for the next task, and takes it. Returns its place as well; `None` once the exchange is closed.
    pub(super) fn take(&self) -> Option<(u32, T)> {
        loop {
            match self.gate.load(Ordering::Acquire) {
                OPEN => {
                    if let Some(taken) = self.try_take() {
                        return Some(taken);
                    }
                }
                HELD => {}
                _ => return None,
            }
            self.wake_caller();
            if !self.comes_soon() {
                self.idle.wait(|| self.has_nothing_to_do());
            }
        }
    }

    /// Returns whether there is something to do within some microseconds, if tasks are short.
    fn comes_soon(&self) -> bool {
        let is_brisk = || self.is_brisk.load(Ordering::Relaxed);
        (0..LOOKS).take_while(|_| is_brisk()).any(|_| {
            (0..PAUSES).for_each(|_| spin_loop());
            !self.has_nothing_to_do()
        })
    }

    fn try_take(&self) -> Option<(u32, T)> {
        let (number, place) = self.queue.claim()?;
        if number >= self.caller.wakes_at.load(Ordering::Relaxed) {
            self.wake_caller();
        }
        lock(&self.tasks[place as usize]).take().map(|task| (place, task))
    }

    fn has_nothing_to_do(&self) -> bool {
        match self.gate.load(Ordering::Acquire) {
            OPEN => self.queue.is_empty(),
            HELD => true,
            _ => false,
        }
    }

    /// Notes that the task at the place has ended with nothing to tell. The caller hears of it when this thread takes its
    /// next task, or finds none.
    pub(super) fn end(&self, place: u32) {
        self.ended[place as usize / 64].fetch_or(1 << (place % 64), Ordering::Release);
    }

    /// Tells the caller how the task at the place has ended. If that `holds` the others, no task is taken before the
    /// caller has heard of it and has [opened](Self::open) the exchange again.
    pub(super) fn tell(&self, place: u32, result: D, holds: bool) {
        let mut results = lock(&self.told.results);
        if holds {
            self.hold();
        }
        results.push((place, result));
        self.told.is_any.store(true, Ordering::Relaxed);
        drop(results);
        self.wake_caller();
    }

    fn wake_caller(&self) {
        // Either the caller sees what this thread has done, or this thread sees that the caller waits.
        fence(Ordering::SeqCst);
        if self.caller.is_waiting.load(Ordering::Relaxed) {
            // The caller holds the lock from before it looks until it waits.
            let guard = lock(&self.caller.lock);
            self.caller.is_waiting.store(false, Ordering::Relaxed);
            drop(guard);
            self.caller.condvar.notify_one();
        }
    }
}

/// The caller's side.
impl<T, D> Exchange<T, D> {
    /// Puts a task into a place, which must be free.
    pub(super) fn put(&self, place: u32, task: T) {
        *lock(&self.tasks[place as usize]) = Some(task);
    }

    /// Gives the tasks in the places to the threads, in this order.
    pub(super) fn give(&self, places: &[u32]) {
        self.queue.append(places);
        self.idle.wake(places.len());
    }

    /// Returns the place of the first task that was given, is not taken, and is one that `is_wanted`.
    pub(super) fn first(&self, is_wanted: impl Fn(u32) -> bool) -> Option<u32> {
        self.queue.first(is_wanted)
    }

    /// Sets whether tasks are so short that it is not worth while to sleep until the next.
    pub(super) fn set_brisk(&self, is_brisk: bool) {
        if self.is_brisk.load(Ordering::Relaxed) != is_brisk {
            self.is_brisk.store(is_brisk, Ordering::Relaxed);
        }
    }

    /// Lets no task be taken until the exchange is opened.
    pub(super) fn hold(&self) {
        // A closed exchange stays closed.
        let _ = self.gate.compare_exchange(OPEN, HELD, Ordering::AcqRel, Ordering::Relaxed);
    }

    /// Lets tasks be taken again, unless the caller has not heard of a result yet: that one may hold the others, too.
    pub(super) fn open(&self) {
        let results = lock(&self.told.results);
        if !results.is_empty() {
            return;
        }
        let held = self.gate.compare_exchange(HELD, OPEN, Ordering::AcqRel, Ordering::Relaxed);
        drop(results);
        if held.is_ok() && !self.queue.is_empty() {
            self.idle.wake(usize::MAX);
        }
    }

    /// Takes a task back that no thread has taken; `None` if there is none.
    pub(super) fn take_back(&self) -> Option<(u32, T)> {
        let (_, place) = self.queue.claim()?;
        lock(&self.tasks[place as usize]).take().map(|task| (place, task))
    }

    /// Takes the places of the tasks that have ended with nothing to tell, and the results of the others, since the last
    /// call.
    pub(super) fn collect(&self, mut ended: impl FnMut(u32), told: &mut Vec<(u32, D)>) {
        for (first, bits) in (0..).step_by(64).zip(&self.ended) {
            if bits.load(Ordering::Relaxed) == 0 {
                continue;
            }
            let mut bits = bits.swap(0, Ordering::Acquire);
            while bits != 0 {
                ended(first + bits.trailing_zeros());
                bits &= bits - 1;
            }
        }
        if self.told.is_any.load(Ordering::Relaxed) {
            let mut results = lock(&self.told.results);
            told.append(&mut results);
            self.told.is_any.store(false, Ordering::Relaxed);
        }
    }

    /// Waits until a task has told something; or until no more than `left` tasks are left to be taken, and one has ended.
    /// Waits for at most `patience`.
    pub(super) fn wait(&self, left: u64, patience: Duration) {
        let wakes_at = self.queue.appended().saturating_sub(left);
        self.caller.wakes_at.store(wakes_at, Ordering::Relaxed);
        let mut guard = lock(&self.caller.lock);
        self.caller.is_waiting.store(true, Ordering::Relaxed);
        fence(Ordering::SeqCst);
        let has_ended = || self.ended.iter().any(|bits| bits.load(Ordering::Relaxed) != 0);
        let has_news = self.told.is_any.load(Ordering::Relaxed)
            || (self.queue.claimed() >= wakes_at && has_ended());
        if !has_news {
            let waited = self.caller.condvar.wait_timeout(guard, patience);
            guard = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        self.caller.is_waiting.store(false, Ordering::Relaxed);
        drop(guard);
    }

    /// Returns a guard that closes the exchange when it is dropped: tasks that wait are dropped, and the threads end.
    pub(super) fn closing(&self) -> Closing<'_, T, D> {
        Closing(self)
    }
}

impl Idle {
    /// Lets this thread wait until it is woken, if it `has_nothing_to_do` when that is known to those who wake. It may
    /// return earlier.
    fn wait(&self, has_nothing_to_do: impl Fn() -> bool) {
        let me = current();
        let id = me.id();
        let mut threads = lock(&self.threads);
        threads.push(me);
        self.count.store(threads.len(), Ordering::Relaxed);
        drop(threads);
        // Either this thread sees the new task, or who gave it sees this thread.
        fence(Ordering::SeqCst);
        if has_nothing_to_do() {
            park();
        }
        let mut threads = lock(&self.threads);
        threads.retain(|thread| thread.id() != id);
        self.count.store(threads.len(), Ordering::Relaxed);
    }

    /// Wakes at most `most` of the threads.
    fn wake(&self, most: usize) {
        fence(Ordering::SeqCst);
        if self.count.load(Ordering::Relaxed) == 0 {
            return;
        }
        let mut threads = lock(&self.threads);
        let kept = threads.len().saturating_sub(most);
        let woken = threads.split_off(kept);
        self.count.store(kept, Ordering::Relaxed);
        drop(threads);
        woken.iter().for_each(Thread::unpark);
    }
}

/// A guard that closes the exchange when it is dropped: see [`Exchange::closing`].
pub(super) struct Closing<'e, T, D>(&'e Exchange<T, D>);

impl<T, D> Drop for Closing<'_, T, D> {
    fn drop(&mut self) {
        self.0.gate.store(CLOSED, Ordering::Release);
        self.0.idle.wake(usize::MAX);
        while self.0.take_back().is_some() {}
    }
}
