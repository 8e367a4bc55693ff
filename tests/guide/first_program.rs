//! Runs the program of the first page, and kills it as a reader kills it.

use std::thread;
use std::time::Duration;

use safe_state::resumable;

/// The hash of a customer tells a later run whether the list has changed.
#[derive(Hash)]
struct Customer {
    id: u64,
    email: String,
}

#[resumable(name = "invoices", carry(total))]
fn bill(customers: &[Customer]) -> anyhow::Result<u64> {
    let mut total = 0;
    for customer in customers {
        total += send_invoice(customer)?;
    }
    Ok(total)
}

fn send_invoice(customer: &Customer) -> anyhow::Result<u64> {
    println!("invoice {} goes to {}", customer.id, customer.email);
    thread::sleep(Duration::from_secs(1));
    Ok(10 * customer.id)
}

fn main() -> anyhow::Result<()> {
    if let Some(checkpoint) = bill::peek_checkpoint()? {
        println!("an earlier run completed {}", checkpoint.progress());
    }
    let customers: Vec<Customer> =
        (1..=10).map(|id| Customer { id, email: format!("customer-{id}@example.org") }).collect();
    println!("the total is {}", bill(&customers)?);
    Ok(())
}

mod as_it_is_read {
    use std::env;
    use std::io::{BufRead, BufReader, Read};
    use std::path::Path;
    use std::process::{Child, Command, Stdio};

    use crate::pages;

    const TEST: &str = "first_program::as_it_is_read::the_first_program_goes_on_after_a_kill";
    const PROGRAM: &str = "SAFE_STATE_GUIDE_FIRST_PROGRAM";

    /// Starts the program in the folder `dir`.
    fn start(dir: &Path) -> Child {
        Command::new(env::current_exe().unwrap())
            .args(["--exact", TEST, "--nocapture"])
            .env(PROGRAM, "1")
            // A test that names no place would keep the checkpoint in memory.
            .env("SAFE_STATE_DIR", ".safe_state")
            .current_dir(dir)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// Returns the lines that the two runs print, as a page shows them.
    fn shown(page: &str) -> (Vec<String>, Vec<String>) {
        let text = pages::block(page, "console", "$ cargo run\ninvoice 1");
        let (first, second) = text.split_once("^C\n$ cargo run\n").unwrap();
        let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
        (lines(first)[1..].to_vec(), lines(second))
    }

    #[test]
    fn the_first_program_goes_on_after_a_kill() {
        if env::var_os(PROGRAM).is_some() {
            super::main().unwrap();
            return;
        }
        let dir = tempfile::tempdir().unwrap();
        let mut first = start(dir.path());
        let lines = BufReader::new(first.stdout.take().unwrap()).lines().map(Result::unwrap);
        let said: Vec<String> = lines.filter(|line| line.starts_with("invoice")).take(3).collect();
        first.kill().unwrap();
        first.wait().unwrap();

        let mut second = start(dir.path());
        let mut goes_on = String::new();
        second.stdout.take().unwrap().read_to_string(&mut goes_on).unwrap();
        assert!(second.wait().unwrap().success());

        for page in ["README.md", "docs/guide/first-job.md"] {
            let (first, second) = shown(page);
            assert_eq!(said, first, "{page}");
            let mut rest = goes_on.lines();
            for line in second.iter().filter(|line| *line != "...") {
                assert!(rest.any(|it| it == line), "{page}: {line} is not in\n{goes_on}");
            }
        }
    }
}
