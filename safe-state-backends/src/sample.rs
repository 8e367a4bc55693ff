//! Random checkpoints and changes for tests, the same in every run.

pub(crate) mod dice;
pub(crate) mod subset;

use std::sync::atomic::{AtomicU64, Ordering};

use crate::format::{Change, LoopChange, SideBySide};
use crate::{
    Attempts, Captured, CarriedChange, Carry, Checkpoint, CrashCause, DeadLetter, Failure,
    FailureKind, Keys, LoopEnd, LoopProgress, Mark, Results, RunEnd, Suspect,
};
use dice::Dice;

pub(crate) const JOB: &str = "job";

/// Returns the checkpoint with which a run begins after it has found `found`.
pub(crate) fn begin(found: Option<Checkpoint>, dice: &mut Dice) -> Checkpoint {
    if let Some(mut checkpoint) = found.filter(|checkpoint| !checkpoint.is_finished()) {
        checkpoint.begin_run(None);
        return checkpoint;
    }
    let mut checkpoint = Checkpoint::new(JOB, dice.one_in(2).then(|| "1.0".to_owned()));
    if dice.one_in(2) {
        let completed = (0..dice.up_to(60)).map(|_| dice.up_to(200_000) as u64).collect();
        let closed_at = dice.one_in(2).then(|| dice.next());
        checkpoint
            .loops
            .insert(0, LoopProgress { completed, closed_at, ..LoopProgress::default() });
    }
    checkpoint
}

pub(crate) fn change(dice: &mut Dice) -> Change {
    let mut change = Change::default();
    let mut loop_change = LoopChange { count: dice.up_to(1000) as u64, ..LoopChange::default() };
    match dice.up_to(19) {
        1 => loop_change.total = Some(dice.next()),
        2 => loop_change.end = Some(LoopEnd::Exhausted),
        3 => change.item_nanos = Some(dice.next() >> 40),
        4 => change.failure = Some(failure(dice)),
        5 => loop_change.loop_id = 1,
        6 => {
            let fingerprint = u32::try_from(dice.up_to(1 << 30)).unwrap();
            loop_change.mark = Some(Mark { index: dice.up_to(1000) as u64, fingerprint });
        }
        7 => loop_change.begun = Some(vec![dice.up_to(9) as u64]),
        8 => change.carried = carried(dice),
        9 => change.loops.push(LoopChange { loop_id: 2, ..loop_change.clone() }),
        10 => {
            loop_change.loop_id = 3;
            loop_change.begun = dice.one_in(4).then(|| vec![dice.up_to(2) as u64]);
            let hashes = (0..dice.up_to(9)).map(|_| dice.next()).collect();
            loop_change.keys = Some(Box::new(Keys::new(7, hashes)));
        }
        11 => {
            let cursor = dice.next().change("cursor!()", Vec::new(), None).unwrap().unwrap();
            loop_change.loop_id = 4;
            loop_change.cursor = Some(Box::new(cursor.value));
        }
        12 => {
            let count = u32::try_from(dice.up_to(9)).unwrap();
            loop_change.attempts = Some(Box::new(Attempts { item: dice.next(), count }));
        }
        14 => {
            let letter = DeadLetter::new(1, vec![3], dice.one_in(2).then_some(7), failure(dice));
            let letter = letter.with_fingerprint(dice.one_in(2).then_some(9));
            change.dead_letters = Some(Box::new([letter].into_iter().collect()));
        }
        15 => {
            let crashes = u32::try_from(dice.up_to(3)).unwrap();
            let cause = dice.one_in(2).then_some(CrashCause::Signal(11));
            let in_flight = dice.one_in(2);
            let suspect = Suspect { item: dice.next(), crashes, in_flight, cause };
            loop_change.suspect = Some(Box::new(suspect));
        }
        16 => change.end = Some(RunEnd::Stopped),
        17 => {
            let completed = (0..dice.up_to(9)).map(|_| dice.up_to(2000) as u64).collect();
            // Items in flight stand behind a snapshot, and may be cut off without harm.
            let side_by_side = SideBySide { completed, in_flight: Vec::new() };
            loop_change.side_by_side = Some(Box::new(side_by_side));
        }
        13 => change.skipped = dice.up_to(3) as u64,
        _ => {}
    }
    change.loops.push(loop_change);
    change
}

fn carried(dice: &mut Dice) -> Vec<CarriedChange> {
    let results: Results<u64> = {
        let mut results = Results::new();
        results.extend((0..dice.up_to(20)).map(|_| dice.next()));
        results
    };
    let text = "y".repeat(dice.up_to(100));
    [text.change("text", Vec::new(), None), results.change("results", vec![1], None)]
        .into_iter()
        .filter_map(|change| change.unwrap())
        .collect()
}

fn failure(dice: &mut Dice) -> Failure {
    let message = "x".repeat(dice.up_to(1000));
    let captured = Captured { name: "item".to_owned(), value: dice.next().to_string() };
    Failure::new(FailureKind::Error, "io::Error", message)
        .with_index(Some(dice.next()))
        .with_captured(dice.one_in(2).then_some(captured))
}

/// Calls `check` with `seeds` seeds, times `SAFE_STATE_STORM`, on all cores.
pub(crate) fn storm(seeds: u64, check: impl Fn(u64) + Sync) {
    let factor = std::env::var("SAFE_STATE_STORM").map_or(1, |factor| factor.parse().unwrap());
    let next = AtomicU64::new(0);
    let work = || {
        while let Some(seed) =
            Some(next.fetch_add(1, Ordering::Relaxed)).filter(|s| *s < seeds * factor)
        {
            check(seed);
        }
    };
    std::thread::scope(|scope| {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        (0..cores).for_each(|_| drop(scope.spawn(work)));
    });
}
