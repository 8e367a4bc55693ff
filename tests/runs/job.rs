//! Defines the jobs: one for each way of knowing items, with and without carried values, as a plain function and as a
//! future.

use std::cell::Cell;
use std::future::pending;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use anyhow::{Result, bail};
use rustix::process::{Signal, getpid, kill_process};
use safe_state::{Results, cursor, resumable};
use safe_state_tests::Effects;

use crate::plan::{Ended, How, Kind, Outcome, Run, Stop, Way, digest};

/// A run under way.
struct Call<'a> {
    dir: &'a Path,
    save_every: u64,
    stop: Option<Stop>,
    effects: Effects,
    /// The number of items that the run has begun.
    begun: Cell<usize>,
    /// Whether the run waits to be dropped.
    is_waiting: Cell<bool>,
}

impl Call<'_> {
    /// Does the work on an item, except what only a future can do.
    fn work(&self, item: u32) -> Result<()> {
        let stop = self.stop.filter(|stop| stop.after == self.begun.get());
        self.begun.set(self.begun.get() + 1);
        if stop.is_none_or(|stop| stop.has_effect) {
            self.effects.record(item.into())?;
        }
        match stop.map(|stop| stop.how) {
            Some(How::Error) => bail!("asked to fail"),
            Some(How::Panic) => panic!("asked to panic"),
            Some(How::Kill) => kill_process(getpid(), Signal::KILL)?,
            Some(How::Drop) => self.is_waiting.set(true),
            None => {}
        }
        Ok(())
    }

    async fn work_async(&self, item: u32) -> Result<()> {
        self.work(item)?;
        if self.is_waiting.get() {
            pending::<()>().await;
        }
        Ok(())
    }
}

macro_rules! jobs {
    ($($module:ident(|$input:ident| $items:expr; $($option:tt)*);)*) => { $(mod $module {
        use super::*;

        #[resumable(name = "any", on_code_change = "continue", state_dir = call.dir, save_every = call.save_every, durability = "process", companion = false, $($option)*)]
        pub(super) fn plain(call: &Call<'_>, $input: &[u32]) -> Result<Outcome> {
            for item in $items {
                call.work(*item)?;
            }
            Ok(Outcome::default())
        }

        #[resumable(name = "any", on_code_change = "continue", state_dir = call.dir, save_every = call.save_every, durability = "process", companion = false, $($option)*)]
        pub(super) async fn plain_async(call: &Call<'_>, $input: &[u32]) -> Result<Outcome> {
            for item in $items {
                call.work_async(*item).await?;
            }
            Ok(Outcome::default())
        }

        #[resumable(name = "any", on_code_change = "continue", state_dir = call.dir, save_every = call.save_every, durability = "process", companion = false, carry(sum, items), $($option)*)]
        pub(super) fn carrying(call: &Call<'_>, $input: &[u32]) -> Result<Outcome> {
            let mut sum = 0;
            let mut items = Results::new();
            for item in $items {
                call.work(*item)?;
                sum = digest(sum, *item);
                items.push(*item);
            }
            Ok(Outcome { digest: sum, items: items.into() })
        }

        #[resumable(name = "any", on_code_change = "continue", state_dir = call.dir, save_every = call.save_every, durability = "process", companion = false, carry(sum, items), $($option)*)]
        pub(super) async fn carrying_async(call: &Call<'_>, $input: &[u32]) -> Result<Outcome> {
            let mut sum = 0;
            let mut items = Results::new();
            for item in $items {
                call.work_async(*item).await?;
                sum = digest(sum, *item);
                items.push(*item);
            }
            Ok(Outcome { digest: sum, items: items.into() })
        }
    })* };
}

jobs! {
    by_index(|input| input;);
    by_key(|input| input; key = |item| item);
    by_cursor(|input| after(input, cursor!()); cursor = |item| **item);
}

/// Returns the items behind a cursor.
pub(crate) fn after(input: &[u32], cursor: Option<u32>) -> impl Iterator<Item = &u32> {
    input.iter().filter(move |item| cursor.is_none_or(|cursor| **item > cursor))
}

/// Does a run of the job in `dir`.
pub(crate) fn run(dir: &Path, kind: Kind, run: &Run) -> Ended {
    let call = Call {
        dir,
        save_every: kind.save_every,
        stop: run.stop,
        effects: Effects::open(dir.join("effects")).unwrap(),
        begun: Cell::new(0),
        is_waiting: Cell::new(false),
    };
    let returned = catch_unwind(AssertUnwindSafe(|| {
        let (call, input) = (&call, run.input.as_slice());
        match (kind.is_async, kind.carries, kind.way) {
            (false, false, Way::Index) => Some(by_index::plain(call, input)),
            (false, false, Way::Key) => Some(by_key::plain(call, input)),
            (false, false, Way::Cursor) => Some(by_cursor::plain(call, input)),
            (false, true, Way::Index) => Some(by_index::carrying(call, input)),
            (false, true, Way::Key) => Some(by_key::carrying(call, input)),
            (false, true, Way::Cursor) => Some(by_cursor::carrying(call, input)),
            (true, false, Way::Index) => poll(call, by_index::plain_async(call, input)),
            (true, false, Way::Key) => poll(call, by_key::plain_async(call, input)),
            (true, false, Way::Cursor) => poll(call, by_cursor::plain_async(call, input)),
            (true, true, Way::Index) => poll(call, by_index::carrying_async(call, input)),
            (true, true, Way::Key) => poll(call, by_key::carrying_async(call, input)),
            (true, true, Way::Cursor) => poll(call, by_cursor::carrying_async(call, input)),
        }
    }));
    match returned {
        Ok(Some(Ok(outcome))) => Ended::Returned(outcome),
        Ok(Some(Err(error))) => {
            assert_eq!(error.to_string(), "asked to fail");
            Ended::Stopped(How::Error)
        }
        Ok(None) => Ended::Stopped(How::Drop),
        Err(_) => Ended::Stopped(How::Panic),
    }
}

/// Polls the future until it ends, or waits to be dropped.
fn poll<T>(call: &Call<'_>, future: impl Future<Output = T>) -> Option<T> {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(returned) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return Some(returned);
        }
        if call.is_waiting.get() {
            return None;
        }
        thread::park();
    }
}
