//! Publishes until it is killed, or crashes by itself after some time.

use std::io::{self, Write};
use std::time::Duration;
use std::{process, thread};

use sadness_generator::SadnessFlavor;
use safe_state::guard::{Data, Ended, Guard, GuardError, Rescue};
use serde_bytes::{ByteBuf, Bytes};

use crate::crash::crash;

/// Returns the value that belongs to a step. The value depends on the step alone, and has at most `longest` bytes.
fn value(step: u64, longest: usize) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(step);
    let len = random.usize(longest / 10..=longest);
    vec![random.u8(..); len]
}

/// Runs a job that crashes after `crash_after` microseconds, unless they are 0.
pub(crate) fn run(crash_after: &str, longest: &str) -> Result<Ended, GuardError> {
    let crash_after = crash_after.parse().expect("a number");
    let longest = longest.parse().expect("a number");
    Guard::new("storm")
        .rescue(|rescue| check(rescue, longest))
        .run(|data| publish(data, crash_after, longest))
}

/// Publishes step after step, and writes the number of each to standard output.
pub(crate) fn publish(data: &Data, crash_after: u64, longest: usize) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(&u64::from(process::id()).to_le_bytes())?;
    out.flush()?;
    if crash_after > 0 {
        thread::spawn(move || {
            thread::sleep(Duration::from_micros(crash_after));
            crash(SadnessFlavor::Segfault)
        });
    }
    for step in 1_u64.. {
        let value = value(step, longest);
        data.update(|data| {
            data.insert("step", step)?;
            data.insert("value", Bytes::new(&value))?;
            data.remove(&format!("only {}", step - 1));
            data.insert(&format!("only {step}"), value.len())
        })?;
        out.write_all(&step.to_le_bytes())?;
        out.flush()?;
    }
    Ok(())
}

/// Prints which step was rescued, after checking that all data is of that step.
fn check(rescue: &Rescue, longest: usize) {
    let data = rescue.data();
    let step: u64 = data.get("step").expect("a number").unwrap_or(0);
    if step > 0 {
        let expected = value(step, longest);
        let found: Option<ByteBuf> = data.get("value").expect("bytes");
        assert!(found.is_some_and(|found| *found == expected), "step {step}");
        let len: Option<usize> = data.get(&format!("only {step}")).expect("a number");
        assert_eq!(len, Some(expected.len()), "step {step}");
    }
    assert_eq!(data.len(), if step > 0 { 3 } else { 0 }, "step {step}");
    println!("\nrescued {{\"storm\": {step}}}");
}
