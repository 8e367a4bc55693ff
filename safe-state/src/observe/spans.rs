//! The `tracing` spans of a run: `run`, and in it an `item` for each item, and `save`.

use std::iter;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tracing::{Level, Span};

/// The spans that a run is in; none if no subscriber listens. What polls the future of an async run shares the spans,
/// and enters them while it polls.
#[derive(Clone, Debug, Default)]
pub struct Spans(Option<Arc<Heard>>);

#[derive(Debug)]
struct Heard {
    /// Whether a subscriber listened to item spans when the run began.
    has_items: bool,
    nest: Mutex<Nest>,
}

#[derive(Debug)]
struct Nest {
    run: Span,
    /// The spans of the items that the run is in, from the outermost in.
    items: Vec<Item>,
}

#[derive(Debug)]
struct Item {
    /// The depth of the item's loop.
    depth: usize,
    index: u64,
    span: Span,
}

impl Spans {
    pub(crate) fn of(job: &str, number: u32) -> Self {
        let run = tracing::info_span!(target: "safe_state", "run", job, run = number);
        let has_items = tracing::span_enabled!(target: "safe_state", Level::DEBUG, "item");
        let is_heard = has_items || !run.is_disabled();
        let nest = Mutex::new(Nest { run, items: Vec::new() });
        Spans(is_heard.then(|| Arc::new(Heard { has_items, nest })))
    }

    /// Returns whether a subscriber listens to item spans, so that each item has to be reported.
    pub(crate) fn has_items(&self) -> bool {
        self.0.as_ref().is_some_and(|heard| heard.has_items)
    }

    /// Enters the spans of the run and of its items until the returned guard is dropped.
    pub(crate) fn within(&self) -> Within<'_> {
        if let Some(nest) = self.nest() {
            nest.each().for_each(enter);
        }
        Within(self)
    }

    /// Enters the span of an item, unless the run is in it already.
    pub(crate) fn enter_item(&self, depth: usize, index: u64) {
        if self.is_in(depth, index) {
            return;
        }
        self.exit_items(depth);
        if let Some(mut nest) = self.nest() {
            let parent = nest.innermost();
            let span = tracing::debug_span!(target: "safe_state", parent: parent, "item", index);
            enter(&span);
            nest.items.push(Item { depth, index, span });
        }
    }

    /// Returns the span of an item that runs beside others, on whichever thread its body runs.
    pub(crate) fn item_beside(&self, index: u64) -> Span {
        match self.nest() {
            Some(nest) if self.has_items() => {
                tracing::debug_span!(target: "safe_state", parent: nest.innermost(), "item", index)
            }
            _ => Span::none(),
        }
    }

    fn is_in(&self, depth: usize, index: u64) -> bool {
        let is_it = |item: &Item| (item.depth, item.index) == (depth, index);
        self.nest().is_some_and(|nest| nest.items.iter().any(is_it))
    }

    /// Exits the span of the item in the loop at `depth`, and those of items in loops inside.
    pub(crate) fn exit_items(&self, depth: usize) {
        if let Some(mut nest) = self.nest() {
            while let Some(item) = nest.items.pop_if(|item| item.depth >= depth) {
                exit(&item.span);
            }
        }
    }

    /// Returns the span of a save, on whichever thread the save is done.
    pub(crate) fn save(&self) -> Span {
        let Some(nest) = self.nest() else { return Span::none() };
        tracing::debug_span!(target: "safe_state", parent: nest.innermost(), "save")
    }

    fn nest(&self) -> Option<MutexGuard<'_, Nest>> {
        let heard = self.0.as_ref()?;
        Some(heard.nest.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A guard that exits the spans when it is dropped: see [`Spans::within`].
pub(crate) struct Within<'s>(&'s Spans);

impl Drop for Within<'_> {
    fn drop(&mut self) {
        if let Some(nest) = self.0.nest() {
            nest.each().rev().for_each(exit);
        }
    }
}

impl Nest {
    fn each(&self) -> impl DoubleEndedIterator<Item = &Span> {
        iter::once(&self.run).chain(self.items.iter().map(|item| &item.span))
    }

    fn innermost(&self) -> Option<tracing::Id> {
        self.each().next_back().and_then(Span::id)
    }
}

// The guard of `tracing` would have to be dropped in the poll that made it, and not in a later one.
fn enter(span: &Span) {
    span.with_subscriber(|(id, dispatch)| dispatch.enter(id));
}

fn exit(span: &Span) {
    span.with_subscriber(|(id, dispatch)| dispatch.exit(id));
}
