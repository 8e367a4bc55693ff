//! Measures what it costs to put a value where it outlives the process, and how long after a crash it is rescued;
//! beside a copy of the same bytes, and beside Python's `faultguard` 1.1.1.

use std::hint::black_box;
use std::path::Path;
use std::process::{Command, abort};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::process::{Signal, getpid, kill_process};
use safe_state::guard::{Data, Ended, Guard, GuardError};
use safe_state_benches::{Scratch, Spread, Target, bench, compare, python_with, time};
use serde_bytes::Bytes;

const PACKAGE: &str = "faultguard==1.1.1";
const SCRIPT: &str = r#"
import faultguard, os, statistics, sys, time

def publish(data, args):
    for size, count in ((100, 2000), (10_000, 2000), (1_000_000, 200)):
        value, times = bytes(size), []
        for _ in range(count):
            began = time.perf_counter()
            data["value"] = value
            times.append(time.perf_counter() - began)
        print(statistics.median(times), flush=True)

def crash(data, how):
    data["at"] = time.time()
    os.abort() if how == "abort" else os.kill(os.getpid(), 9)

def rescue(data, code, args):
    print(time.time() - data["at"], flush=True)

if __name__ == "__main__":
    how = sys.argv[1]
    faultguard.start(publish if how == "publish" else crash, rescue, args=how)
"#;
const SIZES: [(usize, &str); 3] = [(100, "100 B"), (10_000, "10 kB"), (1_000_000, "1 MB")];
const ROUNDS: usize = 31;

fn main() -> Result<(), GuardError> {
    // Each guard starts this program again, which `cargo test --all-targets` has no time for.
    if !std::env::args().any(|argument| argument == "--bench") {
        return Ok(());
    }
    let published = Guard::new("publish").run(publish)?;
    assert!(published.is_success());
    let aborted = crashes("abort", || abort())?;
    let killed =
        crashes("kill", || kill_process(getpid(), Signal::KILL).expect("it is this process"))?;
    let title = format!("from the last update to its rescue, beside {PACKAGE}");
    bench(&title, |table| {
        let scratch = Scratch::new(env!("CARGO_TARGET_TMPDIR"));
        for (how, ours) in [("abort", aborted), ("kill", killed)] {
            let theirs: Vec<f64> =
                (0..ROUNDS).map(|_| in_python(scratch.path(), how)[0] * 1e3).collect();
            let theirs = Spread::of(theirs.into_iter());
            table.row(&format!("{how}: faultguard"), "ms", theirs, Target::None);
            table.row(
                &format!("{how}: a guard"),
                "ms",
                Spread::of(ours.into_iter()),
                Target::AtMost(theirs.median),
            );
        }
        for ((_, size), seconds) in SIZES.iter().zip(in_python(scratch.path(), "publish")) {
            table.once(
                &format!("{size} into faultguard's dictionary"),
                "us",
                seconds * 1e6,
                Target::None,
            );
        }
    });
    Ok(())
}

/// Inserts values of each size again and again, beside copies of them.
fn publish(data: &Data) {
    bench("a value into a guard's data, over a copy of its bytes", |table| {
        for (size, name) in SIZES {
            let value = vec![7_u8; size];
            let count = 20_000_000 / (size + 1000);
            let insert = || {
                (0..count)
                    .for_each(|_| data.insert("value", Bytes::new(&value)).expect("there is room"));
            };
            let mut room = vec![0; size];
            let mut copy =
                || (0..count).for_each(|_| black_box(&mut room).copy_from_slice(black_box(&value)));
            let compared = compare(ROUNDS, || time(insert), || time(&mut copy));
            let per_second = 1e9 / count as f64;
            table.row(name, "ns", compared.ours(per_second), Target::None);
            table.row(
                &format!("{name}, more than the copy"),
                "ns",
                compared.extra(per_second),
                Target::None,
            );
            table.row(&format!("{name}, over the copy"), "x", compared.ratio(), Target::None);
        }
    });
}

/// Returns the times from a crash to its rescue, in milliseconds, one for each round.
fn crashes(how: &str, crash: impl Fn()) -> Result<Vec<f64>, GuardError> {
    let mut times = Vec::new();
    for round in 0..ROUNDS {
        let mut rescued = |at: Duration| times.push((now() - at).as_secs_f64() * 1e3);
        let _: Ended = Guard::new(format!("{how} {round}"))
            .rescue(|rescue| rescue.data().get("at").map(|at| rescued(at.expect("it was there"))))
            .run(|data| data.insert("at", now()).map(|()| crash()))?;
    }
    Ok(times)
}

fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("it is after 1970")
}

/// Returns the numbers that the Python script prints.
fn in_python(dir: &Path, how: &str) -> Vec<f64> {
    let script = dir.join("guarded.py");
    std::fs::write(&script, SCRIPT).expect("a new file");
    let output = Command::new(python_with(dir, PACKAGE)).arg(script).arg(how).output();
    let output = output.expect("Python runs");
    let printed = String::from_utf8_lossy(&output.stdout);
    printed.split_whitespace().map(|number| number.parse().expect("it prints numbers")).collect()
}
