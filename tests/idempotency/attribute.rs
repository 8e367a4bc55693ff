//! Tests `#[idempotent]`: a function whose check says that it is done is not called, and everything else is as written.

#![expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "a check gets references, also to what is small"
)]

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::fmt::Display;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Mutex;

use safe_state::{Job, idempotent, resumable, skip_if_exists, step};
use smol::block_on as run;

thread_local!(static CALLS: Cell<u32> = const { Cell::new(0) });

/// Notes that a body ran.
fn called() {
    CALLS.set(CALLS.get() + 1);
}

/// Returns the value of `work`, and the number of bodies that it ran.
fn calls<R>(work: impl FnOnce() -> R) -> (R, u32) {
    CALLS.set(0);
    let returned = work();
    (returned, CALLS.get())
}

fn is_even(number: &u32) -> bool {
    number.is_multiple_of(2)
}

#[idempotent(check = is_even)]
fn by_function(number: u32) {
    assert!(number % 2 == 1);
    called();
}

#[idempotent(check = number.is_multiple_of(2), on_skip = Err(number.to_string()))]
fn by_expression(number: u32) -> Result<u32, String> {
    called();
    Ok(number)
}

#[idempotent(check = |number, _| *number == 0, on_skip = |_, text| text.len())]
fn by_closure(number: u32, text: &str) -> usize {
    called();
    text.len() + usize::try_from(number).unwrap()
}

#[idempotent(check = done)]
fn by_argument(done: bool) {
    called();
}

#[test]
fn a_check_is_a_function_a_closure_or_an_expression() {
    assert_eq!(calls(|| (by_function(1), by_function(2))).1, 1);
    assert_eq!(calls(|| (by_expression(1), by_expression(2))), ((Ok(1), Err("2".into())), 1));
    assert_eq!(calls(|| (by_closure(0, "four"), by_closure(1, "four"))), ((4, 5), 1));
    assert_eq!(calls(|| (by_argument(false), by_argument(true))).1, 1);
}

fn known(name: &str, _: u32) -> Option<usize> {
    (name == "known").then_some(name.len())
}

#[idempotent(check = known(name, 0))]
fn as_it_is(name: &str) -> usize {
    called();
    name.len() + 100
}

#[idempotent(check = known(name, 0))]
fn in_a_result(name: &str) -> io::Result<usize> {
    called();
    name.parse().map_err(io::Error::other)
}

#[idempotent(check = known(name, 0))]
fn in_an_option(name: &str) -> Option<usize> {
    called();
    name.parse().ok()
}

#[idempotent(check = path.exists())]
fn nothing_in_a_result(path: PathBuf) -> Result<(), Box<dyn std::error::Error>> {
    called();
    std::fs::write(&path, "")?;
    drop(path);
    Ok(())
}

#[idempotent(check = Some(known(name, 0)?.to_string()))]
fn with_a_question_mark(name: &str) -> Option<String> {
    called();
    Some(name.to_owned())
}

#[test]
fn what_the_check_found_is_returned() {
    assert_eq!(calls(|| (as_it_is("known"), as_it_is("new"))), ((5, 103), 1));
    let (returned, count) = calls(|| (in_a_result("known").unwrap(), in_a_result("7").unwrap()));
    assert_eq!((returned, count), ((5, 7), 1));
    assert!(in_a_result("x").is_err());
    assert_eq!(calls(|| (in_an_option("known"), in_an_option("7"))), ((Some(5), Some(7)), 1));
    assert_eq!(calls(|| with_a_question_mark("new")), (None, 0));
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("file");
    let twice = || (0..2).try_for_each(|_| nothing_in_a_result(path.clone()));
    assert_eq!(calls(|| twice().unwrap()).1, 1);
}

#[derive(Default)]
struct Shop {
    paid: RefCell<HashMap<u32, String>>,
    sent: Mutex<Vec<u32>>,
}

impl Shop {
    fn receipt(&self, order: &u32) -> Option<String> {
        self.paid.borrow().get(order).cloned()
    }

    #[idempotent(check = Self::receipt)]
    fn pay(&self, order: u32) -> Result<String, io::Error> {
        called();
        let receipt = format!("receipt {order}");
        self.paid.borrow_mut().insert(order, receipt.clone());
        Ok(receipt)
    }

    #[idempotent(check = self.receipt(&order))]
    fn pay_mutably(&mut self, order: u32) -> String {
        called();
        self.paid.get_mut().entry(order).or_insert_with(|| "new".to_owned()).clone()
    }

    #[idempotent(check = |shop: &Self, order| shop.receipt(order).is_some(), on_skip = self)]
    fn paid(self, order: u32) -> Self {
        called();
        self.paid.borrow_mut().insert(order, String::new());
        self
    }

    /// Checks that the lock of `check` is free again when `on_skip` and the body take it.
    #[idempotent(
        check = self.sent.lock().unwrap().contains(&order),
        on_skip = self.sent.lock().unwrap().len()
    )]
    fn send(&self, order: u32) -> usize {
        called();
        self.sent.lock().unwrap().push(order);
        0
    }
}

#[test]
fn methods_are_checked_too() {
    let mut shop = Shop::default();
    let pay = |order| shop.pay(order).unwrap();
    assert_eq!(calls(|| [pay(1), pay(1), pay(2)].join(", ")).1, 2);
    assert_eq!(calls(|| (shop.send(1), shop.send(1))), ((0, 1), 1));
    assert_eq!(calls(|| shop.pay_mutably(1)), ("receipt 1".to_owned(), 0));
    assert_eq!(calls(|| shop.paid(1).paid(7)).1, 1);
}

async fn is_known(name: &str) -> Result<bool, io::Error> {
    std::future::ready(()).await;
    Ok(name == "known")
}

#[idempotent(check = is_known(name).await?, on_skip = Ok(0))]
async fn in_a_future(name: &str) -> Result<usize, io::Error> {
    called();
    Ok(is_known(name).await.map(|_| name.len())?)
}

#[idempotent(check = known(&name, 0))]
fn a_future_of_its_own(name: String) -> Pin<Box<dyn Future<Output = io::Result<usize>>>> {
    Box::pin(async move {
        called();
        name.parse().map_err(io::Error::other)
    })
}

#[async_trait::async_trait]
trait Sends {
    async fn send(&self, name: &str) -> Option<usize>;
}

#[async_trait::async_trait]
impl Sends for u32 {
    #[idempotent(check = known(name, *self))]
    async fn send(&self, name: &str) -> Option<usize> {
        called();
        Some(name.len() + usize::try_from(*self).ok()?)
    }
}

#[test]
fn async_functions_are_checked_when_they_run() {
    let both = || (run(in_a_future("known")).unwrap(), run(in_a_future("new")).unwrap());
    assert_eq!(calls(both), ((0, 3), 1));
    assert_eq!(calls(|| drop(a_future_of_its_own("7".to_owned()))).1, 0);
    assert_eq!(calls(|| run(a_future_of_its_own("known".to_owned())).unwrap()), (5, 0));
    assert_eq!(calls(|| run(a_future_of_its_own("7".to_owned())).unwrap()), (7, 1));
    assert_eq!(calls(|| (run(1.send("known")), run(1.send("new")))), ((Some(5), Some(4)), 1));
}

#[idempotent(check = |b, a| b == *a)]
fn named_otherwise<'a, T: PartialEq + Display + Clone + 'a>(mut a: T, b: &'a T) {
    called();
    a = b.clone();
    drop(a);
}

#[idempotent(check = |path: &Path| -> bool { return skip_if_exists(path) }, on_skip = || None)]
fn opaque(path: &Path) -> Option<impl Iterator<Item = u8>> {
    called();
    Some(path.as_os_str().as_encoded_bytes().to_vec().into_iter())
}

#[idempotent(check = a == 0, on_skip = ())]
fn patterns((a, _): (u32, u32), _: &str) {
    called();
}

#[test]
fn any_signature_will_do() {
    assert_eq!(calls(|| (named_otherwise(1, &1), named_otherwise(1, &2))).1, 1);
    let (opaque, count) =
        calls(|| (opaque(Path::new("/")).is_none(), opaque(Path::new("/no/such"))));
    assert_eq!((opaque.0, opaque.1.unwrap().count(), count), (true, 8, 1));
    assert_eq!(calls(|| (patterns((0, 1), ""), patterns((1, 1), ""))).1, 1);
}

#[resumable(name = "sum", state_dir = dir)]
#[idempotent(check = items.is_empty(), on_skip = Ok(0))]
fn resumed_first(dir: &Path, items: &[u32]) -> anyhow::Result<u32> {
    let first = step!("first", items[0]);
    for item in items {
        called();
        anyhow::ensure!(*item != 3, "three");
    }
    Ok(first)
}

#[idempotent(check = items.is_empty(), on_skip = Ok(0))]
#[resumable(name = "sum", state_dir = dir)]
fn resumed_last(dir: &Path, items: &[u32]) -> anyhow::Result<u32> {
    let first = step!("first", items[0]);
    for item in items {
        called();
        anyhow::ensure!(*item != 3, "three");
    }
    Ok(first)
}

#[test]
fn a_resumable_function_may_be_idempotent() {
    for job in [resumed_first, resumed_last] {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(calls(|| job(dir.path(), &[]).unwrap()), (0, 0));
        assert_eq!(calls(|| job(dir.path(), &[1, 2, 3]).is_err()), (true, 3));
        assert!(Job::new("sum").state_dir(dir.path()).peek_checkpoint().unwrap().is_some());
        assert_eq!(calls(|| job(dir.path(), &[1, 2, 4]).unwrap()), (1, 1));
    }
}
