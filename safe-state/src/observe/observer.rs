//! The observer of a run, which passes its progress to events, spans, bars, hooks and the manager of services.

use safe_state_backends::{Checkpoint, DeadLetter, Failure, RunEnd};
use safe_state_base::tell;
use tracing::Span;

use super::bars::Bars;
use super::events::Events;
use super::hooks::Hooks;
use super::service::Service;
use super::shown::Shown;
use super::shows::{ProgressLines, Shows};
use super::spans::Spans;
use super::whole::{ShownWhole, Whole};
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
    whole: ShownWhole,
    end: End,
}

/// What is reported when a run ends.
#[derive(Debug)]
struct End {
    /// Whether the run ends with a line that sums it up.
    sums_up: bool,
    /// Whether the run has begun, and has not ended.
    is_open: bool,
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
                whole: ShownWhole::default(),
                end: End { sums_up: false, is_open: false },
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
            whole: ShownWhole::default(),
            end: End { sums_up: shown.sums_up, is_open: false },
        }
    }

    /// Reports that a run begins.
    pub(crate) fn started(&mut self, checkpoint: &Checkpoint) {
        self.end.is_open = true;
        self.service.opened();
        self.hooks.started(self.events.job(), checkpoint);
    }

    /// Reports that an item is given up.
    pub(crate) fn gave_up(&mut self, letter: &DeadLetter) {
        let letter = &letter.clone().behind(self.whole.first());
        self.events.given_up(letter.failure(), letter.attempts());
        self.hooks.gave_up(self.events.job(), letter);
    }

    /// Reports that the run has ended, and nothing is saved any more; once, of a run that has begun.
    pub(crate) fn ended(&mut self, end: RunEnd) {
        if !std::mem::take(&mut self.end.is_open) {
            return;
        }
        self.service.ended();
        let summary = self.events.counts.summary(self.events.job(), end);
        if self.end.sums_up {
            tell(&summary.job, &summary.to_string());
        }
        self.hooks.ended(&summary);
    }

    /// Reports that the run has ended as its future was dropped.
    pub(crate) fn dropped(&mut self) {
        self.events.counts.reason.get_or_insert_with(|| "it was dropped".to_owned());
        self.ended(RunEnd::Stopped);
    }

    /// Returns the failure of an item of an outermost loop, with the item's index in the whole input.
    pub(crate) fn in_whole(&self, failure: &Failure) -> Failure {
        let index = failure.index().map(|index| self.whole.index(index));
        failure.clone().with_index(index)
    }

    /// Returns the index in the whole input of an item of an outermost loop.
    pub(crate) fn index(&self, index: u64) -> u64 {
        self.whole.index(index)
    }

    /// Returns how many items of the whole loop are complete, if `completed` are of the slice under way, or of the run.
    pub(crate) fn completed_in_whole(&self, completed: u64) -> u64 {
        self.whole.position(0, completed)
    }

    /// Reports that the run has saved `checkpoint`.
    pub(crate) fn saved(&mut self, checkpoint: &Checkpoint) {
        // The complete items are counted only if someone listens.
        let whole = &self.whole;
        self.events.saved(|| whole.position(0, checkpoint.completed().len()));
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

    /// Returns the span of an item beside others.
    pub(crate) fn span_beside(&self, index: u64) -> Span {
        self.spans.item_beside(self.whole.index(index))
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
        let Some(whole) = self.whole.total(depth) else {
            let around = around.map(|item| if depth == 1 { self.whole.index(item) } else { item });
            return self.begin(depth, around, position, total);
        };
        let position = self.whole.position(depth, position);
        self.come_to(position, whole);
    }

    fn begin(&mut self, depth: usize, around: Option<u64>, position: u64, total: Option<u64>) {
        self.bars.enter(self.events.job(), depth, around, position, total);
        self.shows.begin(self.events.job(), depth, position, total);
        self.service.begin(depth, position, total);
    }

    fn reach(&mut self, depth: usize, position: u64) {
        self.bars.reach(depth, position);
        self.shows.reach(depth, position);
    }

    /// Reports where a loop stands that many workers share, and that what follows is of a slice of it.
    pub(crate) fn came_to(&mut self, whole: Whole) {
        let position = self.whole.comes_to(whole);
        self.come_to(position, whole.total);
    }

    fn come_to(&mut self, position: u64, total: u64) {
        if self.whole.begins() {
            return self.begin(0, None, position, Some(total));
        }
        self.service.reach(0, Some(position));
        self.reach(0, position);
    }

    /// Reports that all slices of a loop are finished, which stands there.
    pub(crate) fn left_whole(&mut self, whole: Whole) {
        self.came_to(whole);
        self.whole.ends();
        self.left(0);
    }

    /// Reports that the item `index` of the loop at `depth` is in flight.
    pub(crate) fn handed_out(&self, depth: usize, index: u64) {
        let index = if depth == 0 { self.whole.index(index) } else { index };
        self.spans.enter_item(depth, index);
    }

    /// Counts items that a loop has completed by itself.
    #[inline]
    pub(crate) fn counted(&mut self, depth: usize, items: u64) {
        self.whole.count(depth, items);
    }

    /// Reports that one more item is complete, and all up to `position`.
    pub(crate) fn completed(&mut self, depth: usize, position: Option<u64>) {
        self.whole.count(depth, 1);
        let position = position.map(|position| self.whole.position(depth, position));
        self.service.reach(depth, position);
        if let Some(position) = position {
            self.reach(depth, position);
        }
        if self.spans.has_items() {
            self.spans.exit_items(depth);
        }
    }

    /// Reports that a loop has been left. Of one that is a slice, those in it have.
    pub(crate) fn left(&mut self, depth: usize) {
        if self.whole.total(depth).is_some() {
            self.bars.leave(depth + 1);
        } else {
            self.bars.leave(depth);
            self.shows.end(depth);
        }
        self.spans.exit_items(depth);
    }
}
