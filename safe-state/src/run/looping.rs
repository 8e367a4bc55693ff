//! An item's way through the stages while nothing fails: the loop is entered, its items are handed out and completed,
//! and the loop is left.

use std::borrow::Cow;

use safe_state_backends::Carry;
use safe_state_backends::format::Change;

use super::stages::Stages;
use crate::Error;
use crate::control::staged;
use crate::items::entry::{Entry, Number};
use crate::items::identity::IdentityKind;
use crate::items::key::KeyHash;
use crate::progress::{Entered, Unpaged};
use crate::save::{Advanced, Begun, EndMarks, Write};

/// Enters a loop over `total` items; `total` is `None` if the input does not tell its length.
pub(super) fn enter(
    stages: &mut Stages,
    number: Number,
    location: Cow<'static, str>,
    total: Option<u64>,
    kind: IdentityKind,
) -> Result<Entry, Error> {
    let terms = stages.session.terms;
    let entered = stages.with_stored(|progress, stored| {
        progress.enter(stored, (number, location), total, (kind, terms))
    });
    let Entered { mut entry, around, mut position, total, resumed, again } = entered?;
    if let (Ok(entry), Some(total)) = (&mut entry, total)
        && entry.is_longer_than(total)
    {
        // Else it was refused.
        shrink(stages, number.depth, total)?;
        entry.completed.truncate(total);
        position = position.min(total);
    }
    report_done_again(stages, again);
    if let (Some(store), Some(complete)) = (stages.saving.store(), resumed) {
        let checkpoint = store.checkpoint();
        let (run, item_time) = (checkpoint.run_count(), checkpoint.typical_item_time());
        stages.observer.events().resumed(run, complete, item_time);
    }
    stages.observer.entered(number.depth, around, position, total);
    entry
}

/// Takes in that the input of a loop has only so many items, which is accepted, and saves it at once: a run that dies
/// behind it has accepted it.
pub(super) fn shrink(stages: &mut Stages, depth: usize, total: u64) -> Result<(), Error> {
    match stages.progress.shrink(depth, total) {
        Some(change) if stages.saving.is_stored() => {
            let change = Change { loops: vec![change], ..Change::default() };
            stages.write(Write::Save(change.into()))
        }
        _ => Ok(()),
    }
}

fn report_done_again(stages: &mut Stages, again: impl IntoIterator<Item = u64>) {
    for completed in again {
        stages.observer.events().inner_items_again(completed);
    }
}

/// Enters the loop of a job in manual mode at the first checkpoint. The checkpoints are the loop's items.
pub(super) fn enter_manually(stages: &mut Stages, location: &'static str) {
    if stages.progress.is_outside() {
        // A loop without an input has no wrong input, so the result has no error.
        let number = Number { depth: 0, id: 0 };
        let _ = enter(stages, number, Cow::Borrowed(location), None, IdentityKind::Index);
    }
}

/// Notes an item of a loop by key. Returns whether the item is to be done.
pub(super) fn meet(stages: &mut Stages, depth: usize, key: KeyHash) -> Result<bool, Error> {
    stages.with_stored(|progress, stored| progress.meet(stored, depth, key))
}

/// Notes the item that is next in a loop by cursor.
pub(super) fn reach<C: Carry>(stages: &mut Stages, depth: usize, cursor: &C) -> Result<(), Error> {
    let again = stages.values(|mut values| values.reach(depth, cursor))?;
    report_done_again(stages, again);
    Ok(())
}

/// Adds the items that a loop has counted by itself, and notes whether an item is in flight in it.
pub(super) fn settle(stages: &mut Stages, depth: usize, completed: u64, in_flight: bool) {
    let settled = stages.take_back_lent();
    stages.progress.settle(depth, completed.saturating_sub(settled), in_flight);
    if in_flight && depth == 0 && staged::watches_items() {
        let position = stages.progress.position(depth);
        position.map(|at| stages.observer.index(at)).into_iter().for_each(staged::handed_out);
    }
    if in_flight
        && stages.observer.watches_items()
        && !stages.progress.runs_side_by_side(depth)
        && let Some(position) = stages.progress.position(depth)
    {
        stages.observer.handed_out(depth, position);
    }
    if in_flight
        && stages.saving.times_items()
        && !stages.progress.runs_side_by_side(depth)
        && let Some(position) = stages.progress.position(depth)
    {
        stages.saving.item_begins(depth, position);
    }
    stages.observer.counted(depth, completed);
    stages.saving.items_completed(completed);
    stages.control.requests().count(completed);
}

/// Returns whether the fingerprint of the item in flight is wanted: the item may be the last before a save, or the only
/// one before a failure.
pub(super) fn wants_mark(stages: &Stages, depth: usize) -> bool {
    stages.saving.is_due_next() || stages.progress.wants_mark(depth)
}

/// The result of completing an item.
pub(super) struct Completed {
    /// Whether a save or a request is due.
    pub(super) is_due: bool,
    pub(super) paged: Paged,
}

/// The state of a completed item with regard to the page.
pub(super) enum Paged {
    /// The item is not in the page.
    No,
    /// The item is in the page, and the loop can write the next items there by itself. The value is how far the loop
    /// has come since the last record.
    Advanced(Advanced),
    /// The next save has to write the item into the page.
    Record,
    /// The window of the page has the item.
    Window,
}

/// Completes the item that was handed out last, whose body has ended. `rewritten` is what the page says, if it has the item and
/// the values of carried variables already.
#[inline]
pub(super) fn complete(
    stages: &mut Stages,
    depth: usize,
    rewritten: Option<Advanced>,
) -> Completed {
    stages.control.end_item();
    let was_committed = stages.commit.take_made();
    if complete_item(stages, depth) {
        if depth == 0 && staged::completed() {
            stages.control.requests().stage_end();
        }
        let position = stages.progress.position(depth);
        let paged = page(stages, depth, rewritten);
        stages.control.completed(position.and_then(|position| position.checked_sub(1)));
        let reached = stages.progress.reached(depth);
        stages.observer.completed(depth, reached);
        let is_due = stages.saving.item_completed()
            // Items in the page outlive the process, so they need no save when memory is tight.
            || (matches!(paged, Paged::No)
                && stages.control.is_memory_tight()
                && stages.saving.hurries());
        let is_asked = stages.control.requests().is_due();
        let takes_next = matches!(paged, Paged::Record);
        stages.saving.take_next(takes_next, !is_asked);
        return Completed { is_due: is_asked || is_due || takes_next, paged };
    }
    let is_due = is_due_without_item(stages, depth, was_committed);
    Completed { is_due, paged: Paged::No }
}

/// Completes items side by side, which nobody has to attend to, in a loop inside `depth` others. Stops before one with
/// which a save or a look may be due. Returns how many of the items are complete now.
pub(super) fn complete_beside(stages: &mut Stages, depth: usize, items: &[u64]) -> usize {
    let budget = items_beside(stages);
    let most = usize::try_from(budget - 1).unwrap_or(usize::MAX).min(items.len());
    // An item that the page has only as a record needs to be attended to.
    let is_paged = stages.saving.page().may_be_used();
    let may_go_beside = |index: &&u64| !is_paged || stages.saving.page().is_in_window(**index);
    let beside = items[..most].iter().take_while(may_go_beside);
    let count = beside.take_while(|index| stages.progress.complete_beside(depth, **index)).count();
    if count > 0 {
        stages.observer.counted(depth, count as u64);
        stages.saving.items_completed(count as u64);
        stages.control.requests().count(count as u64);
    }
    count
}

/// Returns how many items side by side may complete until a save may be due, or it may be time to look for requests; 1
/// if each item is looked at.
fn items_beside(stages: &Stages) -> u64 {
    if stages.observer.watches_items() || staged::watches_items() || stages.saving.times_items() {
        return 1;
    }
    stages.saving.budget().min(stages.control.budget())
}

/// Returns how many items may be handed out before there is a thread for them, if they are short: as many as make no
/// difference to what a crash puts at risk, to the pace, or to what is seen of each item.
pub(super) fn items_ahead(stages: &Stages, depth: usize) -> u64 {
    if stages.session.sharing.is_some()
        || stages.observer.watches_items()
        || staged::watches_items()
        || stages.saving.times_items()
        || stages.control.is_paced()
        || stages.progress.gives_once(depth)
        || (stages.saving.page().may_be_used() && !stages.saving.page().may_have_window())
    {
        return 0;
    }
    match stages.saving.items_at_risk() {
        // With a page, the file is written after a time.
        1 if stages.saving.page().may_be_used() => u64::MAX,
        at_risk => at_risk / 2,
    }
}

/// Returns the handle by which whoever ends an item of the loop notes that in the page at once. The loop's items complete in any
/// order, and each is complete when its body has come to its end.
pub(super) fn end_marks(stages: &mut Stages, depth: usize) -> EndMarks {
    let is_by_index = stages.progress.beside(depth).knows_by_index();
    // A slice ends with the loop, and its page with it.
    if is_by_index && stages.session.sharing.is_none() {
        stages.saving.page_writer().wants_window()
    } else {
        EndMarks::default()
    }
}

/// Makes the page follow the save that was made last, with the window of a loop whose items run side by side. Opens the window
/// if it `may_open`.
pub(super) fn settle_window(stages: &mut Stages, depth: usize, may_open: bool) {
    if stages.saving.page().may_have_window()
        && matches!(stages.progress.unsaved(), Unpaged::Beside)
        && let Some(items) = stages.progress.beside(depth).items()
    {
        let settled = stages.saving.page_writer().settle_window(items, may_open);
        stages.of_page(settled, ());
    }
}

/// Writes into the page up to where the items are complete that have ended and need no record, and which have begun.
pub(super) fn advance_window(stages: &mut Stages, depth: usize) {
    if stages.saving.page().has_window()
        && matches!(stages.progress.unsaved(), Unpaged::Beside)
        && let Some(items) = stages.progress.beside(depth).items()
    {
        let advanced = stages.saving.page_writer().advance_window(items);
        stages.of_page(advanced, ());
    }
}

/// Completes the item in flight inside `depth` loops, and times it if the job asks for that. Returns whether an item was
/// in flight.
#[inline]
pub(super) fn complete_item(stages: &mut Stages, depth: usize) -> bool {
    if stages.saving.times_items() {
        complete_timed(stages, depth)
    } else {
        stages.progress.complete(depth)
    }
}

#[cold]
fn complete_timed(stages: &mut Stages, depth: usize) -> bool {
    let index = stages.progress.position(depth).unwrap_or_default();
    let time = stages.saving.time_of(depth, index);
    let slow = time.filter(|(_, is_slow)| *is_slow);
    let slow = slow.and_then(|(nanos, _)| stages.progress.slow_item(depth, nanos));
    let is_complete = stages.progress.complete(depth);
    if let Some((nanos, _)) = time.filter(|_| is_complete) {
        stages.saving.item_timed((depth, index), nanos, slow);
    }
    is_complete
}

fn is_due_without_item(stages: &mut Stages, depth: usize, was_committed: bool) -> bool {
    if was_committed {
        if depth == 0 && staged::completed() {
            stages.control.requests().stage_end();
        }
        let position = stages.progress.position(depth);
        stages.observer.completed(depth, position);
        return stages.control.requests().is_due();
    }
    // While a commit is in doubt, the save that follows returns the error.
    stages.commit.is_in_doubt() || stages.control.requests().is_due_at_once()
}

/// Writes into the page that the item is complete, before a save is due for it, if nothing else changed.
fn page(stages: &mut Stages, depth: usize, rewritten: Option<Advanced>) -> Paged {
    if let Some(at) = rewritten {
        stages.saving.set_paged(true);
        return Paged::Advanced(at);
    }
    // A handle is synced when it is taken, as in a save to the disk, so a page would gain nothing.
    let is_synced = stages.progress.has_handles() && stages.handles.are_synced();
    let paged = if !stages.saving.page().may_be_used() || is_synced {
        Paged::No
    } else {
        match stages.progress.unsaved() {
            Unpaged::Items(items) => {
                let begun = stages.saving.page_writer().begin(items);
                match stages.of_page(begun, Begun::NoPage) {
                    Begun::InPage(at) => Paged::Advanced(at),
                    Begun::NoRoom => Paged::Record,
                    Begun::NoPage => Paged::No,
                }
            }
            Unpaged::Beside => {
                let index = stages.progress.position(depth).and_then(|next| next.checked_sub(1));
                if index.is_some_and(|index| stages.saving.page().is_in_window(index)) {
                    Paged::Window
                } else {
                    stages.progress.beside(depth).need_record();
                    Paged::Record
                }
            }
            Unpaged::Record => Paged::Record,
        }
    };
    stages.saving.set_paged(!matches!(paged, Paged::No));
    paged
}

/// Returns how many items may complete until a save may be due, a fingerprint is wanted, or it may be time to look for
/// requests.
pub(super) fn items_until_a_look(stages: &Stages, depth: usize) -> u64 {
    if stages.observer.watches_items() || staged::watches_items() || stages.saving.times_items() {
        return 1;
    }
    let until_mark = stages.progress.items_until_mark(depth);
    stages.saving.budget().min(stages.control.budget()).min(until_mark)
}

/// Leaves a loop. Returns whether that has to be saved.
pub(super) fn leave(stages: &mut Stages, depth: usize) -> bool {
    stages.control.end_item();
    let _ = stages.commit.take_made();
    if stages.progress.runs_side_by_side(depth) {
        stages.saving.page_writer().close_window();
    }
    stages.observer.left(depth);
    stages.saving.loop_left(depth);
    stages.progress.leave(depth)
}
