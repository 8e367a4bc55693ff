//! A job that is made up by a seed: what its items do, how many run at once, and how often it is saved. It is
//! interrupted in all ways, and the test knows what it returns.

use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use fastrand::Rng;
use safe_state::{Action, Backoff, ErrorContext, Job, Results, ahead, resumable};
use safe_state_tests::Effects;

type Anything = Box<dyn Error + Send + Sync>;

/// The number of ways in which the job is written.
const WAYS: u8 = 6;

/// The job, as the seed makes it up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Made {
    pub(crate) seed: u64,
    pub(crate) way: u8,
    pub(crate) items: u64,
    pub(crate) most: usize,
    pub(crate) save_every: u64,
}

impl Made {
    pub(crate) fn of(seed: u64) -> Made {
        let mut rng = Rng::with_seed(seed);
        Made {
            seed,
            way: rng.u8(..WAYS),
            items: rng.u64(10..70),
            most: *rng.choice(&[1, 2, 3, 4, 8, 17]).unwrap(),
            save_every: *rng.choice(&[1, 1, 3, 10, 40]).unwrap(),
        }
    }
}

/// What the items of a run do.
pub(crate) struct World {
    made: Made,
    /// The number of the run, from 0.
    run: u64,
    dir: PathBuf,
    url: String,
    effects: Effects,
    /// The items that were tried in this run.
    tried: Mutex<Vec<u64>>,
    /// Whether an item may end the run.
    may_end: bool,
}

/// What an item does in one attempt.
enum Act {
    Fail,
    Panic,
    /// The item ends the run with an error.
    End,
    Nothing,
}

impl World {
    pub(crate) fn open(made: Made, run: u64, dir: &Path, url: &str, may_end: bool) -> World {
        let effects = Effects::open(dir.join(format!("effects-{run}"))).unwrap();
        let (dir, url) = (dir.to_owned(), url.to_owned());
        World { made, run, dir, url, effects, tried: Mutex::default(), may_end }
    }

    fn rng(&self, item: u64) -> Rng {
        Rng::with_seed(self.made.seed ^ (item << 32) ^ (self.run << 20))
    }

    fn delay(&self, item: u64) -> Duration {
        match self.rng(item).u8(..10) {
            0..4 => Duration::ZERO,
            4..9 => Duration::from_micros(self.rng(item).u64(..900)),
            _ => Duration::from_millis(6),
        }
    }

    fn act(&self, item: u64) -> Act {
        let mut tried = self.tried.lock().unwrap();
        let attempts = tried.iter().filter(|it| **it == item).count();
        tried.push(item);
        match self.rng(item).u8(..60) {
            0..6 if attempts == 0 => Act::Fail,
            6..9 if attempts < 2 => Act::Panic,
            9 if self.may_end => Act::End,
            _ => Act::Nothing,
        }
    }

    fn end(&self, item: u64) -> Result<u64, Anything> {
        match self.act(item) {
            Act::Fail => Err(format!("item {item} is told to fail").into()),
            Act::Panic => panic!("item {item} is told to panic"),
            Act::End => Err(Anything::from("the run is told to end")),
            Act::Nothing => {
                self.effects.record(item)?;
                Ok(item * 3 % 101)
            }
        }
    }

    fn act_now(&self, item: u64) -> Result<u64, Anything> {
        thread::sleep(self.delay(item));
        self.end(item)
    }

    async fn act_later(&self, item: u64) -> Result<u64, Anything> {
        let delay = self.delay(item);
        if delay > Duration::ZERO {
            tokio::time::sleep(delay).await;
        }
        self.end(item)
    }

    /// Returns the job, for looks at it and requests to it.
    pub(crate) fn job(&self) -> Job {
        job(&self.dir, &self.url)
    }
}

/// Returns the job of `dir`, in the backend at `url`, or in `dir` itself.
pub(crate) fn job(dir: &Path, url: &str) -> Job {
    let job = Job::new(name(dir));
    if url.is_empty() { job.state_dir(dir) } else { job.backend(url) }
}

/// Returns a name that no other test has for its job.
fn name(dir: &Path) -> String {
    let name = dir.file_name().map(|name| name.to_string_lossy().replace('.', ""));
    format!("random-{}", name.unwrap_or_default())
}

fn place(world: &World) -> String {
    if world.url.is_empty() { format!("file://{}", world.dir.display()) } else { world.url.clone() }
}

/// Items that have to be waited for.
struct Rows(std::ops::Range<u64>);

impl Rows {
    async fn next(&mut self) -> Option<u64> {
        tokio::task::yield_now().await;
        self.0.next()
    }
}

/// Ends the run for the item that is told to end it. More attempts would use up those that the item has in all runs.
fn judged(error: &ErrorContext<'_>) -> Action {
    if error.to_string().contains("told to end") { Action::Fail } else { Action::Retry }
}

fn soon() -> Backoff {
    Backoff::exponential("1ms", "3ms")
}

#[resumable(name = name(&world.dir), backend = place(world), threads = world.made.most, save_every = world.made.save_every,
            max_attempts = 50, on_error = judged, backoff = soon(), catch_panics, durability = "process")]
fn on_threads(world: &World) -> Result<(u64, Vec<u64>), Anything> {
    for item in 0..world.made.items {
        world.act_now(item)?;
    }
    Ok((world.made.items, Vec::new()))
}

#[resumable(name = name(&world.dir), backend = place(world), threads = world.made.most, save_every = world.made.save_every,
            max_attempts = 50, on_error = judged, backoff = soon(), catch_panics, durability = "process", key = |item| item.to_string())]
fn by_key(world: &World) -> Result<(u64, Vec<u64>), Anything> {
    for item in 0..world.made.items {
        world.act_now(item)?;
    }
    Ok((world.made.items, Vec::new()))
}

#[resumable(name = name(&world.dir), backend = place(world), concurrency = world.made.most, max_attempts = 50, on_error = judged, backoff = soon(),
            save_every = world.made.save_every, catch_panics, durability = "process")]
async fn as_futures(world: &World) -> Result<(u64, Vec<u64>), Anything> {
    for item in 0..world.made.items {
        world.act_later(item).await?;
    }
    Ok((world.made.items, Vec::new()))
}

#[resumable(name = name(&world.dir), backend = place(world), concurrency = world.made.most, max_attempts = 50, on_error = judged, backoff = soon(),
            save_every = world.made.save_every, catch_panics, durability = "process")]
async fn of_a_stream(world: &World) -> Result<(u64, Vec<u64>), Anything> {
    let mut items = Rows(0..world.made.items);
    #[resume]
    while let Some(item) = items.next().await {
        world.act_later(item).await?;
    }
    Ok((world.made.items, Vec::new()))
}

#[resumable(name = name(&world.dir), backend = place(world), threads = world.made.most, save_every = world.made.save_every,
            max_attempts = 50, on_error = judged, backoff = soon(), catch_panics, durability = "process", carry(sum, order))]
fn ahead_on_threads(world: &World) -> Result<(u64, Vec<u64>), Anything> {
    let mut sum = 0;
    let mut order: Results<u64> = Results::new();
    for item in 0..world.made.items {
        let given = ahead!(world.act_now(item)?);
        sum += given;
        order.push(given);
    }
    Ok((sum, order.into_vec()))
}

#[resumable(name = name(&world.dir), backend = place(world), concurrency = world.made.most, max_attempts = 50, on_error = judged, backoff = soon(),
            save_every = world.made.save_every, catch_panics, durability = "process", carry(sum, order))]
async fn ahead_as_futures(world: &World) -> Result<(u64, Vec<u64>), Anything> {
    let mut sum = 0;
    let mut order: Results<u64> = Results::new();
    for item in 0..world.made.items {
        let given = ahead!(world.act_later(item).await?);
        sum += given;
        if given % 7 == 0 {
            tokio::task::yield_now().await;
        }
        order.push(given);
    }
    Ok((sum, order.into_vec()))
}

/// Runs the job. With `dropped`, the future of an async one is dropped after so many microseconds, and with `cancelled`,
/// the job is cancelled then. Returns what it returns; `None` if it was interrupted.
pub(crate) fn run(world: &World, dropped: Option<u64>, cancelled: Option<u64>) -> Option<String> {
    thread::scope(|scope| {
        if let Some(micros) = cancelled {
            scope.spawn(move || {
                thread::sleep(Duration::from_micros(micros));
                // The job may have ended.
                let _ = world.job().cancel();
            });
        }
        // An item that is told to panic while the run ends for another reason ends it with its panic.
        let came = catch_unwind(AssertUnwindSafe(|| match world.made.way {
            0 => on_threads(world),
            1 => by_key(world),
            4 => ahead_on_threads(world),
            way => {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
                runtime.unwrap().block_on(async {
                    let run = async {
                        match way {
                            2 => as_futures(world).await,
                            3 => of_a_stream(world).await,
                            _ => Box::pin(ahead_as_futures(world)).await,
                        }
                    };
                    let micros = Duration::from_micros(dropped.unwrap_or(u64::MAX / 1_000_000));
                    let run = tokio::time::timeout(micros, Box::pin(run));
                    run.await.unwrap_or_else(|late| Err(late.into()))
                })
            }
        }));
        match &came {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => eprintln!("run {}: {error}", world.run),
            Err(_) => eprintln!("run {}: a panic", world.run),
        }
        came.ok()?.ok().map(|(sum, order)| format!("{sum} {order:?}"))
    })
}
