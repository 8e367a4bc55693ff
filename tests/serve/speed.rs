//! Tests that memory does not grow with ten thousand jobs. The times are printed, and told in `docs/performance.md`.

use std::fs;
use std::time::{Duration, Instant, SystemTime};

use safe_state::backend::Backend;
use safe_state::{Checkpoint, FileBackend, Timestamp};

use crate::http::Events;
use crate::served::{Jobs, Served, Slow};

const MANY: usize = 10_000;

/// Returns the peak memory of the server, in KiB.
fn peak_memory(served: &Served) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", served.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// Returns the processor time that the server has used.
fn computed(served: &Served) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{}/stat", served.pid())).unwrap();
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap().split(' ').collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    Duration::from_millis(ticks * 10)
}

/// The time goes from a save to the event that tells it, and is as exact as the clock of this machine.
#[test]
fn a_change_of_a_job_is_told_to_the_page() {
    let jobs = Jobs::new();
    let _slow = Slow::start("slow", jobs.dir(), "mail", 1_000_000, 130);
    let served = jobs.serve(&[]);
    let mut events = Events::of(served.address, "/api/job/events?job=mail");
    let mut delays = Vec::new();
    while delays.len() < 31 {
        let (name, told) = events.next();
        if name == "job" {
            let saved: Timestamp =
                serde_json::from_value(told["peek"]["updated_at"].clone()).unwrap();
            delays.push(SystemTime::from(saved).elapsed().unwrap_or_default());
        }
    }
    // The first event tells of a save from before the page was open.
    let delays = &mut delays[1..];
    delays.sort_unstable();
    println!("told after {:?}, at most {:?}", delays[delays.len() / 2], delays[delays.len() - 1]);
}

#[test]
fn ten_thousand_jobs_are_shown_in_little_memory() {
    let jobs = Jobs::new();
    jobs.fail("job-00000", 5, "no");
    let backend = FileBackend::new(jobs.dir());
    let bytes = backend.load("job-00000").unwrap().unwrap();
    let checkpoint = serde_json::to_string(&Checkpoint::decode(&bytes).unwrap()).unwrap();
    for number in 1..MANY {
        let name = format!("job-{number:05}");
        let other: Checkpoint =
            serde_json::from_str(&checkpoint.replace("job-00000", &name)).unwrap();
        fs::write(backend.path(&name).unwrap(), other.encode().unwrap()).unwrap();
    }
    let served = jobs.serve(&[]);
    let began = Instant::now();
    let first = served.get("/api/jobs?limit=50").json();
    println!("the first view came after {:?}", began.elapsed());
    assert_eq!(
        (first["total"].as_u64(), first["jobs"].as_array().unwrap().len()),
        (Some(10_000), 50)
    );
    let mut events = Events::of(served.address, "/api/jobs/events?limit=50");
    while events.next().1["unread"].as_u64().unwrap_or(1) > 0 {
        // An event `counts` tells that all jobs are read, if the same jobs stay in view.
        if served.get("/api/jobs?limit=1").json()["unread"] == 0 {
            break;
        }
    }
    let slow = Slow::start("slow", jobs.dir(), "job-00000-runs", 1_000_000, 20);
    let mut seen = events.next();
    while !seen.1.to_string().contains("running") {
        seen = events.next();
    }
    let (computed_before, began) = (computed(&served), Instant::now());
    while began.elapsed() < Duration::from_secs(4) {
        events.next();
    }
    let used = computed(&served).checked_sub(computed_before).unwrap();
    println!(
        "with a page open and a job that runs, it computed for {used:?} of {:?}",
        began.elapsed()
    );
    println!("its memory was {} KiB at most", peak_memory(&served));
    assert!(peak_memory(&served) < 64 * 1024);
    drop(slow);
}
