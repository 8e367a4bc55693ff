//! Jobs that run items side by side without the attribute, by method calls instead of a loop.

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
use crate::failure::outcome::{Asked, Failing};
use crate::items::entry::Number;
use crate::items::identity::{ByIndex, IdentityKind};
use crate::run::job::failing;
use crate::run::judging::{Judged, Suspected};
use crate::run::{Run, entering};
use crate::{Error, Job};

/// The number of the job's only loop.
const NUMBER: Number = Number { depth: 0, id: 0 };

impl Job {
    /// Prepares `items` for a body that runs on several threads, like `par_iter()` of `rayon`. Each item completes by
    /// itself.
    ///
    /// An item is known by its index, as in [`run`](Job::run): the next run must be given the same items in the same
    /// order. The caller's thread takes the items from the iterator, one for each free thread, so the iterator need be
    /// neither `Send` nor in memory. Bodies may call `rayon`.
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

    /// Prepares the items of a stream for an async body that runs for several items at once. Each item completes by
    /// itself. Use this method in place of `buffer_unordered(16)` or `for_each_concurrent(16, ..)` of `futures`.
    ///
    /// An item is known by its index: the next run must be given the same items in the same order, and takes the
    /// complete ones out of the stream without calling the body. `futures::stream::iter` makes a stream of an iterator.
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

/// Items whose bodies run on threads, made by [`Job::par_iter`].
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

    /// Calls `body` on each item that is not complete. After the first error, no further item is handed out; the items
    /// under way run to their end, and count.
    ///
    /// # Errors
    ///
    /// The error of `body`, unchanged; if several items fail, that of the item with the lowest index. Or an [`Error`],
    /// if the run cannot begin, save or finish.
    ///
    /// # Panics
    ///
    /// If `body` panics.
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
    /// The run cannot begin, save or finish.
    ///
    /// # Panics
    ///
    /// If `body` panics.
    #[track_caller]
    pub fn for_each(self, body: impl Fn(I::Item) + Sync) -> Result<(), Error> {
        self.try_for_each(|item| {
            body(item);
            Ok(())
        })
    }
}

/// Items of a stream whose bodies run as futures, made by [`Job::stream`].
#[derive(Debug)]
#[must_use = "nothing runs before `for_each` or `try_for_each`"]
pub struct JobStream<S> {
    job: Job,
    items: S,
    most: usize,
}

impl<S: Stream> JobStream<S> {
    /// Sets how many bodies run at once, from 1 to 1024. The default is one.
    pub fn concurrency(self, most: usize) -> Self {
        JobStream { most: most.most(), ..self }
    }

    /// Awaits `body` for each item that is not complete. After the first error, no further item is handed out; the
    /// items under way run to their end, and count. A future that is dropped leaves what is complete saved.
    ///
    /// All bodies are polled within the caller's task, so what `body` borrows need not be `'static` or `Send`.
    ///
    /// # Errors
    ///
    /// The error of `body`, unchanged; if several items fail, that of the item with the lowest index. Or an [`Error`],
    /// if the run cannot begin, save or finish.
    ///
    /// # Panics
    ///
    /// If `body` panics.
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
    /// The run cannot begin, save or finish.
    ///
    /// # Panics
    ///
    /// If `body` panics.
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

/// Returns what the loop's end makes the function return, or raises its panic.
fn ended<R>(came: Result<Flow<R>, Outcome<R>>, complete: R) -> R {
    match came {
        Ok(Flow::Return(returned)) => returned,
        Ok(Flow::Next | Flow::Exit(_)) => complete,
        Err(failed) => raise(failed),
    }
}

/// The terms of a job without the attribute, which tries each item once.
type TermsOf<E> = Terms<
    fn(&mut Run) -> Result<(), Error>,
    fn(&mut Run, &Outcome<Result<(), E>>) -> Judged,
    fn(&Outcome<Result<(), E>>) -> Failing,
    fn(u32) -> bool,
    fn(&mut Run) -> Option<Suspected>,
>;

fn terms<E: fmt::Display>(most: usize) -> TermsOf<E> {
    Terms {
        most,
        is_watched: true,
        catches_panics: false,
        carry: |_| Ok(()),
        ask: |_, _| Judged::FAIL,
        failing: |failed| match failed {
            Err(panic) => Failing::of_panic(&**panic),
            Ok(Err(error)) => Failing::of_displayed(error, Asked::Briefly),
            Ok(Ok(())) => Failing::No,
        },
        may_try_again: |_| false,
        suspected: None,
    }
}
