//! Tries the exchange in every order in which threads may do their steps.

mod sync {
    pub(super) use loom::sync::atomic::{
        AtomicBool, AtomicU8, AtomicU32, AtomicU64, AtomicUsize, Ordering, fence,
    };
    pub(super) use loom::sync::{Condvar, Mutex, MutexGuard};
    pub(super) use loom::thread::{Thread, current, park};
}
#[path = "exchange.rs"]
#[expect(dead_code, reason = "the desk has the rest")]
#[expect(clippy::duplicate_mod, reason = "this one goes by the model's steps")]
mod exchange;
#[path = "queue.rs"]
#[expect(clippy::duplicate_mod, reason = "this one goes by the model's steps")]
mod queue;

use std::time::Duration;

use loom::sync::Arc;
use loom::sync::atomic::{AtomicBool, Ordering};
use loom::thread;

use exchange::Exchange;

type Tested = Exchange<u32, &'static str>;

/// Tries all orders in which a thread is interrupted at most so many times where it need not be.
fn check(interruptions: usize, test: impl Fn() + Sync + Send + 'static) {
    let mut loom = loom::model::Builder::new();
    loom.preemption_bound = Some(interruptions);
    loom.check(test);
}

/// Starts a thread that takes tasks until the exchange is closed, and returns those that it took. It tells of the task
/// `fails`, and holds the others.
fn start(exchange: &Arc<Tested>, fails: Option<u32>) -> thread::JoinHandle<Vec<u32>> {
    let exchange = Arc::clone(exchange);
    thread::spawn(move || {
        let mut took = Vec::new();
        while let Some((place, task)) = exchange.take() {
            took.push(task);
            if fails == Some(task) {
                exchange.tell(place, "failed", true);
            } else {
                exchange.end(place);
            }
        }
        took
    })
}

/// Waits until `count` tasks have ended. Returns them in the order in which the caller heard of them.
fn collect(exchange: &Tested, count: usize, left: u64) -> Vec<u32> {
    let (mut ended, mut told) = (Vec::new(), Vec::new());
    loop {
        exchange.collect(|place| ended.push(place), &mut told);
        ended.extend(told.drain(..).map(|(place, _)| place));
        if ended.len() >= count {
            return ended;
        }
        exchange.wait(left, Duration::MAX);
    }
}

fn sorted(mut items: Vec<u32>) -> Vec<u32> {
    items.sort_unstable();
    items
}

/// Each task is taken by one thread and its end is heard of once, whatever is given meanwhile; and no one waits in vain,
/// which the checker would report.
fn each_is_done_once(left: u64) {
    check(1, move || {
        let exchange = Arc::new(Tested::new(2));
        let threads = [start(&exchange, None), start(&exchange, None)];
        exchange.put(0, 0);
        exchange.give(&[0]);
        exchange.put(1, 1);
        exchange.give(&[1]);
        assert_eq!(sorted(collect(&exchange, 2, left)), [0, 1]);
        drop(exchange.closing());
        let took = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
        assert_eq!(sorted(took), [0, 1]);
    });
}

#[test]
fn each_task_is_done_once_and_heard_of_at_once() {
    each_is_done_once(u64::MAX);
}

#[test]
fn each_task_is_done_once_and_heard_of_when_few_are_left() {
    each_is_done_once(0);
}

#[test]
fn a_place_is_used_again_when_its_task_has_ended() {
    check(2, || {
        let exchange = Arc::new(Tested::new(1));
        let thread = start(&exchange, None);
        for task in 5..7 {
            exchange.put(0, task);
            exchange.give(&[0]);
            assert_eq!(collect(&exchange, 1, u64::MAX), [0]);
        }
        drop(exchange.closing());
        assert_eq!(thread.join().unwrap(), [5, 6]);
    });
}

/// What ends while the caller saves gathers for the next save: nothing is lost, and nothing counts twice.
#[test]
fn what_ends_during_a_save_is_of_the_next() {
    check(1, || {
        let exchange = Arc::new(Tested::new(2));
        let threads = [start(&exchange, None), start(&exchange, None)];
        for place in 0..2 {
            exchange.put(place, place);
            exchange.give(&[place]);
        }
        let mut saves = Vec::new();
        while saves.iter().map(Vec::len).sum::<usize>() < 2 {
            let (mut ended, mut told) = (Vec::new(), Vec::new());
            exchange.collect(|place| ended.push(place), &mut told);
            saves.push(ended);
            thread::yield_now();
        }
        assert_eq!(sorted(saves.concat()), [0, 1]);
        drop(exchange.closing());
        for thread in threads {
            thread.join().unwrap();
        }
    });
}

/// After a failure no task is taken until the caller has opened the exchange. A task that it takes back is not done.
#[test]
fn a_task_is_done_or_taken_back() {
    check(2, || {
        let exchange = Arc::new(Tested::new(2));
        let thread = start(&exchange, Some(0));
        exchange.put(0, 0);
        exchange.put(1, 1);
        exchange.give(&[0, 1]);
        assert_eq!(collect(&exchange, 1, u64::MAX), [0]);
        assert_eq!(exchange.first(|_| true), Some(1), "one thread can't take it while it is held");
        let back = exchange.take_back();
        assert_eq!(back, Some((1, 1)));
        exchange.open();
        drop(exchange.closing());
        assert_eq!(thread.join().unwrap(), [0]);
    });
}

#[test]
fn a_task_that_is_taken_back_at_any_time_is_not_done() {
    check(1, || {
        let exchange = Arc::new(Tested::new(2));
        let threads = [start(&exchange, None), start(&exchange, Some(0))];
        exchange.put(0, 0);
        exchange.put(1, 1);
        exchange.give(&[0, 1]);
        let back: Vec<u32> =
            std::iter::from_fn(|| exchange.take_back()).map(|(_, task)| task).collect();
        exchange.open();
        drop(exchange.closing());
        let took = threads.into_iter().flat_map(|thread| thread.join().unwrap());
        let all = sorted(took.chain(back).collect());
        assert_eq!(all, [0, 1]);
    });
}

/// A thread that has told of a failure takes no other task before the caller has heard of it, also if the caller opens
/// just then what an earlier failure has held.
#[test]
fn a_failure_holds_until_it_is_heard_of() {
    check(2, || {
        let (exchange, is_heard) = (Arc::new(Tested::new(3)), Arc::new(AtomicBool::new(false)));
        for place in 0..3 {
            exchange.put(place, place);
        }
        exchange.give(&[0, 1, 2]);
        assert_eq!(exchange.take(), Some((0, 0)));
        let thread = {
            let (exchange, is_heard) = (Arc::clone(&exchange), Arc::clone(&is_heard));
            thread::spawn(move || {
                assert_eq!(exchange.take(), Some((1, 1)));
                exchange.tell(1, "failed", true);
                if exchange.take().is_some() {
                    assert!(is_heard.load(Ordering::Relaxed), "it was opened over the failure");
                }
            })
        };
        exchange.tell(0, "failed", true);
        while !is_heard.load(Ordering::Relaxed) {
            let mut told = Vec::new();
            exchange.collect(|_| {}, &mut told);
            is_heard.fetch_or(told.iter().any(|(place, _)| *place == 1), Ordering::Relaxed);
            exchange.open();
            if told.is_empty() {
                exchange.wait(u64::MAX, Duration::MAX);
            }
        }
        drop(exchange.closing());
        thread.join().unwrap();
    });
}

#[test]
fn what_was_held_goes_on_once_it_is_opened() {
    check(2, || {
        let exchange = Arc::new(Tested::new(2));
        let thread = start(&exchange, Some(0));
        exchange.put(0, 0);
        exchange.put(1, 1);
        exchange.give(&[0, 1]);
        assert_eq!(collect(&exchange, 1, u64::MAX), [0]);
        exchange.open();
        assert_eq!(collect(&exchange, 1, u64::MAX), [1]);
        drop(exchange.closing());
        assert_eq!(thread.join().unwrap(), [0, 1]);
    });
}
