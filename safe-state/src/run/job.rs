//! Methods of a job: it runs without the attribute, and asks its runs from outside to pause, to end, to try again.

use std::fmt;

use safe_state_backends::Request;
use safe_state_base::stored;

use super::{Run, entering};
use crate::attempt::{Outcome, call_async, call_in};
use crate::failure::outcome::{Asked, Failing};
use crate::items::Step;
use crate::items::entry::Number;
use crate::items::identity::{ByIndex, IdentityKind};
use crate::{Error, Job};

impl Job {
    /// Runs `body` on each of `items`, as a function under [`#[resumable]`](crate::resumable) does with its loop. Items
    /// that an earlier run completed are skipped, and an error or a panic leaves the checkpoint for the next run.
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
    /// The error of `body`, unchanged; or an [`Error`] if the run cannot begin, save or finish.
    ///
    /// # Panics
    ///
    /// If `body` panics.
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
        let failing = failing(&outcome);
        run.finish(outcome, failing, |error| Err(error.into()))
    }

    /// Runs `body`, which awaits, on each of `items`: see [`run`](Self::run). The future neither blocks nor needs a
    /// runtime. A future that is dropped leaves what is complete saved.
    ///
    /// ```
    /// use safe_state::{Error, Job};
    ///
    /// # async fn send(_: &str) {}
    /// async fn mail(recipients: &[&str]) -> Result<(), Error> {
    ///     let mailer = Job::new("mailer").save_every(10);
    ///     mailer
    ///         .run_async(recipients, async |recipient| {
    ///             send(recipient).await;
    ///             Ok(())
    ///         })
    ///         .await
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// The error of `body`, unchanged; or an [`Error`] if the run cannot begin, save or finish.
    ///
    /// # Panics
    ///
    /// If `body` panics.
    #[track_caller]
    pub fn run_async<I, E>(
        &self,
        items: I,
        body: impl AsyncFnMut(I::Item) -> Result<(), E>,
    ) -> impl Future<Output = Result<(), E>>
    where
        I: IntoIterator,
        E: From<Error> + fmt::Display,
    {
        let location = std::panic::Location::caller().to_string();
        async move {
            let mut run = Run::open_async(self).await?;
            let spans = run.spans();
            let outcome = call_async(spans, for_each_async(&mut run, location, items, body)).await;
            let failing = failing(&outcome);
            run.finish_async(outcome, failing, |error| Err(error.into())).await
        }
    }

    /// Asks the job to pause, from any thread, process or host. A run under way saves, and waits before its next item.
    /// A run that is started waits before its first item. Both wait until [`resume`](Self::resume).
    ///
    /// A run looks for requests every 50 milliseconds, before an item and while it waits for anything. If the backend
    /// answers slowly, the run looks less often, so that asking takes less than a hundredth of its time. A run whose
    /// last loop's input has ended finishes without a pause.
    ///
    /// If several processes ask at the same time, they take turns, and the last request counts. No
    /// request replaces [`abandon`](Self::abandon).
    ///
    /// ```
    /// use safe_state::{Job, Request};
    ///
    /// # let dir = tempfile::tempdir().unwrap();
    /// let import = Job::new("nightly-import").state_dir(dir.path());
    /// import.pause()?;
    /// assert_eq!(import.requested()?, Some(Request::Pause));
    /// import.resume()?;
    /// assert_eq!(import.requested()?, None);
    /// # Ok::<(), safe_state::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The job was [abandoned](Self::abandon), or the backend cannot be written.
    pub fn pause(&self) -> Result<(), Error> {
        Ok(Request::Pause.save(&self.stored_in()?, self.job_name())?)
    }

    /// Takes back the request to the job, which goes on.
    ///
    /// # Errors
    ///
    /// The backend cannot be written.
    pub fn resume(&self) -> Result<(), Error> {
        Ok(Request::delete(&*self.stored_in()?, self.job_name())?)
    }

    /// Asks the run under way to end. The run saves, and ends before its next item with [`Error::Stopped`], which uses
    /// the request up. A run that begins later ignores the request, and goes on from there. A run that waits for its
    /// lease ([`wait`](Self::wait)) ends as well, if it sees the request before that is used up. If the input of the
    /// last loop has ended, no next item follows, and the run finishes.
    ///
    /// # Errors
    ///
    /// The job was [abandoned](Self::abandon), or the backend cannot be written.
    pub fn cancel(&self) -> Result<(), Error> {
        Ok(Request::Cancel.save(&self.stored_in()?, self.job_name())?)
    }

    /// Lets the next run go on although the last one was refused because something changed: the input, the value of an
    /// argument, the version, or the code. The next run reports what changed, and uses the permission up. From then on,
    /// the job expects what that run began with. An input that has fewer items than are complete has no items left to
    /// do.
    ///
    /// If the new input has other items in place of complete ones, the run cannot tell, and does not do them.
    ///
    /// ```
    /// use safe_state::{Job, Request};
    ///
    /// # let dir = tempfile::tempdir().unwrap();
    /// let import = Job::new("nightly-import").state_dir(dir.path());
    /// import.accept()?;
    /// assert_eq!(import.requested()?, Some(Request::Accept));
    /// # Ok::<(), safe_state::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The job was [abandoned](Self::abandon), or the backend cannot be written.
    pub fn accept(&self) -> Result<(), Error> {
        Ok(Request::Accept.save(&self.stored_in()?, self.job_name())?)
    }

    /// Returns the request to the job that was neither taken back nor used up.
    ///
    /// # Errors
    ///
    /// The backend cannot be read.
    pub fn requested(&self) -> Result<Option<Request>, Error> {
        Ok(Request::load(&*self.stored_in()?, self.job_name())?)
    }

    /// Puts the dead letters back: the next run does their items, with all attempts, as if it had not seen them yet. In
    /// a finished job, the next run does only these items and new ones; when all of them are complete, the job is
    /// finished for good. Returns the number of dead letters. Without dead letters, nothing changes.
    ///
    /// The change is one save, after which the items count as incomplete. However often later runs are killed, no item
    /// is done again once it is complete.
    ///
    /// ```
    /// use safe_state::Job;
    ///
    /// # let dir = tempfile::tempdir().unwrap();
    /// let mail = Job::new("mail").state_dir(dir.path());
    /// let again = mail.retry_dead_letters()?;
    /// println!("{again} mails will be tried again");
    /// # Ok::<(), safe_state::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::DeadLetterNotRetryable`] if one of the dead letters cannot be put back: then nothing changes. The job
    /// is running; or the backend cannot be read or written.
    pub fn retry_dead_letters(&self) -> Result<usize, Error> {
        stored::retry_dead_letters(self.stored_in()?, self.job_name(), self.lease_options())
    }
}

/// Returns in which way the outcome of a job without the attribute has failed.
pub(crate) fn failing<E: fmt::Display>(outcome: &Outcome<Result<(), E>>) -> Failing {
    match outcome {
        Err(panic) => Failing::of_panic(&**panic),
        Ok(Err(error)) => Failing::of_displayed(error, Asked::Fully),
        Ok(Ok(())) => Failing::No,
    }
}

/// Calls `body` on the items of `input` that are not complete.
fn for_each<I: IntoIterator, E: From<Error>>(
    run: &mut Run,
    location: String,
    input: I,
    mut body: impl FnMut(I::Item) -> Result<(), E>,
) -> Result<(), E> {
    // The methods of the item's type are unknown here, so items have no fingerprints.
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
        while let Some(look) = tally.look(items.has_ended()) {
            if tally.run().wait(look) {
                tally.run().save()?;
                tally.run().obey()?;
            }
        }
        match items.next(&mut tally) {
            Step::Item(item) => {
                tally.begin_item();
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

/// Awaits `body` on the items of `input` that are not complete.
async fn for_each_async<I: IntoIterator, E: From<Error>>(
    run: &mut Run,
    location: String,
    input: I,
    mut body: impl AsyncFnMut(I::Item) -> Result<(), E>,
) -> Result<(), E> {
    let identity = (IdentityKind::Index, ByIndex(|_: &I::Item| None::<u32>));
    let number = Number { depth: 0, id: 0 };
    let (mut items, mut tally) =
        entering::items(run, number, location.into(), input.into_iter(), identity);
    loop {
        if tally.complete() {
            if tally.run().poll_requests_async().await {
                tally.run().save_async().await?;
            }
            if !items.has_ended() {
                tally.run().apply_request_async().await?;
            }
        }
        while let Some(look) = tally.look(items.has_ended()) {
            if tally.run().wait_async(look).await {
                tally.run().save_async().await?;
                tally.run().obey_async().await?;
            }
        }
        match items.next(&mut tally) {
            Step::Item(item) => {
                tally.begin_item();
                body(item).await?;
            }
            Step::Done => break,
            Step::Failed(error) => return Err(error.into()),
        }
    }
    if tally.leave() {
        tally.run().save_async().await?;
    }
    Ok(())
}
