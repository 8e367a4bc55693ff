//! Runs the guide's code on limits on time and memory, and on a program that is started again.

use std::process::Command;

use safe_state::resumable;
use safe_state::testing::survives;

use super::world::{CUSTOMERS, Customer, World, act, in_a_process, send};

type Page = Customer;

fn parse(page: &Page) -> anyhow::Result<()> {
    send(page)
}

mod in_short {
    use super::{Page, parse, resumable};

    #[resumable(name = "index", item_timeout = "30s", max_memory = "2GiB", max_crashes = 1)]
    pub(super) fn index(pages: &[Page]) -> anyhow::Result<()> {
        for page in pages {
            parse(page)?;
        }
        Ok(())
    }
}

#[resumable(
    name = "index",
    item_timeout = "30s",
    timeout = "2h",
    max_memory = "2GiB",
    max_crashes = 2
)]
fn index(pages: &[Page]) -> anyhow::Result<()> {
    for page in pages {
        parse(page)?; // may ask `check()?`, and need not
    }
    Ok(())
}

#[test]
fn a_job_under_limits_survives() {
    let _world = World::begin();
    survives(|_| in_short::index(&CUSTOMERS).unwrap());
    survives(|_| index(&CUSTOMERS).unwrap());
}

type Url = &'static str;

mod http {
    pub(super) async fn get(url: super::Url) -> anyhow::Result<String> {
        tokio::task::yield_now().await;
        Ok(format!("what is at {url}"))
    }
}

fn work(row: &str) -> anyhow::Result<()> {
    act(row)
}

async fn guarded(rows: &[&str], url: Url) -> anyhow::Result<String> {
    use safe_state::limits::{MemoryLimit, TimeLimit, check, progress};
    use safe_state::time_guard;

    #[time_guard(timeout = "90s")] // on a function, async or not
    async fn fetch(url: Url) -> anyhow::Result<String> {
        http::get(url).await
    }

    let time = TimeLimit::new("90s").start()?; // in a scope, until it is dropped
    let memory = MemoryLimit::new("2GiB").start()?;
    for row in rows {
        check()?; // may this go on? An error if not
        work(row)?;
        progress(); // the 90 s begin anew
    }
    let page = TimeLimit::new("5s").run_async(fetch(url)).await??; // around a future
    drop((time, memory));
    Ok(page)
}

#[test]
fn work_within_its_limits_is_done() {
    let world = World::begin();
    let page = smol::block_on(guarded(&["a", "b"], "home")).unwrap();
    assert_eq!(page, "what is at home");
    assert_eq!(world.done(), ["a", "b"]);
}

fn supervise(command: Command) -> anyhow::Result<()> {
    use safe_state::{Backoff, Supervisor};

    let ended = Supervisor::new(command)
        .restarts(5)
        .backoff(Backoff::exponential("1s", "1m"))
        .max_memory("2GiB")
        .run()?;
    println!("{ended}"); // gave up after 5 restarts; it ended by signal 11 (SIGSEGV) (6 times)
    std::process::exit(ended.code().into());
}

#[test]
fn a_program_that_fails_is_started_again() {
    let output = in_a_process("limits::a_program_that_fails_is_started_again", &[], |_| {
        let mut command = Command::new("sh");
        command.args(["-c", "test -e begun && exit 2; touch begun; kill -9 $$"]);
        supervise(command).unwrap();
    });
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("signal 9 (SIGKILL)"), "{said}");
}
