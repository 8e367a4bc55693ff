//! Runs jobs on a network that fails at random.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use fastrand::Rng;
use safe_state::Job;

use super::{LONG, backend};
use crate::servers;
use crate::{Proxy, Ran, storms};

const ITEMS: u64 = 300;
/// The longest time of a trouble, and of the pause behind it.
const LONGEST: Duration = Duration::from_millis(400);

/// Runs jobs for some seconds, while the way to the server is cut, delayed and half closed at random. Each item has to
/// run once, in order, and what a save has reported as saved has to be stored.
///
/// `SAFE_STATE_STORM=10` takes ten times as long, and `SAFE_STATE_STORM_SEED` chooses other instants.
pub fn partition_storm(url: &str) {
    let time = Duration::from_secs(5) * storms::times();
    let seed = storms::seed(1);
    // The first lease in an object store tests the store, with dozens of requests of which none may fail.
    Job::new("calm")
        .backend(backend(url, LONG))
        .run(0..1, |_| Ok::<_, safe_state::Error>(()))
        .unwrap();
    let proxy = Proxy::to(servers::address(url));
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| disturb(&proxy, seed, &is_over));
        let _over = Over(&is_over);
        let began = Instant::now();
        let mut jobs = 0;
        while began.elapsed() < time {
            run(url, &servers::at(url, proxy.address()), jobs);
            jobs += 1;
        }
        println!("{jobs} jobs of {ITEMS} items in {:?}", began.elapsed());
    });
}

/// Ends the storm when it is dropped, also when the job has panicked.
struct Over<'o>(&'o AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn disturb(proxy: &Proxy, seed: u64, is_over: &AtomicBool) {
    let mut rng = Rng::with_seed(seed);
    while !is_over.load(Ordering::Relaxed) {
        match rng.u8(0..4) {
            0 => proxy.cut(),
            1 => proxy.half_close(),
            2 => proxy.delay(LONGEST.mul_f64(rng.f64()) / 10),
            _ => proxy.delay(Duration::MAX),
        }
        thread::sleep(LONGEST.mul_f64(rng.f64()));
        proxy.restore();
        thread::sleep(LONGEST.mul_f64(rng.f64()));
    }
    proxy.restore();
}

/// Runs one job. Each job has a name of its own, because a lease whose return is lost in the storm is held until its
/// time is up.
fn run(direct: &str, disturbed: &str, number: u32) {
    let ran = Ran::default();
    let name = format!("storm {number}");
    let seen = Job::new(&name).backend(backend(direct, LONG));
    let job = Job::new(&name).backend(backend(disturbed, LONG));
    let done = job.run(0..ITEMS, |item| {
        ran.note(item);
        if item.is_multiple_of(16) {
            let stored = seen.peek_checkpoint()?;
            let completed = stored.map(|stored| stored.progress().completed);
            assert_eq!(completed, Some(item), "what was saved is not there");
        }
        Ok::<_, safe_state::Error>(())
    });
    done.unwrap();
    assert_eq!(ran.take(), (0..ITEMS).collect::<Vec<_>>());
    assert_eq!(seen.peek_checkpoint().unwrap(), None);
}
