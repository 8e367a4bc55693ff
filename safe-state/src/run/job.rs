//! Runs a job without the attribute.

use std::fmt;

use super::{Run, entering};
use crate::attempt::call_in;
use crate::failure::outcome::{Asked, Failing};
use crate::items::Step;
use crate::items::entry::Number;
use crate::items::identity::{ByIndex, IdentityKind};
use crate::{Error, Job};

impl Job {
    /// Runs `body` on each of `items`, as a function under [`#[resumable]`](crate::resumable)
    /// does with its loop: items that an earlier run completed are skipped, and an error or a
    /// panic leaves the checkpoint for the next run.
    ///
    /// ```
    /// use safe_state::{Error, Job};
    ///
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let mailer = Job::new("mailer").state_dir(dir.path());
    /// # fn send(_: &str) {}
    /// # let recipients = ["a@example.org", "b@example.org"];
    /// mailer.save_every(10).run(recipients, |recipient| {
    ///     send(recipient);
    ///     Ok::<(), Error>(())
    /// })?;
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The body's own, unchanged; or an [`Error`] if the run cannot begin, save or finish.
    ///
    /// # Panics
    ///
    /// If the body does.
    #[track_caller]
    pub fn run<I, E>(&self, items: I, body: impl FnMut(I::Item) -> Result<(), E>) -> Result<(), E>
    where
        I: IntoIterator,
        E: From<Error> + fmt::Display,
    {
        let location = std::panic::Location::caller().to_string();
        let mut run = Run::open(self)?;
        let spans = run.spans();
        let outcome = call_in(&spans, || for_each(&mut run, location, items, body));
        let failing = outcome.as_ref().map_or_else(
            |panic| Failing::of_panic(&**panic),
            |returned| {
                returned
                    .as_ref()
                    .err()
                    .map_or(Failing::No, |error| Failing::of_displayed(error, Asked::Fully))
            },
        );
        run.finish(outcome, failing, |error| Err(error.into()))
    }
}

/// Calls `body` on the items of `input` that are not complete.
fn for_each<I: IntoIterator, E: From<Error>>(
    run: &mut Run,
    location: String,
    input: I,
    mut body: impl FnMut(I::Item) -> Result<(), E>,
) -> Result<(), E> {
    // What the item's type offers can't be known here.
    let identity = (IdentityKind::Index, ByIndex(|_: &I::Item| None::<u32>));
    let number = Number { depth: 0, id: 0 };
    let (mut items, mut tally) =
        entering::items(run, number, location.into(), input.into_iter(), identity);
    loop {
        if tally.complete() {
            if tally.run().poll_requests() {
                tally.run().save()?;
            }
            if !items.has_ended() {
                tally.run().apply_request()?;
            }
        }
        while let Some(look) = tally.run().look(items.has_ended()) {
            if tally.run().wait(look) {
                tally.run().save()?;
                tally.run().obey()?;
            }
        }
        match items.next(&mut tally) {
            Step::Item(item) => {
                tally.run().begin_item();
                body(item)?;
            }
            Step::Done => break,
            Step::Failed(error) => return Err(error.into()),
        }
    }
    if tally.leave() {
        tally.run().save()?;
    }
    Ok(())
}
