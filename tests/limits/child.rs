//! Does work of some kind under a guard, in a process of its own.

use std::hint::black_box;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread;
use std::time::Duration;

use anyhow::{Result, bail};
use rustix::event::{PollFd, PollFlags, poll};
use safe_state::limits::{Interrupt, LimitHandle, TimeLimit, check};

const HOUR: Duration = Duration::from_secs(3600);

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [work, interrupt, signals] = arguments.as_slice() else { bail!("unknown: {arguments:?}") };
    listen(signals)?;
    let mut guard = guard(interrupt)?;
    if ["checks", "checks-in-a-thread", "async"].contains(&work.as_str()) {
        // Work that checks has the time to do so, however busy the machine is.
        guard = guard.grace_period(HOUR);
    }
    let done = match work.as_str() {
        "async" => asynchronous(&guard, std::future::pending()),
        "async-spins" => asynchronous(&guard, async {
            spin();
            Ok(())
        }),
        in_a_thread if in_a_thread.ends_with("-in-a-thread") => {
            let work = in_a_thread.trim_end_matches("-in-a-thread").to_owned();
            thread::spawn(move || under(&guard, &work)).join().unwrap()
        }
        work => under(&guard, work),
    };
    if let Err(error) = done {
        println!("limit: {error}");
    }
    Ok(())
}

/// Makes some signals do nothing.
fn listen(signals: &str) -> Result<()> {
    let names: &[i32] = match signals {
        "int" => &[signal_hook::consts::SIGINT],
        "int-and-term" => &[signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM],
        _ => &[],
    };
    for signal in names {
        signal_hook::flag::register(*signal, Arc::new(AtomicBool::new(false)))?;
    }
    Ok(())
}

fn guard(interrupt: &str) -> Result<TimeLimit> {
    let (kind, send_kill) = match interrupt {
        "cancellation" => (Interrupt::Cancellation, false),
        "signal" => (Interrupt::Signal, false),
        "signal-kill" => (Interrupt::Signal, true),
        "both" => (Interrupt::CancellationThenSignal, false),
        "both-kill" => (Interrupt::CancellationThenSignal, true),
        other => bail!("unknown: {other}"),
    };
    let guard = TimeLimit::new("30ms").check_interval("10ms").grace_period("30ms");
    Ok(guard.interrupt(kind).send_kill(send_kill))
}

fn under(guard: &TimeLimit, work: &str) -> Result<()> {
    let guard = guard.start()?;
    tell(guard.handle());
    match work {
        "checks" => loop {
            black_box(work);
            check()?;
        },
        "spins" => spin(),
        // The test writes nothing to standard input.
        "reads" => _ = std::io::stdin().read_line(&mut String::new())?,
        "sleeps" => thread::sleep(HOUR),
        "native" => count_for_ever()?,
        "polls" => {
            let stdin = std::io::stdin();
            let error = poll(&mut [PollFd::new(&stdin, PollFlags::IN)], None).unwrap_err();
            assert_eq!(error, rustix::io::Errno::INTR);
            println!("interrupted");
        }
        other => bail!("unknown: {other}"),
    }
    Ok(())
}

/// Runs async work under a guard. The task is polled by other threads than this one, one after another.
fn asynchronous(
    guard: &TimeLimit,
    work: impl Future<Output = Result<()>> + Send + 'static,
) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build()?;
    let handle = runtime.handle().clone();
    let told = guard.clone().interrupt(Interrupt::Cancellation).start()?;
    tell(told.handle());
    let guarded = guard.run_async(async move {
        handle.spawn(tokio::task::yield_now()).await?;
        work.await
    });
    runtime.block_on(runtime.spawn(guarded))??
}

fn spin() {
    loop {
        black_box(0);
    }
}

/// Runs an endless query in C code, which knows nothing of guards.
fn count_for_ever() -> Result<()> {
    let query =
        "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT 1 FROM n) SELECT count(*) FROM n";
    let connection = rusqlite::Connection::open_in_memory()?;
    Ok(connection.query_row(query, [], |_| Ok(()))?)
}

/// Prints a line when the work is cancelled.
fn tell(handle: LimitHandle) {
    thread::spawn(move || {
        while handle.check().is_ok() {
            thread::sleep(Duration::from_millis(1));
        }
        // The test may have closed the pipe after it has seen enough.
        let _ = writeln!(std::io::stdout(), "told");
    });
}
