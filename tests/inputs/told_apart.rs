//! Tests calls of one job that nothing but the function, the type or the place of a closure tells apart.

use std::path::Path;

use safe_state::{Error, Job, resumable};

/// Fails in the third of five items, if asked to.
fn items(fails: bool) -> impl Iterator<Item = anyhow::Result<u64>> {
    (0..5).map(
        move |item| if fails && item == 2 { Err(anyhow::anyhow!("stopped")) } else { Ok(item) },
    )
}

mod users {
    use super::*;

    #[resumable(name = "import", state_dir = dir, fresh(fails), carry(sum))]
    pub(super) fn import(dir: &Path, fails: bool) -> anyhow::Result<u64> {
        let mut sum = 0;
        for item in items(fails) {
            sum += item?;
        }
        Ok(sum)
    }
}

mod orders {
    use super::*;

    /// The same text, in another module.
    #[resumable(name = "import", state_dir = dir, fresh(fails), carry(sum))]
    pub(super) fn import(dir: &Path, fails: bool) -> anyhow::Result<u64> {
        let mut sum = 0;
        for item in items(fails) {
            sum += item?;
        }
        Ok(sum)
    }
}

#[resumable(name = "import", state_dir = dir, fresh(fails), carry(sum), on_code_change = "continue")]
fn of_any(dir: &Path, fails: bool) -> anyhow::Result<u64> {
    let mut sum = 0;
    for item in items(fails) {
        sum += item?;
    }
    Ok(sum)
}

fn is_other(ended: anyhow::Result<u64>, path: &str) {
    let error = ended.unwrap_err();
    let told = matches!(error.downcast_ref(), Some(Error::OtherFunction { function, .. }) if function.ends_with(path));
    assert!(told, "{error:#}");
}

#[test]
fn another_function_of_the_name_is_refused_and_may_be_accepted() {
    let dir = tempfile::tempdir().unwrap();
    users::import(dir.path(), true).unwrap_err();
    is_other(orders::import(dir.path(), false), "::orders::import");
    assert_eq!(users::import(dir.path(), false).unwrap(), 10);
    users::import(dir.path(), true).unwrap_err();
    Job::new("import").state_dir(dir.path()).accept().unwrap();
    orders::import(dir.path(), true).unwrap_err();
    is_other(users::import(dir.path(), false), "::users::import");
    assert_eq!(of_any(dir.path(), false).unwrap(), 10, "it says that it may");
}

/// A finished job is anybody's.
#[test]
fn a_name_is_free_again_once_the_job_has_finished() {
    let dir = tempfile::tempdir().unwrap();
    users::import(dir.path(), false).unwrap();
    assert_eq!(orders::import(dir.path(), false).unwrap(), 10);
}

trait Sends {
    #[resumable(name = "send", state_dir = dir, fresh(fails), carry(sum))]
    fn send(&self, dir: &Path, fails: bool) -> anyhow::Result<u64> {
        let _ = self;
        let mut sum = 0;
        for item in items(fails) {
            sum += item? * self.each();
        }
        Ok(sum)
    }

    fn each(&self) -> u64;
}

struct Mail;
struct Sms;

impl Sends for Mail {
    fn each(&self) -> u64 {
        1
    }
}

impl Sends for Sms {
    fn each(&self) -> u64 {
        100
    }
}

#[test]
fn a_method_of_a_trait_belongs_to_its_type() {
    let dir = tempfile::tempdir().unwrap();
    Mail.send(dir.path(), true).unwrap_err();
    is_other(Sms.send(dir.path(), false), "::Sms::send");
    assert_eq!(Mail.send(dir.path(), false).unwrap(), 10);
}

#[resumable(name = "each", state_dir = dir, fresh(fails), carry(sum))]
fn each(dir: &Path, rate: impl Fn(u64) -> u64, fails: bool) -> anyhow::Result<u64> {
    let mut sum = 0;
    for item in items(fails) {
        sum += rate(item?);
    }
    Ok(sum)
}

fn double(item: u64) -> u64 {
    2 * item
}

fn triple(item: u64) -> u64 {
    3 * item
}

fn by_a_closure(dir: &Path, fails: bool) -> anyhow::Result<u64> {
    each(dir, |item| item + 1, fails)
}

#[test]
fn a_closure_of_another_place_is_another_argument() {
    let refused = |ended: anyhow::Result<u64>| {
        let error = ended.unwrap_err();
        let told = matches!(error.downcast_ref(), Some(Error::ArgumentChanged { argument, .. }) if argument == "rate");
        assert!(told, "{error:#}");
    };
    let dir = tempfile::tempdir().unwrap();
    each(dir.path(), double, true).unwrap_err();
    refused(each(dir.path(), triple, false));
    refused(by_a_closure(dir.path(), false));
    assert_eq!(each(dir.path(), double, false).unwrap(), 20);
    by_a_closure(dir.path(), true).unwrap_err();
    refused(each(dir.path(), |item| item * 7, false));
    assert_eq!(by_a_closure(dir.path(), false).unwrap(), 15);
}

trait Import {
    fn run(&self, dir: &Path) -> anyhow::Result<u64>;
}

trait Export {
    fn run(&self, dir: &Path) -> anyhow::Result<u64>;
}

struct Orders;

impl Import for Orders {
    #[resumable(state_dir = dir, carry(sum))]
    fn run(&self, dir: &Path) -> anyhow::Result<u64> {
        let mut sum = 0;
        for item in items(false) {
            sum += item?;
        }
        Ok(sum)
    }
}

impl Export for Orders {
    #[resumable(state_dir = dir, carry(sum))]
    fn run(&self, dir: &Path) -> anyhow::Result<u64> {
        let mut sum = 100;
        for item in items(false) {
            sum += item?;
        }
        Ok(sum)
    }
}

fn is_shared(ended: anyhow::Result<u64>) {
    let error = ended.unwrap_err();
    let told = matches!(error.downcast_ref(), Some(Error::SharedName { place, other, .. }) if place != other);
    assert!(told, "{error:#}");
}

#[test]
fn methods_of_two_traits_with_one_default_name_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(Import::run(&Orders, dir.path()).unwrap(), 10);
    is_shared(Export::run(&Orders, dir.path()));
    assert_eq!(Import::run(&Orders, dir.path()).unwrap(), 10);
}

#[test]
fn functions_of_one_name_in_two_blocks_are_refused() {
    macro_rules! sum_from {
        ($start:literal, $dir:expr) => {{
            #[resumable(state_dir = dir, carry(sum))]
            fn total(dir: &Path) -> anyhow::Result<u64> {
                let mut sum = $start;
                for item in items(false) {
                    sum += item?;
                }
                Ok(sum)
            }
            total($dir)
        }};
    }
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(sum_from!(0, dir.path()).unwrap(), 10);
    is_shared(sum_from!(100, dir.path()));
}
