//! Runs the guide's code of a job that its operators look at, change by hand, and start over.

use std::cell::RefCell;
use std::time::Duration;

use safe_state::{Error, Job, State, resumable, stop};

use super::world::World;

const HOUR: Duration = Duration::from_secs(3600);

thread_local! {
    static PAGED: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
    static ROWS: RefCell<Vec<u64>> = const { RefCell::new(Vec::new()) };
}

fn page_someone(text: &str) {
    PAGED.with_borrow_mut(|paged| paged.push(text.to_owned()));
}

fn look() -> anyhow::Result<()> {
    let status = Job::new("invoices").status()?;
    if status.state == State::Failed {
        page_someone(&serde_json::to_string(&status)?);
    }
    Ok(())
}

#[test]
fn a_failed_job_is_told_as_json() {
    let _world = World::begin();
    look().unwrap();
    assert!(PAGED.take().is_empty());
    let failed = Job::new("invoices").run(0..3, |_| Err(std::io::Error::other("no")));
    failed.unwrap_err();
    look().unwrap();
    assert!(PAGED.take()[0].contains("\"safe_state_status\":1"));
}

mod before {
    #[safe_state::resumable(name = "sales", version = 1, carry(total))]
    pub(super) fn add_up(sales: &[super::Sale]) -> anyhow::Result<u64> {
        let mut total = 0;
        for sale in sales {
            anyhow::ensure!(sale.cents < 300, "no");
            total += sale.cents / 100;
        }
        Ok(total)
    }
}

#[derive(Hash)]
struct Sale {
    cents: u64,
}

#[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
struct Cents(u64);

#[resumable(name = "sales", version = 2, carry(total), migrate(from = 1, with = in_cents))]
fn add_up(sales: &[Sale]) -> anyhow::Result<Cents> {
    let mut total = Cents(0);
    for sale in sales {
        total.0 += sale.cents;
    }
    Ok(total)
}

fn in_cents(euros: u64) -> Cents {
    Cents(100 * euros)
}

#[test]
fn a_sum_of_an_older_version_goes_on_in_another_type() {
    let _world = World::begin();
    let sales = [100, 200, 300, 55].map(|cents| Sale { cents });
    before::add_up(&sales).unwrap_err();
    assert_eq!(add_up(&sales).unwrap(), Cents(655));
}

struct Tape(Vec<u64>);

impl Tape {
    fn is_full(&self) -> bool {
        self.0.len() == 2
    }

    fn write(&mut self, block: &u64) -> anyhow::Result<()> {
        self.0.push(*block);
        Ok(())
    }
}

#[resumable(name = "tape", fresh(tape))]
fn dump(tape: &mut Tape, blocks: &[u64]) -> anyhow::Result<()> {
    #[resume]
    for block in blocks {
        if tape.is_full() {
            return Err(stop!("the tape is full at block {block}"));
        }
        tape.write(block)?;
    }
    Ok(())
}

#[test]
fn a_full_tape_is_no_failure() {
    let _world = World::begin();
    let (mut first, mut second) = (Tape(vec![]), Tape(vec![]));
    let error = dump(&mut first, &[1, 2, 3]).unwrap_err();
    assert!(error.downcast_ref::<Error>().unwrap().is_stopped());
    assert_eq!(Job::new("tape").status().unwrap().state, State::Stopped);
    dump(&mut second, &[1, 2, 3]).unwrap();
    assert_eq!((first.0, second.0), (vec![1, 2], vec![3]));
}

#[test]
fn a_job_is_changed_by_hand() {
    fn by_index() -> Result<(), Error> {
        let import = Job::new("nightly-import");
        import.by_hand().skip(6432)?; // or skip_key("a@example.org")
        import.by_hand().complete_until(1_000_000)?; // done elsewhere; or complete_keys(keys)
        Ok(())
    }
    fn by_cursor(last_id: u64) -> Result<(), Error> {
        let import = Job::new("nightly-import");
        import.by_hand().continue_after(&last_id)?; // what `cursor!()` gives in the next run
        import.rename("import")?; // its files go on with it
        Ok(())
    }
    let _world = World::begin();
    by_index().unwrap();
    let job = Job::new("nightly-import");
    assert_eq!(job.status().unwrap().progress.completed, 1_000_000);
    assert_eq!(job.status().unwrap().runs.skipped, 1);
    job.clear_checkpoint().unwrap();
    by_cursor(17).unwrap();
    assert!(job.peek_checkpoint().unwrap().is_none());
    assert!(Job::new("import").peek_checkpoint().unwrap().is_some());
}

#[derive(Hash)]
struct Row(u64);

fn insert(row: &Row) -> anyhow::Result<()> {
    anyhow::ensure!(row.0 < 3, "no such row");
    ROWS.with_borrow_mut(|rows| rows.push(row.0));
    Ok(())
}

#[resumable(restart = restart, fresh(restart))]
fn import(rows: &[Row], restart: bool) -> anyhow::Result<()> {
    #[resume]
    for row in rows {
        insert(row)?;
    }
    Ok(())
}

#[test]
fn a_flag_of_the_program_starts_over() {
    let _world = World::begin();
    import(&[Row(1), Row(2), Row(3)], false).unwrap_err();
    import(&[Row(1), Row(2), Row(0)], false).unwrap();
    assert_eq!(ROWS.take(), [1, 2, 0]);
    import(&[Row(1), Row(2), Row(3)], false).unwrap_err();
    import(&[Row(1), Row(2), Row(0)], true).unwrap();
    assert_eq!(ROWS.take(), [1, 2, 1, 2, 0]);
}

#[resumable(name = "mail", on_failure = |run| page_someone(&run.to_string()))]
fn mail(items: &[u64]) -> anyhow::Result<()> {
    for item in items {
        anyhow::ensure!(*item < 2, "no");
    }
    Ok(())
}

#[test]
fn a_failure_pages_someone() {
    let _world = World::begin();
    mail(&[0, 1, 2]).unwrap_err();
    assert!(PAGED.take()[0].starts_with("run 1 failed (item 2: no) after "));
}

/// Sets defaults, which would count for all tests of this program, so it is only compiled. A program of its own tests
/// it.
#[expect(dead_code, reason = "it is compiled as the page has it")]
fn of_all_jobs() {
    safe_state::defaults().backend("sqlite:jobs.db").max_runtime(HOUR).set();
}
