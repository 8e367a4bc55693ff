//! An item's way through the stages while nothing fails: a loop is entered, its items are handed out and completed,
//! and it is left.

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
use crate::save::{Advanced, Write};

/// Enters a loop over `total` items, if its input tells.
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

/// In manual mode: enters the loop whose items checkpoints are, the first time.
pub(super) fn enter_manually(stages: &mut Stages, location: &'static str) {
    if stages.progress.is_outside() {
        // There is no input that could be wrong.
        let number = Number { depth: 0, id: 0 };
        let _ = enter(stages, number, Cow::Borrowed(location), None, IdentityKind::Index);
    }
}

/// Takes in an item of a loop by key. Returns whether it is to be done.
pub(super) fn meet(stages: &mut Stages, depth: usize, key: KeyHash) -> Result<bool, Error> {
    stages.with_stored(|progress, stored| progress.meet(stored, depth, key))
}

/// Takes in an item that is known by its cursor.
pub(super) fn reach<C: Carry>(stages: &mut Stages, depth: usize, cursor: &C) -> Result<(), Error> {
    let again = stages.values(|mut values| values.reach(depth, cursor))?;
    report_done_again(stages, again);
    Ok(())
}

/// Takes in what a loop has counted by itself, and whether an item is in flight there.
pub(super) fn settle(stages: &mut Stages, depth: usize, completed: u64, in_flight: bool) {
    stages.take_back_lent();
    stages.progress.settle(depth, completed, in_flight);
    if in_flight && depth == 0 && staged::watches_items() {
        stages.progress.position(depth).into_iter().for_each(staged::handed_out);
    }
    if in_flight
        && stages.observer.watches_items()
        && !stages.progress.runs_side_by_side(depth)
        && let Some(position) = stages.progress.position(depth)
    {
        stages.observer.handed_out(depth, position);
    }
    stages.saving.items_completed(completed);
    stages.control.requests().count(completed);
}

/// Returns whether the fingerprint of the item handed out is wanted: it may be the last before a save, or the only
/// one before a failure.
pub(super) fn wants_mark(stages: &Stages, depth: usize) -> bool {
    stages.saving.is_due_next() || stages.progress.wants_mark(depth)
}

/// What completing an item has come to.
pub(super) struct Completed {
    /// Whether there is something to do about it.
    pub(super) is_due: bool,
    pub(super) paged: Paged,
}

/// How it stands with an item and the page.
pub(super) enum Paged {
    /// It is not there.
    No,
    /// It is there, and the next items can be written there by themselves: how far the loop has come since the last
    /// record.
    Advanced(Advanced),
    /// It is to be written there by the save that comes next.
    Record,
}

/// Completes the item handed out last, whose body has ended.
#[inline]
pub(super) fn complete(stages: &mut Stages, depth: usize) -> Completed {
    stages.control.end_item();
    let was_committed = stages.commit.take_made();
    if stages.progress.complete(depth) {
        if depth == 0 && staged::completed() {
            stages.control.requests().stage_end();
        }
        let paged = page(stages);
        let position = stages.progress.position(depth);
        stages.control.completed(position.and_then(|position| position.checked_sub(1)));
        let reached = stages.progress.reached(depth);
        stages.observer.completed(depth, reached);
        let is_due = stages.saving.item_completed()
            // What is in the page outlives the process.
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

fn is_due_without_item(stages: &mut Stages, depth: usize, was_committed: bool) -> bool {
    if was_committed {
        let position = stages.progress.position(depth);
        stages.observer.completed(depth, position);
        return stages.control.requests().is_due();
    }
    // In doubt, it is the save which says that there can be none.
    stages.commit.is_in_doubt() || stages.control.requests().is_due_at_once()
}

/// Writes into the page that the item is complete, before a save is due for it, if that is all there is to write.
fn page(stages: &mut Stages) -> Paged {
    // A handle that is taken is synced, as a save to the disk is.
    let is_synced = stages.progress.has_handles() && stages.handles.are_synced();
    let paged = if !stages.saving.may_page() || is_synced {
        Paged::No
    } else {
        match stages.progress.unsaved() {
            Unpaged::Advance { loop_id, count, fingerprint } => {
                let at = Advanced { loop_id, count, fingerprint, behind: 0 };
                let is_in_page = stages.saving.begin_page(at);
                if stages.has_page(is_in_page) { Paged::Advanced(at) } else { Paged::No }
            }
            Unpaged::Record => Paged::Record,
        }
    };
    stages.saving.set_paged(!matches!(paged, Paged::No));
    paged
}

/// Returns how many items may complete until a save may be due, a fingerprint is wanted, or it may be time to
/// ask whether to go on.
pub(super) fn items_until_a_look(stages: &Stages, depth: usize) -> u64 {
    if stages.observer.watches_items() || staged::watches_items() {
        return 1;
    }
    let until_mark = stages.progress.items_until_mark(depth);
    stages.saving.budget().min(stages.control.budget()).min(until_mark)
}

/// Leaves a loop. Returns whether that is to be saved.
pub(super) fn leave(stages: &mut Stages, depth: usize) -> bool {
    stages.control.end_item();
    let _ = stages.commit.take_made();
    stages.observer.left(depth);
    stages.progress.leave(depth)
}
