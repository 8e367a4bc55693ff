//! Retrying dead letters: their items are made incomplete again.

use std::collections::HashSet;

use super::{Checkpoint, LoopEnd, LoopProgress, Mark};
use crate::limits::BEHIND_LIMIT;
use crate::timestamp::Timestamp;
use crate::{DeadLetter, DeadLetters};

/// The reason why a dead letter can't be put back.
#[derive(Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DeadLetterNotRetryable {
    /// The item is in an inner loop, of which only the completed items of the latest walk are stored.
    #[error("it is an item of a loop inside another, of which only the latest walk is stored")]
    InInnerLoop,
    /// The loop goes on behind a cursor, and the input does not give the item again.
    #[error("its loop continues after a cursor, so its input does not yield the item again")]
    BehindCursor,
    /// A `break` left a loop that knows its items by key, so the items before the `break` are not known.
    #[error("a `break` has left its loop, which knows its items by key")]
    LeftByBreak,
    /// More than 2^32 completed items come after the item; to store them apart would take much memory.
    #[error("more than 2^32 items after it are complete")]
    TooFarBack,
    /// The checkpoint of the item's slice is gone, and with it the values of the slice's other items.
    #[error(
        "the checkpoint of its slice is gone, and the results of the slice's other items with it"
    )]
    SliceLost,
}

crate::debug_is_one_line!(DeadLetterNotRetryable);

/// Puts all dead letters of the checkpoint back. Returns the number of dead letters.
pub(crate) fn put_back(
    checkpoint: &mut Checkpoint,
) -> Result<usize, (u64, DeadLetterNotRetryable)> {
    let letters: Vec<DeadLetter> = checkpoint.dead_letters.iter().collect();
    for letter in &letters {
        check(checkpoint, letter).map_err(|reason| (letter.index(), reason))?;
    }
    if !letters.is_empty() {
        close_loops(checkpoint);
        for (id, progress) in &mut checkpoint.loops {
            put_back_in(progress, letters.iter().filter(|letter| letter.loop_id == *id));
        }
        checkpoint.dead_letters = DeadLetters::default();
        checkpoint.note_finish();
        checkpoint.finished = false;
        checkpoint.updated_at = Timestamp::now();
    }
    Ok(letters.len())
}

fn check(checkpoint: &Checkpoint, letter: &DeadLetter) -> Result<(), DeadLetterNotRetryable> {
    let progress = checkpoint.loops.get(&letter.loop_id);
    if !letter.within.is_empty() || progress.is_none_or(|it| !it.within.is_empty()) {
        return Err(DeadLetterNotRetryable::InInnerLoop);
    }
    match progress {
        Some(it) if it.cursor.is_some() => Err(DeadLetterNotRetryable::BehindCursor),
        Some(it) if it.keys.is_some() && it.end == Some(LoopEnd::Left) => {
            Err(DeadLetterNotRetryable::LeftByBreak)
        }
        Some(it) if it.completed.prefix().saturating_sub(letter.index()) > BEHIND_LIMIT => {
            Err(DeadLetterNotRetryable::TooFarBack)
        }
        _ => Ok(()),
    }
}

/// Notes in `closed_at` where a `break` left a loop for good, before the other signs of it are lost.
fn close_loops(checkpoint: &mut Checkpoint) {
    let last = checkpoint.loops.iter().rfind(|(_, it)| it.within.is_empty()).map(|(id, _)| *id);
    let finished = checkpoint.finished;
    for (id, progress) in checkpoint.loops.iter_mut().filter(|(_, it)| it.within.is_empty()) {
        if progress.end == Some(LoopEnd::Left) && (finished || Some(*id) < last) {
            progress.closed_at.get_or_insert(progress.completed.prefix());
        }
    }
}

/// Makes the items of a loop's dead letters incomplete.
fn put_back_in<'a>(progress: &mut LoopProgress, letters: impl Iterator<Item = &'a DeadLetter>) {
    let mut hashes = HashSet::new();
    let mut first: Option<&DeadLetter> = None;
    for letter in letters {
        progress.completed.remove(letter.index());
        progress.samples.remove(letter.index());
        hashes.extend(letter.key);
        let item = letter.key.unwrap_or(letter.index());
        progress.attempts = progress.attempts.take().filter(|attempts| attempts.item != item);
        progress.suspect = progress.suspect.take().filter(|suspect| suspect.item != item);
        if first.is_none_or(|first| letter.index() < first.index()) {
            first = Some(letter);
        }
    }
    let Some(first) = first else { return };
    if let Some(keys) = &mut progress.keys {
        keys.remove(&hashes);
    }
    let mark = |fingerprint| Mark { index: first.index(), fingerprint };
    progress.mark = first.fingerprint.map(mark).or(progress.mark);
    progress.end = progress.end.filter(|end| *end != LoopEnd::Exhausted);
}
