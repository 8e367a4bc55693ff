//! Simulates a job that very many workers share: the requests a second to the backend, and the time that is lost to
//! claims, to walks over the input, and to waiting for the last slices. `docs/performance.md` has the table.
//!
//! A simulated worker asks the backend for what `safe-state/src/shared` asks for. A claim is a lease, two reads and a
//! write. To finish a slice, one worker at a time leases, reads and writes the head, and lets it go. In between, a
//! worker saves once a second. It asks ten times a second whether it is to stop, or more seldom, so that asking takes a
//! hundredth of its time at most.
//!
//! ```console
//! $ cargo bench -p safe-state-benches --bench shared
//! ```

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "times and numbers of items are estimates"
)]

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};

/// A shared job: its items, slices and workers.
#[derive(Clone, Copy)]
struct Case {
    workers: usize,
    slices: usize,
    items: f64,
    /// The time to do an item and the time to pass over one, in seconds.
    item: f64,
    pass_over: f64,
    /// The time that a request takes, in seconds.
    trip: f64,
}

/// The outcome of a simulated job, in seconds and requests.
#[derive(Default)]
struct Found {
    took: f64,
    ideal: f64,
    requests: f64,
    claiming: f64,
    walking: f64,
    idle: f64,
}

/// The numbers of requests to claim a slice and to finish one, and the number of requests for which a finish holds the
/// head.
const CLAIM: f64 = 4.0;
const FINISH: f64 = 7.0;
const HELD: f64 = 3.0;

/// A random number generator: xorshift64*.
struct Dice(u64);

impl Dice {
    fn unit(&mut self) -> f64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let bits = u32::try_from(self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 32).unwrap_or(0);
        f64::from(bits) / f64::from(u32::MAX)
    }

    fn below(&mut self, count: usize) -> usize {
        let at = self.unit() * count as f64;
        (at as usize).min(count.saturating_sub(1))
    }
}

/// The end of what a worker does: the time in microseconds, the worker, and what it does next.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Event(u64, usize, Next);

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Next {
    Claims,
    Finishes,
}

fn micros(seconds: f64) -> u64 {
    (seconds * 1e6) as u64
}

fn simulated(case: Case) -> Found {
    let (mut dice, mut found) = (Dice(7), Found::default());
    let each = case.items / case.slices as f64;
    let mut free: BTreeSet<usize> = (0..case.slices).collect();
    // Each worker's place in the input, counted in slices.
    let mut at = vec![0_usize; case.workers];
    let mut events: BinaryHeap<Reverse<Event>> =
        (0..case.workers).map(|it| Reverse(Event(0, it, Next::Claims))).collect();
    let (mut head_free, mut left, mut ends) = (0.0_f64, case.slices, vec![0.0; case.workers]);
    while let Some(Reverse(Event(time, worker, next))) = events.pop() {
        let now = time as f64 / 1e6;
        if next == Next::Finishes {
            // Only one worker at a time writes the head.
            let begins = head_free.max(now);
            head_free = begins + HELD * case.trip;
            found.claiming += begins - now + FINISH * case.trip;
            found.requests += FINISH + (begins - now) / 0.04;
            left -= 1;
            let then = begins + FINISH * case.trip;
            ends[worker] = then;
            events.push(Reverse(Event(micros(then), worker, Next::Claims)));
            continue;
        }
        let Some(slice) = chosen(&free, at[worker], &mut dice) else { continue };
        free.remove(&slice);
        let begun = CLAIM * case.trip;
        let walked = slice.abs_diff(at[worker]).min(slice) as f64 * each * case.pass_over;
        at[worker] = slice + 1;
        // Items differ in length: a slice takes between half and one and a half of the usual time.
        let work = each * case.item * (0.5 + dice.unit());
        found.claiming += begun;
        found.walking += walked;
        found.ideal += work;
        let polls = (work / 0.1).min(work / (100.0 * case.trip));
        found.requests += CLAIM + work + polls;
        let then = now + begun + walked + work;
        events.push(Reverse(Event(micros(then), worker, Next::Finishes)));
    }
    assert_eq!(left, 0);
    found.took = ends.iter().copied().fold(0.0, f64::max);
    found.idle = ends.iter().map(|end| found.took - end).sum();
    found.ideal /= case.workers as f64;
    found
}

/// Chooses the next free slice behind the worker's place `at`; a worker at the start chooses anywhere.
fn chosen(free: &BTreeSet<usize>, at: usize, dice: &mut Dice) -> Option<usize> {
    let last = *free.last()?;
    let from = if at == 0 { dice.below(last + 1) } else { at };
    free.range(from..).next().or_else(|| free.first()).copied()
}

fn row(case: Case) {
    let Found { took, ideal, requests, claiming, walking, idle } = simulated(case);
    let share = |time: f64| 100.0 * time / case.workers as f64 / took;
    println!(
        "| {} | {} | {:.0} s | {:.0} | {:.1} % | {:.1} % | {:.1} % | {:.1} % |",
        case.workers,
        case.slices,
        took,
        requests / took,
        share(claiming),
        share(walking),
        share(idle),
        100.0 * ideal / took,
    );
}

fn main() {
    println!("| workers | slices | time | requests/s | claims | walks | idle | useful |");
    println!("| --- | --- | --- | --- | --- | --- | --- | --- |");
    let case = |workers, slices, item| {
        let (items, pass_over, trip) = (1e10, 0.0, 1e-3);
        Case { workers, slices, items, item, pass_over, trip }
    };
    for (workers, slices) in
        [(100, 256), (100, 4096), (1000, 4096), (1000, 65_536), (10_000, 65_536)]
    {
        row(case(workers, slices, 1e-3));
    }
    println!("\nItems of 10 microseconds:\n");
    row(case(100, 4096, 1e-5));
    row(case(1000, 65_536, 1e-5));
    println!("\nItems of a millisecond, which are passed over one by one, at 10 ns each:\n");
    for workers in [1000, 10_000] {
        row(Case { pass_over: 1e-8, ..case(workers, 65_536, 1e-3) });
    }
}
