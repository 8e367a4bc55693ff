//! Runs the guide's code on looking at a job: what is printed of it, and what a failure tells.

use std::fs;
use std::sync::mpsc;
use std::thread;

use safe_state::report::Report;
use safe_state::testing::survives;
use safe_state::{Job, resumable};

use super::world::{CUSTOMERS, Customer, World, act, in_a_process, send};

mod billing {
    use thiserror::Error;

    #[derive(Debug, Error)]
    #[error("connection reset")]
    pub(super) struct Error(#[from] Cause);

    #[derive(Debug, Error)]
    #[error("peer is gone")]
    pub(super) struct Cause;
}

fn send_invoice(number: u32) -> Result<u32, billing::Error> {
    if number == 6432 { Err(billing::Cause.into()) } else { Ok(number) }
}

#[resumable(name = "invoices", carry(total), durability = "process")]
fn bill(numbers: &[u32]) -> Result<u32, billing::Error> {
    let mut total = 0;
    for number in numbers {
        total += send_invoice(*number)?;
    }
    Ok(total)
}

fn peek() -> Result<(), safe_state::Error> {
    if let Some(checkpoint) = bill::peek_checkpoint()? {
        println!("{checkpoint}");
    }
    Ok(())
}

/// Replaces times and places in the code, which differ from run to run.
fn without_times_and_places(text: &str) -> String {
    let is_time = |word: &str| word.starts_with("20") && word.ends_with('Z');
    let words = text.split(' ').map(|word| {
        let (first, rest) = word.split_at(word.find('\n').unwrap_or(word.len()));
        match first.trim_end_matches([',', ';']) {
            time if is_time(time) => format!("TIME{rest}"),
            place if place.contains(".rs:") => format!("PLACE{rest}"),
            _ => word.to_owned(),
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn a_checkpoint_prints_as_the_page_shows() {
    let output = in_a_process("looking::a_checkpoint_prints_as_the_page_shows", &[], |_| {
        let numbers: Vec<u32> = (0..10_000).collect();
        bill(&numbers).unwrap_err();
        peek().unwrap();
    });
    let said = String::from_utf8(output.stdout).unwrap().replace(concat!(module_path!(), "::"), "");
    let shown = super::pages::text("docs/guide/operating.md", "job invoices: failed");
    let (said, shown) = (without_times_and_places(&said), without_times_and_places(&shown));
    assert!(said.contains(&shown), "{said}\n{shown}");
}

#[test]
fn a_second_run_is_refused_as_the_page_shows() {
    let _world = World::begin();
    let run = |begun: &dyn Fn()| {
        // Without a folder, each thread of a test would keep its checkpoints in a memory of its own.
        Job::new("invoices").state_dir(".safe_state").run([()], |()| {
            begun();
            anyhow::Ok(())
        })
    };
    let ((begun, has_begun), (end, has_ended)) = (mpsc::channel(), mpsc::channel::<()>());
    let refused = thread::scope(|scope| {
        scope.spawn(move || {
            let hold = || {
                begun.send(()).unwrap();
                has_ended.recv().unwrap_err();
            };
            run(&hold).unwrap();
        });
        has_begun.recv().unwrap();
        let refused = run(&|| {}).unwrap_err().to_string();
        drop(end);
        refused
    });
    let shown = super::pages::text("docs/guide/operating.md", "job `invoices` is already running");
    let of_this_process = |text: &str| {
        let (start, rest) = text.split_once("pid ").unwrap();
        let (_, end) = rest.split_once(", since ").unwrap();
        without_times_and_places(&format!("{start}{end}"))
    };
    assert_eq!(of_this_process(&refused), of_this_process(shown.trim_end()));
}

mod timings {
    use super::{Customer, act, resumable};

    #[resumable(name = "mail", timings, capture(mailbox))]
    pub(super) fn send_all(mailboxes: &[Customer]) -> anyhow::Result<()> {
        for mailbox in mailboxes {
            act(mailbox.email)?;
        }
        Ok(())
    }
}

#[test]
fn the_option_of_the_page_times_items() {
    let world = World::begin();
    world.fails("cyd");
    timings::send_all(&CUSTOMERS).unwrap_err();
    let checkpoint = timings::send_all::peek_checkpoint().unwrap().unwrap();
    assert!(checkpoint.timings().all_runs().quantiles().is_some(), "{checkpoint}");
}

mod reports {
    use super::{Customer as Order, act, resumable};

    #[resumable(name = "invoices")]
    fn bill(orders: &[Order]) -> anyhow::Result<()> {
        for order in orders {
            act(order.email)?;
        }
        Ok(())
    }

    pub(super) fn run(orders: &[Order]) -> anyhow::Result<()> {
        use safe_state::report;

        report::install_panic_hook(); // first in `main`: for the place and the stack of panics
        bill(orders)?;
        Ok(())
    }

    pub(super) fn look() -> anyhow::Result<()> {
        use safe_state::report::{Report, Style};

        let checkpoint = bill::peek_checkpoint()?.expect("it failed");
        let report = Report::of(&checkpoint).expect("it failed");
        print!("{}", report.to_text(Style::Coloured)); // as a compiler reports an error
        std::fs::write("failure.html", report.to_html())?; // one page, for a colleague
        report.save("failure.report")?; // a file of its own: `Report::open` reads it
        Ok(())
    }
}

#[test]
fn a_failure_is_reported() {
    let world = World::begin();
    world.fails("cyd");
    reports::run(&CUSTOMERS).unwrap_err();
    reports::look().unwrap();
    assert!(fs::read_to_string("failure.html").unwrap().contains("cyd: connection reset"));
    let report = Report::open("failure.report").unwrap();
    assert!(report.to_string().contains("cyd: connection reset"), "{report}");
}

#[resumable(name = "mail", progress)]
fn mail(customers: &[Customer]) -> anyhow::Result<()> {
    for customer in customers {
        send(customer)?;
    }
    Ok(())
}

#[test]
fn a_job_with_a_bar_survives() {
    let _world = World::begin();
    survives(|_| mail(&CUSTOMERS).unwrap());
}

fn init() {
    tracing_subscriber::fmt().with_writer(safe_state::bars::stderr).init();
}

#[test]
fn what_is_logged_goes_above_the_bars() {
    let output = in_a_process("looking::what_is_logged_goes_above_the_bars", &[], |_| {
        init();
        mail(&CUSTOMERS).unwrap();
        tracing::info!("a line");
    });
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("finished") && said.contains("a line\n"), "{said}");
}

#[resumable(name = "invoices", backend = "sqlite:/var/lib/billing.db")]
fn bill_to_a_database(customers: &[Customer]) -> anyhow::Result<()> {
    for customer in customers {
        send(customer)?;
    }
    Ok(())
}

#[test]
fn a_job_in_a_database_survives() {
    let _world = World::begin();
    survives(|_| bill_to_a_database(&CUSTOMERS).unwrap());
    assert!(!fs::exists("/var/lib/billing.db").unwrap(), "a trial leaves nothing");
}
