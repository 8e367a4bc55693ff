//! The observer of a run, which passes its progress to events, spans, bars, hooks and the manager of services.

use safe_state_backends::{Checkpoint, DeadLetter, RunEnd};
use safe_state_base::tell;
use tracing::Span;

use super::bars::Bars;
use super::events::Events;
use super::hooks::Hooks;
use super::service::Service;
use super::shown::Shown;
use super::shows::{ProgressLines, Shows};
use super::spans::Spans;
use crate::error::StopReason;

/// The events, the spans, the bars and the hooks of a run.
#[derive(Debug)]
pub(crate) struct Observer {
    events: Events,
    spans: Spans,
    bars: Bars,
    shows: Shows,
    hooks: Hooks,
    service: Service,
    /// Whether the run ends with a line that sums it up.
    sums_up: bool,
}

impl Observer {
    /// Creates the observer of a run. Without `shown`, for a run that is nested in another, it shows and calls nothing.
    pub(crate) fn new(events: Events, spans: Spans, shown: Option<&Shown>) -> Self {
        let service = Service::new(events.job());
        let Some(shown) = shown else {
            return Observer {
                service,
                events,
                spans,
                bars: Bars::new(false),
                shows: Shows::default(),
                hooks: Hooks::default(),
                sums_up: false,
            };
        };
        let bars = Bars::new(shown.progress);
        let has_lines = shown.progress && !bars.are_shown();
        let lines = shown.lines.or_else(|| has_lines.then(ProgressLines::default));
        Observer {
            shows: Shows::new(
                events.job(),
                shown.program.clone(),
                lines.filter(|_| !bars.are_shown()),
            ),
            service,
            events,
            spans,
            bars,
            hooks: shown.hooks.clone(),
            sums_up: shown.sums_up,
        }
    }

    /// Reports that a run begins.
    pub(crate) fn started(&self, checkpoint: &Checkpoint) {
        self.service.opened();
        self.hooks.started(self.events.job(), checkpoint);
    }

    /// Reports that an item is given up.
    pub(crate) fn gave_up(&mut self, letter: &DeadLetter) {
        self.events.given_up(letter.failure(), letter.attempts());
        self.hooks.gave_up(self.events.job(), letter);
    }

    /// Reports that the run has ended, and nothing is saved any more.
    pub(crate) fn ended(&self, end: RunEnd) {
        self.service.ended();
        let summary = self.events.counts.summary(self.events.job(), end);
        if self.sums_up {
            tell(&summary.job, &summary.to_string());
        }
        self.hooks.ended(&summary);
    }

    /// Reports that the run waits on purpose.
    #[inline]
    pub(crate) fn waits(&self) {
        self.service.waits();
    }

    /// Reports that the run ends before its input does, for a reason other than a failure.
    pub(crate) fn stopped(&mut self, reason: StopReason) {
        if reason == StopReason::Signal {
            self.service.stops();
        }
        self.events.stopped(reason);
    }

    /// Returns the name of the job.
    pub(crate) fn job(&self) -> &str {
        self.events.job()
    }

    pub(crate) fn events(&mut self) -> &mut Events {
        &mut self.events
    }

    /// Returns the spans that the body of the run is in.
    pub(crate) fn spans(&self) -> Spans {
        self.spans.clone()
    }

    /// Returns the span of a save.
    pub(crate) fn save_span(&self) -> Span {
        self.spans.save()
    }

    /// Returns whether each item is to be reported.
    pub(crate) fn watches_items(&self) -> bool {
        self.spans.has_items()
    }

    /// Reports a loop that begins at `position`, inside `depth` other loops, in the item `around` of the innermost of
    /// them.
    pub(crate) fn entered(
        &mut self,
        depth: usize,
        around: Option<u64>,
        position: u64,
        total: Option<u64>,
    ) {
        self.bars.enter(self.events.job(), depth, around, position, total);
        self.shows.begin(self.events.job(), depth, position, total);
        self.service.begin(depth, position, total);
    }

    /// Reports that the item `index` of the loop at `depth` is in flight.
    pub(crate) fn handed_out(&self, depth: usize, index: u64) {
        self.spans.enter_item(depth, index);
    }

    /// Reports that items are complete up to `position`.
    pub(crate) fn completed(&mut self, depth: usize, position: Option<u64>) {
        self.service.reach(depth, position);
        if let Some(position) = position {
            self.bars.reach(depth, position);
            self.shows.reach(depth, position);
        }
        if self.spans.has_items() {
            self.spans.exit_items(depth);
        }
    }

    /// Reports that a loop has been left.
    pub(crate) fn left(&mut self, depth: usize) {
        self.bars.leave(depth);
        self.shows.end(depth);
        self.spans.exit_items(depth);
    }
}
