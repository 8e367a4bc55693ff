//! Measures limits on time: what they cost while nothing happens, and how soon they interrupt. The process guards of
//! the Python package `resiliparse` are measured beside them.

use std::hint::black_box;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use safe_state::limits::{Interrupt, TimeLimit, check, progress};
use safe_state::{Error, Job, MemoryBackend};
use safe_state_benches::{Scratch, Spread, Table, Target, bench, compare, python_with, time};

const PACKAGE: &str = "resiliparse==2.0.1";
const ROUNDS: usize = 21;
const CALLS: u32 = 1_000_000;
const LIMIT: Duration = Duration::from_millis(30);
/// The Python script. It prints, in seconds, how long a `progress` and an empty guard take, and how long it takes from
/// a limit to the exception at two check intervals.
const SCRIPT: &str = r"
import time
from resiliparse.process_guard import time_guard, progress, ExecutionTimeout, InterruptType

def late(interval):
    began = time.perf_counter()
    try:
        with time_guard(timeout_ms=30, check_interval=interval, interrupt_type=InterruptType.exception):
            while True:
                pass
    except ExecutionTimeout:
        return time.perf_counter() - began - 0.030

def median(values):
    return sorted(values)[len(values) // 2]

with time_guard(timeout=60, check_interval=10) as guard:
    began = time.perf_counter()
    for _ in range(100000):
        progress(guard)
    print((time.perf_counter() - began) / 100000)
began = time.perf_counter()
for _ in range(3):
    with time_guard(timeout=60):
        pass
print((time.perf_counter() - began) / 3)
print(median([late(500) for _ in range(5)]))
print(median([late(10) for _ in range(9)]))
";

fn main() {
    bench("limits on time, while nothing happens", costs);
    bench("limits on time, from the limit to the interrupt", delays);
    bench(&format!("the same in {PACKAGE}"), |table| {
        let scratch = Scratch::new(env!("CARGO_TARGET_TMPDIR"));
        let [progress, empty, late, soon] = in_python(scratch.path());
        table.once("progress()", "ns", progress * 1e9, Target::None);
        table.once("an empty guard", "ms", empty * 1e3, Target::None);
        table.once("to an exception, check_interval 500 ms", "ms", late * 1e3, Target::None);
        table.once("to an exception, check_interval 10 ms", "ms", soon * 1e3, Target::None);
    });
}

fn costs(table: &Table) {
    let guard = TimeLimit::default().start().expect("it starts");
    let each = |work: &dyn Fn()| {
        let rounds = (0..ROUNDS).map(|_| time(|| (0..CALLS).for_each(|_| work())));
        Spread::of(rounds.map(|round| round.as_secs_f64() * 1e9 / f64::from(CALLS)))
    };
    table.row("progress()", "ns", each(&progress), Target::AtMost(10.0));
    table.row("check()", "ns", each(&|| check().expect("all is well")), Target::AtMost(10.0));
    let named = each(&|| black_box(&guard).progress());
    table.row("guard.progress()", "ns", named, Target::AtMost(10.0));
    let named = each(&|| black_box(&guard).check().expect("all is well"));
    table.row("guard.check()", "ns", named, Target::AtMost(10.0));
    let empty = TimeLimit::default();
    let rounds = (0..ROUNDS).map(|_| {
        time(|| (0..1000).for_each(|_| empty.run(|| {}).expect("it starts"))).as_secs_f64() * 1e3
    });
    table.row("an empty guard, check_interval 500 ms", "us", Spread::of(rounds), Target::None);
    let limited = compare(ROUNDS, || items(Some("1h")), || items(None));
    let extra = limited.extra(1e9 / f64::from(ITEMS));
    table.row("item_timeout, more for each item", "ns", extra, Target::AtMost(1000.0));
}

const ITEMS: u32 = 100_000;

fn items(item_timeout: Option<&str>) -> Duration {
    let job = Job::new("bench").backend(Arc::new(MemoryBackend::default())).save_every(u64::MAX);
    let job = match item_timeout {
        Some(timeout) => job.item_timeout(timeout),
        None => job,
    };
    time(|| {
        let walked = job.run(0..ITEMS, |item| {
            black_box(item);
            Ok::<(), Error>(())
        });
        walked.expect("it walks");
    })
}

fn delays(table: &Table) {
    let cancelled = |guard: &TimeLimit, steps: bool| {
        let guard = guard.start().expect("it starts");
        if steps {
            thread::sleep(LIMIT / 3);
            guard.progress();
        }
        let began = Instant::now();
        while guard.check().is_ok() {}
        began.elapsed().saturating_sub(LIMIT)
    };
    let of =
        |each: &dyn Fn() -> Duration| Spread::of((0..ROUNDS).map(|_| each().as_secs_f64() * 1e3));
    let guard = TimeLimit::new(LIMIT).interrupt(Interrupt::Cancellation);
    let delay = of(&|| cancelled(&guard, false));
    table.row("to cancellation, check_interval 500 ms", "ms", delay, Target::AtMost(5.0));
    let often = guard.check_interval("10ms");
    let delay = of(&|| cancelled(&often, true));
    table.row("the same after progress, check_interval 10 ms", "ms", delay, Target::AtMost(20.0));
    let delay = of(&signalled);
    table.row("to SIGINT's handler, check_interval 500 ms", "ms", delay, Target::AtMost(5.0));
}

fn signalled() -> Duration {
    let came = Arc::new(AtomicBool::new(false));
    let flag = signal_hook::flag::register(signal_hook::consts::SIGINT, Arc::clone(&came));
    let began = Instant::now();
    let guard = TimeLimit::new(LIMIT).interrupt(Interrupt::Signal).start().expect("it starts");
    while !came.load(Ordering::Relaxed) {
        black_box(0);
    }
    drop(guard);
    let delay = began.elapsed().saturating_sub(LIMIT);
    signal_hook::low_level::unregister(flag.expect("it is registered"));
    delay
}

fn in_python(dir: &Path) -> [f64; 4] {
    let output = Command::new(python_with(dir, PACKAGE)).args(["-c", SCRIPT]).output();
    let output = output.expect("Python runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let printed = String::from_utf8_lossy(&output.stdout);
    let mut figures = printed.lines().map(|line| line.parse().expect("the script prints seconds"));
    std::array::from_fn(|_| figures.next().expect("four figures"))
}
