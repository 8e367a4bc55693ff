//! What a job does side by side without the attribute, for who would write no loop.

use std::fmt;
use std::panic::Location;
use std::pin::pin;

use futures_util::{Stream, StreamExt};

use super::captures::Captures;
use super::futures::as_futures_of_stream;
use super::offered::{Offered, offered};
use super::terms::{Cores, Most, Terms};
use super::threads::{FromThread, ToThread, on_threads};
use crate::attempt::{
    Flow, Outcome, TriedOnce, attempt, attempt_async, call_async, call_in, raise,
};
use crate::failure::Verdict;
use crate::failure::outcome::{Asked, Failing};
use crate::items::entry::Number;
use crate::items::identity::{ByIndex, IdentityKind};
use crate::run::job::failing;
use crate::run::{Run, entering};
use crate::{Error, Job};

/// The only loop there is.
const NUMBER: Number = Number { depth: 0, id: 0 };

impl Job {
    /// Runs the bodies of these items on threads, like `par_iter()` of `rayon`. Each item completes
    /// by itself.
    ///
    /// An item is known by its index, as in [`run`](Job::run): the next run must be given the same items in the same order.
    /// They are taken from the iterator on the caller's thread, one for each thread that is free, so the iterator need
    /// be neither `Send` nor in memory. Bodies may call `rayon`.
    ///
    /// ```
    /// use safe_state::{Error, Job};
    ///
    /// # let dir = tempfile::tempdir().unwrap();
    /// # let job = Job::new("thumbnails").state_dir(dir.path());
    /// # fn shrink(_: &str) -> Result<(), Error> { Ok(()) }
    /// let pictures = ["a.png", "b.png", "c.png"];
    /// job.par_iter(pictures).threads(2).try_for_each(|picture| shrink(picture))?;
    /// # Ok::<(), Error>(())
    /// ```
    pub fn par_iter<I: IntoIterator>(&self, items: I) -> ParIter<I> {
        ParIter { job: self.clone(), items, most: Cores.most() }
    }

    /// The items of a stream, whose bodies run as futures, each item complete on its own; for who would write
    /// `buffer_unordered(16)` or `for_each_concurrent(16, ..)` of `futures`.
    ///
    /// An item is known by its index: the next run must be given the same items in the same order, and takes those that
    /// are complete out of the stream without a body. `futures::stream::iter` makes one of an
    /// iterator.
    ///
    /// ```
    /// use futures_util::stream;
    /// use safe_state::{Error, Job};
    ///
    /// # async fn fetch(_: u32) -> Result<(), Error> { Ok(()) }
    /// async fn fetch_all(job: &Job) -> Result<(), Error> {
    ///     job.stream(stream::iter(0..1000)).concurrency(16).try_for_each(async |page| fetch(page).await).await
    /// }
    /// ```
    pub fn stream<S: Stream>(&self, items: S) -> JobStream<S> {
        JobStream { job: self.clone(), items, most: 1 }
    }
}

/// Items whose bodies run on threads; what [`Job::par_iter`] makes.
#[derive(Debug)]
#[must_use = "nothing runs before `for_each` or `try_for_each`"]
pub struct ParIter<I> {
    job: Job,
    items: I,
    most: usize,
}

impl<I: IntoIterator<Item: ToThread>> ParIter<I> {
    /// Sets how many bodies run at once, from 1 to 1024. The default is the number of cores.
    pub fn threads(self, most: usize) -> Self {
        ParIter { most: most.most(), ..self }
    }

    /// Calls `body` on each item that is not complete. The first error stops the handing out; what is under way
    /// comes to its end, and counts.
    ///
    /// # Errors
    ///
    /// The body's own, unchanged: of several, that of the item with the lowest index. Or an [`Error`], if the run can't begin,
    /// save or finish.
    ///
    /// # Panics
    ///
    /// If the body does.
    #[track_caller]
    pub fn try_for_each<E>(self, body: impl Fn(I::Item) -> Result<(), E> + Sync) -> Result<(), E>
    where
        E: From<Error> + fmt::Display,
        Result<(), E>: FromThread,
    {
        let location = Location::caller().to_string();
        let mut run = Run::open(&self.job)?;
        let spans = run.spans();
        let outcome = call_in(&spans, || {
            let identity = (IdentityKind::Index, ByIndex(|_: &I::Item| None::<u32>));
            let iter = self.items.into_iter();
            let (mut items, mut tally) =
                entering::items(&mut run, NUMBER, location.into(), iter, identity);
            let body = |item, _: &Captures| {
                attempt(on_error::<E>, true, || body(item).map(|()| Flow::Next))
            };
            let came = on_threads(
                &mut items,
                &mut tally,
                on_error,
                TriedOnce::new,
                terms(self.most),
                body,
            );
            ended(came, Ok(()))?;
            if tally.leave() {
                tally.run().save()?;
            }
            Ok(())
        });
        let failing = failing(&outcome);
        run.finish(outcome, failing, on_error)
    }

    /// Calls `body`, which can't fail, on each item that is not complete.
    ///
    /// # Errors
    ///
    /// The run can't begin, save or finish.
    ///
    /// # Panics
    ///
    /// If the body does.
    #[track_caller]
    pub fn for_each(self, body: impl Fn(I::Item) + Sync) -> Result<(), Error> {
        self.try_for_each(|item| {
            body(item);
            Ok(())
        })
    }
}

/// Items of a stream whose bodies run as futures; what [`Job::stream`] makes.
#[derive(Debug)]
#[must_use = "nothing runs before `for_each` or `try_for_each`"]
pub struct JobStream<S> {
    job: Job,
    items: S,
    most: usize,
}

impl<S: Stream> JobStream<S> {
    /// Up to so many bodies at once, from 1 to 1024; one unless this is called.
    pub fn concurrency(self, most: usize) -> Self {
        JobStream { most: most.most(), ..self }
    }

    /// Awaits `body` for each item that is not complete. The first error stops the handing out; what is under way comes
    /// to its end, and counts. A future that is dropped leaves what is complete saved.
    ///
    /// All are polled within the caller's task, so what `body` borrows need not be `'static` or `Send`.
    ///
    /// # Errors
    ///
    /// The body's own, unchanged: of several, that of the item with the lowest index. Or an [`Error`], if the run can't begin,
    /// save or finish.
    ///
    /// # Panics
    ///
    /// If the body does.
    #[track_caller]
    pub fn try_for_each<E>(
        self,
        body: impl AsyncFn(S::Item) -> Result<(), E>,
    ) -> impl Future<Output = Result<(), E>>
    where
        E: From<Error> + fmt::Display,
    {
        let location = Location::caller().to_string();
        async move {
            let JobStream { job, items, most } = self;
            let mut run = Run::open_async(&job).await?;
            let spans = run.spans();
            let outcome = call_async(spans, each_of(&mut run, location, items, most, body)).await;
            let failing = failing(&outcome);
            run.finish_async(outcome, failing, on_error).await
        }
    }

    /// Awaits `body`, which can't fail, for each item that is not complete.
    ///
    /// # Errors
    ///
    /// The run can't begin, save or finish.
    ///
    /// # Panics
    ///
    /// If the body does.
    #[track_caller]
    pub fn for_each(self, body: impl AsyncFn(S::Item)) -> impl Future<Output = Result<(), Error>> {
        self.try_for_each(async move |item| {
            body(item).await;
            Ok(())
        })
    }
}

async fn each_of<S: Stream, E: From<Error> + fmt::Display>(
    run: &mut Run,
    location: String,
    items: S,
    most: usize,
    body: impl AsyncFn(S::Item) -> Result<(), E>,
) -> Result<(), E> {
    let kind = (IdentityKind::Index, false);
    let (mut received, mut tally) = entering::received(run, NUMBER, location.into(), kind);
    let given = Offered::new();
    let mut items = pin!(items);
    let head = async {
        loop {
            given.wanted().await;
            if !given.give(items.next().await) {
                break;
            }
        }
    };
    let mut feed = offered(&mut received, &given, |_: &S::Item| None::<u32>);
    let body = |item, _| {
        let body = &body;
        attempt_async(on_error::<E>, true, async move { body(item).await.map(|()| Flow::Next) })
    };
    let came = as_futures_of_stream(
        (&mut feed, head),
        &mut tally,
        on_error,
        TriedOnce::new,
        terms(most),
        body,
    );
    ended(came.await, Ok(()))?;
    if tally.leave() {
        tally.run().save_async().await?;
    }
    Ok(())
}

fn on_error<E: From<Error>>(error: Error) -> Result<(), E> {
    Err(error.into())
}

/// What the function returns, or raises, where its loop came out so.
fn ended<R>(came: Result<Flow<R>, Outcome<R>>, complete: R) -> R {
    match came {
        Ok(Flow::Return(returned)) => returned,
        Ok(Flow::Next | Flow::Exit(_)) => complete,
        Err(failed) => raise(failed),
    }
}

/// An item is tried once.
type TermsOf<E> = Terms<
    fn(&mut Run) -> Result<(), Error>,
    fn(&mut Run, &Outcome<Result<(), E>>) -> Verdict,
    fn(&Outcome<Result<(), E>>) -> Failing,
    fn(u32) -> bool,
    fn(&mut Run) -> bool,
>;

fn terms<E: fmt::Display>(most: usize) -> TermsOf<E> {
    Terms {
        most,
        is_watched: true,
        catches_panics: false,
        carry: |_| Ok(()),
        judge: |_, _| Verdict::Fail,
        failing: |failed| match failed {
            Err(panic) => Failing::of_panic(&**panic),
            Ok(Err(error)) => Failing::of_displayed(error, Asked::Briefly),
            Ok(Ok(())) => Failing::No,
        },
        may_try_again: |_| false,
        gives_up: None,
    }
}
