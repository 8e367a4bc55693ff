//! Enters a loop: finds where it goes on, and whether its input can be the one from before.

use std::borrow::Cow;

use safe_state_backends::{Checkpoint, Completed, LoopEnd, LoopProgress, Mark, NotByHand};

use super::interrupted::check_entered;
use super::loops::Loops;
use super::open_loop::OpenLoop;
use super::stored::Stored;
use crate::Error;
use crate::items::entry::{Entry, Number, WrongInput};
use crate::items::identity::IdentityKind;
use crate::items::terms::{OnChange, Terms};

/// The result of entering a loop.
#[derive(Debug)]
pub(crate) struct Entered {
    /// The items that the loop passes over, or the reason why its input is refused.
    pub(crate) entry: Result<Entry, Error>,
    /// The index of the item around the loop that the run is in.
    pub(crate) around: Option<u64>,
    /// The index of the next item to complete.
    pub(crate) position: u64,
    pub(crate) total: Option<u64>,
    /// The number of complete items, for an outermost loop that is entered for the first time in this run.
    pub(crate) resumed: Option<u64>,
    /// The number of inner items that are done again, because another item now comes before the one that they belong
    /// to.
    pub(crate) again: Option<u64>,
}

/// The part of a loop's stored state that decides how the loop goes on.
#[derive(Debug, Default)]
struct Past {
    completed: Completed,
    /// The items by which the input is recognised, in the order of their indices.
    marks: Vec<Mark>,
    /// The item at which a `break` has left the loop for good.
    closed_at: Option<u64>,
}

/// Enters a loop over `total` items; `total` is `None` if the input does not tell its length.
pub(super) fn enter(
    loops: &mut Loops,
    are_values_carried: bool,
    stored: Stored<'_>,
    (Number { depth, id: loop_id }, location): (Number, Cow<'static, str>),
    total: Option<u64>,
    (kind, terms): (IdentityKind, Terms),
) -> Result<Entered, Error> {
    // A loop that lends what it walks is entered again after each save.
    let is_again = loops.reach(depth, loop_id, location);
    let within = loops.within(depth);
    let again = check_entered(loops, loop_id, &within, stored, are_values_carried)?;
    if kind == IdentityKind::Consumed {
        check_not_by_hand(stored, loop_id)?;
    }
    let progress = stored.loop_within(loop_id, &within);
    progress
        .map_or(Ok(()), |progress| kind.check(progress))
        .map_err(|before| identity_changed(stored, before))?;
    let past =
        progress.map_or_else(Past::default, |progress| Past::of(loop_id, progress, stored, terms));
    let total = match kind {
        IdentityKind::Cursor | IdentityKind::Consumed => {
            total.map(|left| left.saturating_add(past.completed.len()))
        }
        IdentityKind::Index | IdentityKind::Key(_) => total,
    };
    // The stored state of a closed loop stays as it is.
    let open_kind = if past.closed_at.is_some() { IdentityKind::Index } else { kind };
    let open = OpenLoop::enter(loop_id, within, progress, total, open_kind);
    let position = open.position();
    let keys = progress.and_then(LoopProgress::keys).map_or(0, |keys| keys.len() as u64);
    let complete = past.completed.len().max(keys);
    let around = loops.push(open);
    let resumed = (depth == 0 && complete > 0 && !is_again).then_some(complete);
    let entry = past.entry(stored, total, kind, terms);
    Ok(Entered { entry, around, position, total, resumed, again })
}

/// Refuses what was said by hand of a loop that had not begun, and passes over nothing.
pub(crate) fn check_not_by_hand(stored: Stored<'_>, loop_id: u16) -> Result<(), Error> {
    if stored.has(|checkpoint| checkpoint.is_begun_by_hand(loop_id)) {
        return Err(Error::NotByHand { job: stored.job(), reason: NotByHand::NamedTooEarly });
    }
    Ok(())
}

impl Past {
    fn of(loop_id: u16, progress: &LoopProgress, stored: Stored<'_>, terms: Terms) -> Past {
        let compares = terms.on_input_change != OnChange::Continue;
        Past {
            completed: progress.completed().clone(),
            marks: if compares { marks(progress) } else { Vec::new() },
            closed_at: stored
                .checkpoint()
                .and_then(|checkpoint| closed_at(loop_id, checkpoint, progress, terms)),
        }
    }

    /// Returns the items that the loop passes over, or the error of an input that has become shorter.
    fn entry(
        self,
        stored: Stored<'_>,
        total: Option<u64>,
        kind: IdentityKind,
        terms: Terms,
    ) -> Result<Entry, Error> {
        let Past { completed, marks, closed_at } = self;
        match (kind, total) {
            (IdentityKind::Index, Some(total))
                if total < completed.end() && closed_at.is_none() && !terms.accepts =>
            {
                Err(input_shrank(stored.job(), completed.len(), Some(total)))
            }
            (IdentityKind::Index, _) => Ok(Entry { completed, marks, closed_at }),
            (IdentityKind::Key(_), _) if closed_at.is_some() => {
                Ok(Entry { completed, closed_at, ..Entry::default() })
            }
            (IdentityKind::Key(_) | IdentityKind::Cursor | IdentityKind::Consumed, _) => {
                Ok(Entry { closed_at: closed_at.map(|_| 0), ..Entry::default() })
            }
        }
    }
}

/// Returns the items by which the input is recognised, in the order of their indices.
fn marks(stored: &LoopProgress) -> Vec<Mark> {
    let is_complete = |mark: &&Mark| stored.completed().contains(mark.index);
    let mut marks: Vec<Mark> =
        stored.samples().marks().iter().filter(is_complete).copied().collect();
    if let Some(mark) = stored.mark()
        && let Err(at) = marks.binary_search_by_key(&mark.index, |sample| sample.index)
    {
        marks.insert(at, mark);
    }
    marks
}

/// Returns the item at which a `break` has left the loop for good: the run before had come to a later loop, or to the
/// end of the function.
fn closed_at(
    loop_id: u16,
    checkpoint: &Checkpoint,
    stored: &LoopProgress,
    terms: Terms,
) -> Option<u64> {
    if stored.closed_at().is_some() {
        return stored.closed_at();
    }
    let is_later =
        |(id, later): (u16, &LoopProgress)| id > loop_id && later.within() == stored.within();
    let is_left_behind = || checkpoint.numbered_loops().any(is_later);
    let is_closed = stored.end() == Some(LoopEnd::Left) && (terms.was_finished || is_left_behind());
    is_closed.then(|| stored.completed().prefix())
}

/// Returns the error of an input that is not the one that the checkpoint was made with.
pub(crate) fn wrong_input(job: String, completed: u64, wrong: WrongInput) -> Error {
    match wrong {
        WrongInput::TooShort => input_shrank(job, completed, None),
        WrongInput::OtherItem(index) => Error::InputChanged { job, index },
    }
}

pub(super) fn identity_changed(stored: Stored<'_>, before: &'static str) -> Error {
    Error::ItemIdentityChanged { job: stored.job(), before }
}

fn input_shrank(job: String, completed: u64, found: Option<u64>) -> Error {
    Error::InputShrank { job, completed, found }
}
