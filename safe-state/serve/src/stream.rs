//! The news for open pages, as server-sent events.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::{Stream, stream};
use safe_state_base::error::one_line;
use serde::Serialize;
use serde_json::json;
use tokio::sync::watch;

use crate::desk::{Desk, OfJob, apart};
use crate::detail::Detail;
use crate::jobs::{Interest, Jobs, Shown};
use crate::window::{Counts, Which, Window};

/// The most streams that are open at a time.
const MOST: usize = 64;
/// The time within which changes are sent together.
const TOGETHER: Duration = Duration::from_millis(50);

/// One of the open streams, until it is dropped.
struct StreamSlot(Arc<AtomicUsize>);

impl StreamSlot {
    fn take(streams: &Arc<AtomicUsize>) -> Option<Self> {
        let taken = streams.fetch_add(1, Ordering::Relaxed);
        let place = StreamSlot(Arc::clone(streams));
        (taken < MOST).then_some(place)
    }
}

impl Drop for StreamSlot {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Streams a part of the list: `window`, or `rows` if the same jobs stay in the part.
pub(crate) async fn of_list(State(desk): State<Desk>, Query(which): Query<Which>) -> Response {
    let Some(place) = StreamSlot::take(&desk.streams) else { return too_many() };
    let (changes, shown) = (desk.jobs.changes(), desk.jobs.show(Interest::default()));
    let list = List {
        jobs: desk.jobs,
        which,
        changes,
        shown,
        told: Vec::new(),
        counts: None,
        _place: place,
    };
    answer(stream::unfold(list, |mut list| async move {
        let event = list.next().await?;
        Some((Ok(event), list))
    }))
}

/// Streams the page of one job: `job`, `gone`, or `trouble`.
pub(crate) async fn of_job(
    State(desk): State<Desk>,
    Query(OfJob { job }): Query<OfJob>,
) -> Response {
    let Some(place) = StreamSlot::take(&desk.streams) else { return too_many() };
    let interest = Interest { names: vec![job.clone()], is_page: true };
    let (changes, shown) = (desk.jobs.changes(), desk.jobs.show(interest));
    let page = Page { jobs: desk.jobs, job, changes, told: None, _shown: shown, _place: place };
    answer(stream::unfold(page, |mut page| async move {
        let event = page.next().await?;
        Some((Ok(event), page))
    }))
}

fn answer(events: impl Stream<Item = Result<Event, Infallible>> + Send + 'static) -> Response {
    Sse::new(events).keep_alive(KeepAlive::default()).into_response()
}

fn too_many() -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, "too many pages are open\n").into_response()
}

struct List {
    jobs: Arc<Jobs>,
    which: Which,
    changes: watch::Receiver<u64>,
    shown: Shown,
    /// The names that the page has, each with the change that was sent last.
    told: Vec<(String, u64)>,
    counts: Option<Counts>,
    _place: StreamSlot,
}

impl List {
    /// Returns the next event; `None` when nothing can change any more.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if self.counts.is_some() {
                self.changes.changed().await.ok()?;
                tokio::time::sleep(TOGETHER).await;
            }
            self.changes.mark_unchanged();
            self.changes.borrow_and_update();
            let (jobs, which) = (Arc::clone(&self.jobs), self.which.clone());
            let window = apart(move || which.of(&jobs, false)).await.ok()?;
            if let Some(event) = self.news(window) {
                return Some(event);
            }
        }
    }

    /// Returns an event with what the page does not have yet, if there is anything.
    fn news(&mut self, window: Window) -> Option<Event> {
        let told: Vec<_> =
            window.names.iter().cloned().zip(window.changes.iter().copied()).collect();
        let same = |(a, b): (&(String, u64), &(String, u64))| a.0 == b.0;
        let stays = self.counts.is_some()
            && told.len() == self.told.len()
            && told.iter().zip(&self.told).all(same);
        let event = if stays {
            let rows = window.jobs.iter().zip(told.iter().zip(&self.told));
            let rows: Vec<_> = rows
                .filter(|(_, (now, before))| now.1 != before.1)
                .map(|(row, _)| &**row)
                .collect();
            if rows.is_empty() && self.counts.as_ref() == Some(&window.counts) {
                return None;
            }
            event("rows", &json!({ "counts": window.counts, "jobs": rows }))
        } else {
            self.shown.change(window.names.clone());
            event("window", &window)
        };
        self.told = told;
        self.counts = Some(window.counts);
        Some(event)
    }
}

struct Page {
    jobs: Arc<Jobs>,
    job: String,
    changes: watch::Receiver<u64>,
    /// The number of the job's change that was sent last; 0 if the job does not exist.
    told: Option<u64>,
    _shown: Shown,
    _place: StreamSlot,
}

impl Page {
    async fn next(&mut self) -> Option<Event> {
        loop {
            if self.told.is_some() {
                self.changes.changed().await.ok()?;
            }
            self.changes.borrow_and_update();
            let changed = self.jobs.inner().known.get(&self.job).map_or(0, |it| it.changed);
            // A job that was not read yet is sent all the same, which reads it.
            if self.told == Some(changed) {
                continue;
            }
            let (jobs, job) = (Arc::clone(&self.jobs), self.job.clone());
            let detail = apart(move || Detail::with_change(&jobs, &job, false)).await.ok()?;
            self.told = Some(changed);
            return Some(match detail {
                Ok(Some((detail, change))) => {
                    self.told = Some(change);
                    event("job", &detail)
                }
                Ok(None) => event("gone", &json!({ "job": self.job })),
                Err(error) => event("trouble", &json!({ "error": one_line(&error) })),
            });
        }
    }
}

fn event(name: &str, data: &impl Serialize) -> Event {
    // Serialising our own types cannot fail.
    let data = serde_json::to_string(data).unwrap_or_default();
    Event::default().event(name).data(data)
}
