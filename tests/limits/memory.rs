//! Tests guards on memory.

use std::hint::black_box;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use safe_state::Error;
use safe_state::limits::{ActiveLimit, Interrupt, LimitExceeded, Memory, MemoryLimit};

/// A lock for the tests that take memory, because all of them measure the memory of the process.
static TAKING: Mutex<()> = Mutex::new(());

fn guard(more: u64) -> MemoryLimit {
    MemoryLimit::new(more).absolute(false).interrupt(Interrupt::Cancellation)
}

fn wait_for(guard: &ActiveLimit, cancelled: bool) -> Option<LimitExceeded> {
    loop {
        match guard.check() {
            Err(Error::Limit(exceeded)) if cancelled => return Some(exceeded),
            Ok(()) if !cancelled => return None,
            _ => thread::sleep(Duration::from_millis(1)),
        }
    }
}

#[test]
fn what_takes_too_much_is_cancelled_until_it_has_freed_it() {
    let _alone = TAKING.lock().unwrap_or_else(PoisonError::into_inner);
    let guard = guard(64 << 20).check_interval("10ms").start().unwrap();
    guard.check().unwrap();
    let held = black_box(vec![1_u8; 256 << 20]);
    let Some(LimitExceeded::MemoryLimitExceeded { limit, used, memory, place }) =
        wait_for(&guard, true)
    else {
        panic!("of another kind")
    };
    assert!(used > limit && limit > 64 << 20, "{used} {limit}");
    assert_eq!(memory, Memory::Process);
    assert!(place.contains("memory.rs:"), "{place}");
    drop(held);
    wait_for(&guard, false);
}

/// A guard that looked only twice a second would see the limit after it was exceeded by hundreds of megabytes.
#[test]
fn a_passed_limit_on_memory_is_seen_soon() {
    let _alone = TAKING.lock().unwrap_or_else(PoisonError::into_inner);
    let guard = guard(200 << 20).start().unwrap();
    let mut held = Vec::new();
    while guard.check().is_ok() {
        held.push(black_box(vec![1_u8; 1 << 20]));
        thread::sleep(Duration::from_millis(1));
    }
    assert!((190..400).contains(&held.len()), "{} MiB", held.len());
}

#[test]
fn the_control_group_s_memory_is_watched_as_well() {
    let low = MemoryLimit::new("1MiB").memory(Memory::Cgroup).interrupt(Interrupt::Cancellation);
    let guard = low.start().unwrap();
    let exceeded = wait_for(&guard, true).unwrap();
    assert!(exceeded.to_string().starts_with("the control group has "), "{exceeded}");
}
