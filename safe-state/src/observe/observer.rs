//! What a run reports to whoever looks on.

use tracing::Span;

use super::bars::Bars;
use super::events::Events;
use super::spans::Spans;

/// The events, the spans and the bars of a run.
#[derive(Debug)]
pub(crate) struct Observer {
    events: Events,
    spans: Spans,
    bars: Bars,
}

impl Observer {
    pub(crate) fn new(events: Events, spans: Spans, shows_bars: bool) -> Self {
        Observer { events, spans, bars: Bars::new(shows_bars) }
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

    /// Reports a loop that begins at `position`, `depth` others around it, in the item `around` of the next one.
    pub(crate) fn entered(
        &mut self,
        depth: usize,
        around: Option<u64>,
        position: u64,
        total: Option<u64>,
    ) {
        self.bars.enter(self.events.job(), depth, around, position, total);
    }

    /// Reports that the item of that index is in flight.
    pub(crate) fn handed_out(&self, depth: usize, index: u64) {
        self.spans.enter_item(depth, index);
    }

    /// Reports that items are complete up to `position`.
    pub(crate) fn completed(&mut self, depth: usize, position: Option<u64>) {
        if let Some(position) = position {
            self.bars.reach(depth, position);
        }
        if self.spans.has_items() {
            self.spans.exit_items(depth);
        }
    }

    /// Reports that a loop has been left.
    pub(crate) fn left(&mut self, depth: usize) {
        self.bars.leave(depth);
        self.spans.exit_items(depth);
    }
}
