//! Tests `#[time_guard]` and `#[mem_guard]` on functions of many shapes.

use std::time::{Duration, Instant};

use safe_state::limits::{Interrupt, LimitExceeded, check, progress};
use safe_state::{Error, mem_guard, time_guard};
use safe_state_tests::shapes::block_on;

const SHORT: Duration = Duration::from_millis(20);

fn is_timeout(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref(), Some(Error::Limit(LimitExceeded::ExecutionTimeout { .. })))
}

/// Adds up the numbers. With the limit `SHORT`, goes on until it is cancelled.
#[time_guard(timeout = limit, interrupt = "cancellation", check_interval = "5ms")]
fn sums<'a, T: Into<u64> + Copy>(
    numbers: &'a [T],
    limit: Duration,
) -> anyhow::Result<(u64, &'a T)> {
    let mut sum = 0;
    for number in numbers {
        sum += (*number).into();
        progress();
    }
    if limit == SHORT {
        loop {
            check()?;
        }
    }
    Ok((sum, numbers.last().unwrap_or_else(|| unreachable!("there are numbers"))))
}

#[test]
fn a_function_is_cancelled_or_returns_as_it_did() {
    assert_eq!(sums(&[1_u32, 2], Duration::from_secs(60)).unwrap(), (3, &2));
    let error = sums(&[1_u32, 2], SHORT).unwrap_err();
    assert!(is_timeout(&error), "{error}");
    assert!(error.to_string().contains("attributes.rs:"), "{error}");
}

struct Importer {
    done: u32,
}

impl Importer {
    #[time_guard(timeout = "20ms", interrupt = Interrupt::Cancellation, grace_period = "1s", send_kill)]
    async fn waits(&mut self) -> anyhow::Result<()> {
        self.done += 1;
        let () = std::future::pending().await;
        self.done += 1;
        Ok(())
    }

    #[time_guard]
    async fn doubles(&self, text: &str) -> Result<String, std::num::ParseIntError> {
        let number: u32 = std::future::ready(text).await.parse()?;
        if number == 0 {
            return Ok("nothing".to_owned());
        }
        Ok(format!("{}", number * 2))
    }

    #[mem_guard(max_memory = 1 << 60, memory = "process", absolute = false)]
    #[time_guard(interrupt = "signal")]
    fn both(&mut self) {
        check().unwrap();
        self.done = 7;
    }
}

#[test]
fn an_async_method_returns_the_error_at_its_next_await() {
    let mut importer = Importer { done: 0 };
    let error = block_on(importer.waits()).unwrap_err();
    assert!(is_timeout(&error), "{error}");
    assert_eq!(importer.done, 1);
}

#[test]
fn an_async_method_returns_what_it_did() {
    let importer = Importer { done: 0 };
    assert_eq!(block_on(importer.doubles("21")).unwrap(), "42");
    assert_eq!(block_on(importer.doubles("0")).unwrap(), "nothing");
    block_on(importer.doubles("x")).unwrap_err();
}

#[test]
fn one_method_may_have_both_guards() {
    let mut importer = Importer { done: 0 };
    importer.both();
    assert_eq!(importer.done, 7);
    check().unwrap();
}

#[time_guard(timeout = "10ms", interrupt = "cancellation")]
#[allow(clippy::manual_async_fn, reason = "functions that others have rewritten look so")]
fn returns_a_future(ready: bool) -> impl Future<Output = std::io::Result<u32>> {
    async move {
        if ready {
            return Ok(1);
        }
        std::future::pending().await
    }
}

#[test]
fn a_function_that_returns_a_future_is_guarded_while_that_runs() {
    assert_eq!(block_on(returns_a_future(true)).unwrap(), 1);
    let error = block_on(returns_a_future(false)).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::TimedOut);
}

#[time_guard(timeout = "10ms", interrupt = "cancellation")]
async fn has_no_error() -> u32 {
    std::future::pending().await
}

#[test]
#[should_panic(expected = "there was no progress for ")]
fn what_has_no_room_for_the_error_panics() {
    block_on(has_no_error());
}

#[mem_guard(max_memory = "1MiB", check_interval = "10ms", interrupt = "cancellation")]
fn takes(patience: Duration) -> Result<(), Error> {
    let until = Instant::now() + patience;
    while Instant::now() < until {
        check()?;
    }
    Ok(())
}

#[test]
fn memory_is_watched() {
    let taken = std::hint::black_box(vec![1_u8; 8 << 20]);
    let error = takes(Duration::from_secs(60)).unwrap_err();
    assert!(matches!(error, Error::Limit(LimitExceeded::MemoryLimitExceeded { .. })), "{error}");
    drop(taken);
}
