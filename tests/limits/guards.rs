//! Tests guards in one process: nested, on many threads, around futures, left in time.

use std::thread;
use std::time::Duration;

use safe_state::Error;
use safe_state::limits::{ActiveLimit, Interrupt, LimitExceeded, TimeLimit, check, progress};

const LONG: Duration = Duration::from_secs(3600);
const SHORT: Duration = Duration::from_millis(20);

fn guard(timeout: Duration) -> TimeLimit {
    TimeLimit::new(timeout).interrupt(Interrupt::Cancellation).check_interval("1ms")
}

fn cancelled(guard: &ActiveLimit) -> LimitExceeded {
    loop {
        match guard.check() {
            Ok(()) => thread::sleep(Duration::from_millis(1)),
            Err(Error::Limit(exceeded)) => return exceeded,
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn the_error_says_how_long_and_where() {
    let guard = guard(SHORT).start().unwrap();
    let line = line!() - 1;
    let LimitExceeded::ExecutionTimeout { limit, used, place } = cancelled(&guard) else {
        panic!("of another kind")
    };
    assert_eq!(limit, SHORT);
    assert!(used >= SHORT, "{used:?}");
    assert!(place.starts_with(&format!("at {}:{line}:", file!())), "{place}");
    let error = std::io::Error::from(guard.check().unwrap_err());
    assert_eq!(error.kind(), std::io::ErrorKind::TimedOut);
}

#[test]
fn a_check_without_a_guard_is_no_error() {
    check().unwrap();
    progress();
}

/// If a guard were left only at its next look, this test would take an hour.
#[test]
fn a_guard_is_left_at_once() {
    let guard = guard(LONG).check_interval(LONG);
    for _ in 0..100 {
        guard.run(|| check().unwrap()).unwrap();
    }
    drop(thread::spawn(move || drop(guard.start().unwrap())).join());
}

#[test]
fn progress_takes_a_cancellation_back_and_begins_anew() {
    let guard = guard(SHORT).start().unwrap();
    for _ in 0..3 {
        cancelled(&guard);
        guard.progress();
    }
}

#[test]
fn each_of_nested_guards_counts() {
    let outer = guard(SHORT).start().unwrap();
    let inner = guard(LONG).start().unwrap();
    cancelled(&outer);
    inner.check().unwrap();
    check().unwrap_err();
    // The progress counts for the innermost guard, and does not help the outer one.
    progress();
    check().unwrap_err();
    drop(inner);
    progress();
    check().unwrap();
}

#[test]
fn guards_need_not_be_left_in_order() {
    let outer = guard(SHORT).start().unwrap();
    let inner = guard(LONG).start().unwrap();
    cancelled(&outer);
    drop(outer);
    check().unwrap();
    drop(inner);
}

#[test]
fn each_thread_has_its_own_guard() {
    let late = guard(SHORT).start().unwrap();
    let threads: Vec<_> = (0..16)
        .map(|number| {
            thread::spawn(move || {
                let timeout = if number % 2 == 0 { SHORT } else { LONG };
                let guard = guard(timeout).start().unwrap();
                if number % 2 == 0 { drop(cancelled(&guard)) } else { check().unwrap() }
            })
        })
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    cancelled(&late);
    thread::spawn(|| check().unwrap()).join().unwrap();
    let handle = late.handle();
    thread::spawn(move || handle.enter(check).unwrap_err()).join().unwrap();
}

#[test]
fn a_future_is_guarded_on_whatever_threads_it_runs() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).build().unwrap();
    let tasks: Vec<_> = (0..32)
        .map(|number| {
            let timeout = if number % 2 == 0 { Duration::from_millis(200) } else { LONG };
            runtime.spawn(guard(timeout).run_async(async move {
                for _ in 0..100 {
                    tokio::task::yield_now().await;
                    check().unwrap();
                    progress();
                }
                if number % 2 == 0 {
                    std::future::pending::<()>().await;
                }
            }))
        })
        .collect();
    for (number, task) in tasks.into_iter().enumerate() {
        let ended = runtime.block_on(task).unwrap();
        match ended {
            Ok(()) => assert_eq!(number % 2, 1),
            Err(error) => assert!(number % 2 == 0 && matches!(error, Error::Limit(_)), "{error}"),
        }
    }
}

#[test]
fn a_future_that_is_ready_is_not_cancelled() {
    let value = safe_state_tests::shapes::block_on(guard(SHORT).run_async(async {
        while check().is_ok() {
            thread::sleep(Duration::from_millis(1));
        }
        7
    }));
    assert_eq!(value.unwrap(), 7);
}
