//! Interrupts jobs that are made up, in all ways, and compares what they do and return with what they would do if
//! nothing interrupted them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use fastrand::Rng;
use safe_state_tests::servers::postgres_url;
use safe_state_tests::{Effects, storms};

use super::random::{Made, World, job, run};

/// The way in which a run is interrupted.
#[derive(Clone, Copy, Debug)]
enum Interrupted {
    Killed,
    Dropped,
    Cancelled,
    /// An item fails, and ends the run.
    Failed,
}

fn child(made: Made, number: u64, (dir, url): (&Path, &str), may_end: bool) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_side_by_side_random"));
    command.args([made.seed.to_string(), number.to_string()]).arg(dir).arg(url);
    command.arg(may_end.to_string()).stdin(Stdio::null()).stdout(Stdio::null());
    command
}

/// Runs the job once, and interrupts it. Returns its result, if it came to its end.
fn interrupt(
    made: Made,
    number: u64,
    at: (&Path, &str),
    how: Interrupted,
    rng: &mut Rng,
) -> Option<String> {
    let world = |may_end| World::open(made, number, at.0, at.1, may_end);
    match how {
        Interrupted::Killed => {
            let mut victim = child(made, number, at, false).spawn().unwrap();
            thread::sleep(Duration::from_micros(rng.u64(3_000..25_000)));
            victim.kill().unwrap();
            victim.wait().unwrap();
            fs::read_to_string(at.0.join("result")).ok()
        }
        Interrupted::Dropped => run(&world(false), Some(rng.u64(..15_000)), None),
        Interrupted::Cancelled => run(&world(false), None, Some(rng.u64(..15_000))),
        Interrupted::Failed => run(&world(true), None, None),
    }
}

/// Returns what the job returns if nothing interrupts it.
fn expected(made: &Made) -> String {
    let ordered = (0..made.items).map(|item| item * 3 % 101);
    match made.way {
        4 | 5 => format!("{} {:?}", ordered.clone().sum::<u64>(), ordered.collect::<Vec<_>>()),
        _ => format!("{} []", made.items),
    }
}

/// Returns the items that are complete by the checkpoint; none if there is none.
fn saved((dir, url): (&Path, &str)) -> Option<BTreeSet<u64>> {
    let checkpoint = job(dir, url).peek_checkpoint().unwrap()?;
    Some(checkpoint.completed().ranges().flatten().collect())
}

/// Returns the items that were done in the first `runs` runs.
fn all_effects(dir: &Path, runs: usize) -> BTreeSet<u64> {
    let of_run = |number| Effects::open(dir.join(format!("effects-{number}"))).unwrap().all();
    (0..runs).flat_map(of_run).collect()
}

/// Interrupts one job up to eight times. Returns how many times it was interrupted.
fn life(seed: u64, url: impl Fn(&Path) -> String, rng: &mut Rng) -> usize {
    let made = Made::of(seed);
    let dir = tempfile::tempdir().unwrap();
    let url = url(dir.path());
    let at = (dir.path(), url.as_str());
    let (mut interruptions, mut log) = (0, Vec::new());
    let mut complete = BTreeSet::new();
    let result = loop {
        let ways = [
            Interrupted::Killed,
            Interrupted::Killed,
            Interrupted::Dropped,
            Interrupted::Cancelled,
            Interrupted::Failed,
        ];
        let how = Some(*rng.choice(&ways).unwrap()).filter(|_| interruptions < 8);
        let number = log.len() as u64;
        let result = match how {
            Some(how) => interrupt(made, number, at, how, rng),
            None => run(&World::open(made, number, at.0, at.1, false), None, None),
        };
        log.push(format!("{how:?}: {result:?}"));
        let did = Effects::open(dir.path().join(format!("effects-{number}"))).unwrap().all();
        let case = || format!("{made:?} {log:#?} {did:?}");
        let again: Vec<_> = did.iter().filter(|item| complete.contains(*item)).collect();
        assert!(again.is_empty(), "complete and done again: {again:?}, {}", case());
        let mut times = BTreeMap::<u64, usize>::new();
        for item in &did {
            *times.entry(*item).or_default() += 1;
        }
        assert!(times.values().all(|times| *times == 1), "twice in one run: {}", case());
        if let Some(result) = result {
            break result;
        }
        let told = || job(at.0, at.1).peek_checkpoint().unwrap().map(|it| it.to_string());
        assert!(how.is_some(), "the last run is not interrupted: {} {:?}", case(), told());
        interruptions += 1;
        let now = saved(at);
        let did = all_effects(dir.path(), log.len());
        // A process may be killed, or a future dropped, between the end of its job and its own.
        let may_have_finished = matches!(how, Some(Interrupted::Killed | Interrupted::Dropped));
        if now.is_none() && may_have_finished && did.iter().copied().eq(0..made.items) {
            return interruptions;
        }
        let now = now.unwrap_or_default();
        assert!(now.is_superset(&complete), "no more complete: {now:?}, {}", case());
        assert!(now.is_subset(&did), "complete and not done: {now:?}, {}", case());
        complete = now;
    };
    assert_eq!(result, expected(&made), "{made:?} {log:#?}");
    assert!(all_effects(dir.path(), log.len()).into_iter().eq(0..made.items), "{made:?} {log:#?}");
    assert!(job(at.0, at.1).peek_checkpoint().unwrap().is_none(), "{made:?} is finished");
    interruptions
}

/// Interrupts jobs until that has happened `count` times.
fn lives(count: usize, seed: u64, url: impl Fn(&Path) -> String) {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        // Items are told to panic.
        let text = info.payload().downcast_ref::<String>();
        if !text.is_some_and(|text| text.ends_with("is told to panic")) {
            hook(info);
        }
    }));
    let mut rng = Rng::with_seed(storms::seed(seed));
    let mut left = count * storms::times() as usize;
    while left > 0 {
        let seed = rng.u64(..1 << 40);
        left = left.saturating_sub(life(seed, &url, &mut rng).max(1));
    }
}

#[test]
fn whatever_interrupts_it_a_job_in_files_does_what_it_would() {
    lives(140, 180, |_| String::new());
}

#[test]
fn whatever_interrupts_it_a_job_in_sqlite_does_what_it_would() {
    lives(100, 181, |dir| format!("sqlite://{}", dir.join("jobs.db").display()));
}

#[test]
fn whatever_interrupts_it_a_job_in_postgres_does_what_it_would() {
    lives(20, 182, |_| postgres_url());
}
