//! Tests a function that has only steps.

use std::cell::RefCell;

use safe_state::{resumable, step};

use crate::places::{Place, on_each};

#[resumable(name = "release", backend = place.backend.clone(), fresh(place, done, until, does))]
fn release(
    place: &Place,
    version: u32,
    done: &RefCell<Vec<String>>,
    until: usize,
) -> anyhow::Result<String> {
    let does = |what: &str| {
        anyhow::ensure!(done.borrow().len() < until, "{what} failed");
        done.borrow_mut().push(what.to_owned());
        Ok(format!("{what} {version}"))
    };
    let built = step!("build", does("build")?);
    let tested = step!("test", does("test")?);
    step!("publish", does("publish")?);
    Ok(format!("{built}, {tested}"))
}

#[test]
fn steps_need_no_loop() {
    on_each(|place| {
        let done = RefCell::new(Vec::new());
        release(place, 7, &done, 1).unwrap_err();
        release(place, 7, &done, 2).unwrap_err();
        let error = release(place, 8, &done, 9).unwrap_err().to_string();
        assert!(error.contains("`version` of job `release`"), "{error}");
        assert_eq!(release(place, 7, &done, 9).unwrap(), "build 7, test 7");
        assert_eq!(*done.borrow(), ["build", "test", "publish"]);
        assert!(place.job("release").peek_checkpoint().unwrap().is_none());
    });
}

#[test]
fn steps_of_an_async_function_need_no_loop() {
    #[resumable(name = "fetch", backend = place.backend.clone(), fresh(place, fails))]
    async fn fetch(place: &Place, fails: bool) -> anyhow::Result<u32> {
        let one: u32 = step!("one", std::future::ready(1).await);
        anyhow::ensure!(!fails, "no");
        Ok(one + step!("two", 2))
    }
    on_each(|place| {
        smol::block_on(fetch(place, true)).unwrap_err();
        assert_eq!(smol::block_on(fetch(place, false)).unwrap(), 3);
    });
}
