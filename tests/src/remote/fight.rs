//! Lets two processes fight for one job, while each is paused for longer than a lease lasts.

use std::collections::BTreeMap;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use fastrand::Rng;
use safe_state::Job;

use super::{SHORT, patient, told};
use crate::{Effects, Worker, storms};

const JOB: &str = "fight";
/// The number of items, which is more than can be done.
const ITEMS: u64 = 1 << 30;
/// The time that the job has to change hands, on a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(60);
const ITEM_BITS: u32 = 30;
const TENURE_BITS: u32 = 12;

/// Pauses and wakes two workers at random, each of which runs the job whenever it gets it. At no time may two hold the
/// job, and no save of a loser may land. A third of the pauses of the holder last until the other has taken over,
/// because on a busy machine no fixed time is long enough for that.
///
/// `SAFE_STATE_STORM=10` takes ten times as long, which is a minute; `SAFE_STATE_STORM_SEED` pauses at other instants.
pub fn fight(worker: &str, url: &str) {
    fight_between(worker, [url; 2]);
}

/// Lets two workers fight like [`fight`], which reach the store by URLs of their own.
pub fn fight_between(worker: &str, urls: [&str; 2]) {
    let url = urls[0];
    let time = Duration::from_secs(6) * storms::times();
    let mut rng = Rng::with_seed(storms::seed(1));
    let dir = tempfile::tempdir().unwrap();
    let job = Job::new(JOB).backend(patient(url, SHORT));
    job.clear_checkpoint().unwrap();
    let mut workers = urls.map(|url| Worker::fighting(worker, url, dir.path()));
    let log = Effects::open(dir.path().join("effects")).unwrap();
    let began = Instant::now();
    let mut tenures = 0;
    while began.elapsed() < time || tenures < 3 {
        let holder = holder(&log);
        let holding = workers.iter().position(|worker| Some(u64::from(worker.pid())) == holder);
        // Mostly the holder is paused, sometimes for longer than its lease.
        let paused = holding.filter(|_| rng.u8(0..4) > 0).unwrap_or(1);
        workers[paused].send("STOP");
        if Some(paused) == holding && rng.u8(0..3) == 0 {
            until_another_holds(&log, holder, &mut workers[1 - paused]);
        } else {
            thread::sleep(SHORT.mul_f64(2.5 * rng.f64()));
        }
        workers[paused].send("CONT");
        thread::sleep(SHORT.mul_f64(rng.f64()));
        tenures = judge(&log.all());
    }
    drop(workers);
    let effects = log.all();
    println!("{url}: {} items in {} tenures", effects.len(), judge(&effects));
    let completed = job.peek_checkpoint().unwrap().unwrap().progress().completed;
    let last = effects.iter().map(|effect| effect % ITEMS).max().unwrap();
    assert!(completed == last || completed == last + 1, "{completed} complete, {last} begun");
    job.clear_checkpoint().unwrap();
}

/// Returns the id of the process that has begun an item last.
fn holder(log: &Effects) -> Option<u64> {
    log.all().last().map(|effect| effect >> ITEM_BITS >> TENURE_BITS)
}

fn until_another_holds(log: &Effects, paused: Option<u64>, other: &mut Worker) {
    let began = Instant::now();
    while holder(log) == paused {
        assert!(other.is_alive(), "the other worker ended: {}", other.said());
        assert!(began.elapsed() < PATIENCE, "nobody has taken over from {paused:?}");
        thread::sleep(SHORT / 20);
    }
}

/// Returns the number of tenures, after checking that each was alone in its time.
fn judge(effects: &[u64]) -> usize {
    /// The next item of a tenure, and the number of its items that were noted after another tenure had begun.
    struct Tenure {
        next: u64,
        late: u32,
    }
    let mut tenures: BTreeMap<u64, Tenure> = BTreeMap::new();
    let (mut current, mut begun) = (None, 0);
    for (place, effect) in effects.iter().enumerate() {
        let (id, item) = (effect >> ITEM_BITS, effect % ITEMS);
        let is_new = !tenures.contains_key(&id);
        let tenure = tenures.entry(id).or_insert(Tenure { next: item, late: 0 });
        assert_eq!(item, tenure.next, "line {place}: an item is missing or repeated in a tenure");
        tenure.next += 1;
        if is_new {
            // Each item is saved before the next begins, so a new tenure begins at the last item that was begun, or
            // behind it.
            if item == begun || item == begun + 1 || place == 0 {
                current = Some(id);
            } else {
                // The tenure was paused between its beginning and its first item, and has lost the job since, so that
                // item is its last.
                assert!(item < begun, "line {place}: began at {item} after {begun} was begun");
                tenure.late += 1;
            }
        } else if current != Some(id) {
            tenure.late += 1;
            let around = || {
                let shown = &effects[place.saturating_sub(20)..=place];
                let pairs = shown.iter().map(|it| (it >> ITEM_BITS, it % ITEMS));
                pairs.collect::<Vec<_>>()
            };
            let late = tenure.late;
            assert_eq!(late, 1, "line {place}: went on after it had lost the job: {:?}", around());
        }
        begun = begun.max(item);
    }
    tenures.len()
}

/// Runs the job whenever this worker gets it, until the worker is killed.
///
/// # Errors
///
/// Any error but that another run took the job over.
pub fn tenure(url: &str, dir: &Path) -> anyhow::Result<()> {
    let effects = Effects::open(dir.join("effects"))?;
    let job = Job::new(JOB).backend(patient(url, SHORT)).wait(Duration::from_secs(600));
    println!("holding");
    for tenure in 0..1 << TENURE_BITS {
        let id = u64::from(std::process::id()) << TENURE_BITS | tenure;
        let ended = job.run(0..ITEMS, |item| {
            effects.record(id << ITEM_BITS | item)?;
            thread::sleep(Duration::from_millis(1));
            anyhow::Ok(())
        });
        let text = ended.map_or_else(|error| told(error.as_ref()), |()| "it ended".to_owned());
        let is_lost = text.contains("taken over by another run")
            || text.contains("no longer held by this run");
        anyhow::ensure!(is_lost, "{text}");
    }
    Ok(())
}
