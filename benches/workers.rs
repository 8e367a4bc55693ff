//! Measures workers of a shared job, each a process of its own: eight beside one, one beside the same job that is not shared,
//! a slice beside the same work in a job of few slices, and the time from the death of a worker until another does the next item of its slice.
//!
//! ```console
//! $ tests/servers cargo bench -p safe-state-benches --bench workers
//! ```

use std::env;
use std::io::{self, BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use safe_state::resumable;
use safe_state_benches::{Compared, Scratch, Spread, Target, bench, compare, time};

/// What makes a process of this bench a worker.
const WORKER: &str = "worker";

/// A shared job.
#[derive(Clone, Debug)]
struct Work {
    url: String,
    name: String,
    items: u64,
    slices: u32,
    /// The time of an item.
    item: Duration,
}

#[resumable(
    name = &work.name, shared, slices = work.slices, backend = work.url.as_str(), carry(sum, merge = |a, b| a + b),
    fresh(work)
)]
fn shared(work: &Work, done: impl Fn(u64)) -> Result<u64, safe_state::Error> {
    let mut sum = 0;
    for item in 0..work.items {
        thread::sleep(work.item);
        done(item);
        sum += item;
    }
    Ok(sum)
}

#[resumable(name = &work.name, backend = work.url.as_str(), carry(sum), fresh(work))]
fn alone(work: &Work, done: impl Fn(u64)) -> Result<u64, safe_state::Error> {
    let mut sum = 0;
    for item in 0..work.items {
        thread::sleep(work.item);
        done(item);
        sum += item;
    }
    Ok(sum)
}

impl Work {
    fn new(url: &str, items: u64, slices: u32, item: Duration) -> Self {
        let now = std::time::UNIX_EPOCH.elapsed().expect("a time").as_nanos();
        Work { url: url.to_owned(), name: format!("bench-{now}"), items, slices, item }
    }

    /// Starts a worker, which writes a line for each item.
    fn spawn(&self) -> Child {
        let Work { url, name, items, slices, item } = self;
        Command::new(env::current_exe().expect("this program"))
            .args([WORKER, url, name, &items.to_string(), &slices.to_string()])
            .arg(item.as_micros().to_string())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a worker")
    }

    /// Lets `workers` workers do the job.
    fn done_by(&self, workers: usize) {
        let workers: Vec<Child> = (0..workers).map(|_| self.spawn()).collect();
        for worker in workers {
            let output = worker.wait_with_output().expect("a worker");
            assert!(output.status.success(), "{output:?}");
        }
    }
}

/// Does the work that the arguments tell, in a process of its own.
fn worker(arguments: &[String]) {
    let [url, name, items, slices, item] = arguments else { panic!("{arguments:?}") };
    let number = |text: &String| text.parse::<u64>().expect("a number");
    let work = Work {
        url: url.clone(),
        name: name.clone(),
        items: number(items),
        slices: slices.parse().expect("a number"),
        item: Duration::from_micros(number(item)),
    };
    let told = |item| {
        let mut out = io::stdout();
        // Nobody may listen any more.
        let _ = writeln!(out, "{item}").and_then(|()| out.flush());
    };
    shared(&work, told).expect("the sum");
}

/// Returns the time of one worker, and that of eight.
fn eight_beside_one(url: &str) -> Compared {
    let work = || Work::new(url, 1600, 64, Duration::from_millis(5));
    compare(3, || time(|| work().done_by(1)), || time(|| work().done_by(8)))
}

fn shared_beside_alone(url: &str) -> Compared {
    let work = || Work::new(url, 3000, 16, Duration::from_millis(1));
    let ignore = |_| {};
    compare(
        5,
        || time(|| assert!(shared(&work(), ignore).is_ok())),
        || time(|| assert!(alone(&work(), ignore).is_ok())),
    )
}

/// Returns the time that a slice of one empty item takes in a job of 100 slices, and in one of `slices`.
fn slice_of_many(url: &str, slices: u32) -> Compared {
    let each = |slices: u32| {
        let work = Work::new(url, u64::from(slices), slices, Duration::ZERO);
        time(|| assert!(shared(&work, |_| {}).is_ok())) / slices
    };
    compare(3, || each(slices), || each(100))
}

/// Sends a line for each item of a worker, with the worker's number.
fn listen(number: usize, worker: &mut Child, told: Sender<usize>) {
    let out = worker.stdout.take().expect("a pipe");
    thread::spawn(move || {
        for _ in BufReader::new(out).lines().map_while(Result::ok) {
            if told.send(number).is_err() {
                break;
            }
        }
    });
}

/// Returns the time from the death of the worker that has the only slice to the next item, which another worker does.
fn taken_over(url: &str) -> Duration {
    let work = Work::new(url, 1_000_000, 1, Duration::from_millis(5));
    let (tell, told): (_, Receiver<usize>) = channel();
    let mut workers = [work.spawn(), work.spawn()];
    for (number, worker) in workers.iter_mut().enumerate() {
        listen(number, worker, tell.clone());
    }
    let holder = told.recv().expect("an item");
    // The other one waits for the slice, and looks as seldom as it does at last.
    thread::sleep(Duration::from_secs(3));
    let began = Instant::now();
    workers[holder].kill().expect("a kill");
    while told.recv().expect("an item") == holder {}
    let took = began.elapsed();
    for mut worker in workers {
        worker.kill().expect("a kill");
        worker.wait().expect("an end");
    }
    took
}

fn server(variable: &str) -> String {
    env::var(variable).unwrap_or_else(|_| {
        panic!("{variable} is not set; start the servers with tests/servers, as in `tests/servers cargo bench --bench workers`")
    })
}

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if let [first, rest @ ..] = arguments.as_slice()
        && first == WORKER
    {
        return worker(rest);
    }
    bench("Workers of a shared job", |table| {
        let scratch = Scratch::new(env!("CARGO_TARGET_TMPDIR"));
        let files = format!("file:{}", scratch.path().display());
        let postgres = server("SAFE_STATE_TEST_POSTGRES");
        let redis = server("SAFE_STATE_TEST_REDIS");
        let objects = format!(
            "s3://safe-state/workers?region=us-east-1&endpoint={}&access_key_id=tester&secret_access_key=any",
            server("SAFE_STATE_TEST_S3")
        );

        for (what, url) in [("files", &files), ("PostgreSQL", &postgres)] {
            let times = eight_beside_one(url).ratio();
            let name = format!("1,600 items of 5 ms, {what}: one worker over eight");
            table.row(&name, "x", times, Target::AtLeast(7.6));
        }
        let beside = shared_beside_alone(&postgres).ratio();
        let name = "3,000 items of 1 ms, PostgreSQL: one worker over a job not shared";
        table.row(name, "x", beside, Target::AtMost(1.02));
        for slices in [1_000, 4_000] {
            let times = slice_of_many(&files, slices).ratio();
            let name = format!("a slice of {slices} over one of 100, files, one merged variable");
            table.row(&name, "x", times, Target::None);
        }
        let whole = Spread::of((0..3).map(|_| {
            let work = Work::new(&files, 1_000, 1_000, Duration::ZERO);
            time(|| assert!(shared(&work, |_| {}).is_ok())).as_secs_f64()
        }));
        table.row("1,000 slices of one empty item, files", "s", whole, Target::None);
        let servers = [("PostgreSQL", &postgres), ("Redis", &redis), ("S3", &objects)];
        for (what, url) in [("files", &files)].into_iter().chain(servers) {
            let times = Spread::of((0..7).map(|_| 1e3 * taken_over(url).as_secs_f64()));
            let name = format!("from the death of a worker to its next item, {what}");
            table.row(&name, "ms", times, Target::AtMost(1000.0));
        }
    });
}
