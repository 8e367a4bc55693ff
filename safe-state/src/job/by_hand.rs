//! Changes by hand to what is stored of a job.

use std::collections::HashSet;
use std::iter::once;

use safe_state_backends::{Carry, Checkpoint, Keys, LoopProgress, NotByHand};
use safe_state_base::stored;
use serde::Serialize;

use super::Job;
use crate::Error;
use crate::items::key;
use crate::items::keyed::MET;

/// Changes what is stored of a job by hand: see [`Job::by_hand`].
///
/// Each change is one save, under the job's lease: while a run is under way, it is refused, and the error tells
/// [who runs the job](Error::holder). `cancel` ends the run first. A job that has not begun has a checkpoint from then on,
/// which its first run takes over. Items count by the first loop of the function, unless [`in_loop`](Self::in_loop) says
/// otherwise; loops inside others, loops that take what they do from a carried variable, and loops whose input gives each
/// item once can't be changed in this way. What is said of such a loop before it has begun is an error of its first run.
#[derive(Clone, Copy, Debug)]
pub struct ByHand<'a> {
    job: &'a Job,
    loop_id: u16,
}

impl<'a> ByHand<'a> {
    pub(crate) fn new(job: &'a Job) -> Self {
        ByHand { job, loop_id: 0 }
    }

    /// Applies the change to the loop `number`, counted from 0 in the function's text.
    #[must_use]
    pub fn in_loop(self, number: u16) -> Self {
        ByHand { loop_id: number, ..self }
    }

    /// Gives up the item `index`: runs pass over it, as if it were complete, and it counts as skipped. Returns whether
    /// the item was incomplete before.
    ///
    /// ```
    /// use safe_state::{Error, Job};
    ///
    /// # let dir = tempfile::tempdir().unwrap();
    /// let mail = Job::new("mail").state_dir(dir.path());
    /// mail.by_hand().skip(1)?;
    /// let mut sent = Vec::new();
    /// mail.run(0..3, |item| Ok::<(), Error>(sent.push(item)))?;
    /// assert_eq!(sent, [0, 2]);
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::NotByHand`] if the loop does not know its items by index, or the item was interrupted in the middle of a
    /// loop inside it; the job is running; or the backend cannot be read or written.
    pub fn skip(self, index: u64) -> Result<bool, Error> {
        self.change(|it, loop_id| {
            let added = it.complete_by_hand(loop_id, once(index..index.saturating_add(1)))?;
            it.count_skipped(added);
            Ok(added > 0)
        })
    }

    /// Gives up the item with the key `key`, in a loop that identifies items by key. Returns whether the item was
    /// incomplete before.
    ///
    /// # Errors
    ///
    /// [`Error::NotByHand`] if the loop does not identify items by key, or hashes keys by their type's `Hash`;
    /// [`Error::KeyNotSerializable`]; the job is running; or the backend cannot be read or written.
    pub fn skip_key(self, key: &(impl Serialize + ?Sized)) -> Result<bool, Error> {
        let hash = self.hash(key, 0)?;
        self.change(|it, loop_id| {
            let added = it.complete_keys_by_hand(loop_id, &[hash])?;
            it.count_skipped(added);
            Ok(added > 0)
        })
    }

    /// Marks the items in front of `index` complete, as done elsewhere. Returns how many of them were incomplete
    /// before.
    ///
    /// # Errors
    ///
    /// The same errors as [`skip`](Self::skip).
    pub fn complete_until(self, index: u64) -> Result<u64, Error> {
        self.change(|it, loop_id| it.complete_by_hand(loop_id, once(0..index)))
    }

    /// Marks the items with the keys `keys` complete, as done elsewhere. Returns how many of them were incomplete
    /// before.
    ///
    /// # Errors
    ///
    /// The same errors as [`skip_key`](Self::skip_key).
    pub fn complete_keys<K: Serialize>(
        self,
        keys: impl IntoIterator<Item = K>,
    ) -> Result<u64, Error> {
        let keys = (0..).zip(keys).map(|(at, key)| self.hash(&key, at));
        let hashes: Vec<u64> = keys.collect::<Result<_, _>>()?;
        self.change(|it, loop_id| it.complete_keys_by_hand(loop_id, &hashes))
    }

    /// Lets the loop go on behind `cursor`, as if the item that the cursor names were the last complete one. In the
    /// next run `cursor!()` gives this cursor.
    ///
    /// # Errors
    ///
    /// [`Error::NotByHand`] if the loop does not go on behind a cursor; the cursor can't be stored; the job is running; or
    /// the backend cannot be read or written.
    pub fn continue_after(self, cursor: &impl Carry) -> Result<(), Error> {
        let stored = cursor.change("cursor!()", Vec::new(), None);
        let stored =
            stored.map_err(|carried| Error::Carried { job: self.job.name.clone(), carried })?;
        let Some(stored) = stored else { return Ok(()) };
        self.change(|it, loop_id| it.continue_after(loop_id, stored.value.with_names()))
    }

    fn hash(self, key: &(impl Serialize + ?Sized), index: u64) -> Result<u64, Error> {
        let job = || self.job.name.clone();
        let hash = key::serialized(key);
        let hash =
            hash.map_err(|reason| Error::KeyNotSerializable { job: job(), index, reason })?;
        Ok(hash.hash)
    }

    fn change<T>(
        self,
        change: impl FnOnce(&mut Checkpoint, u16) -> Result<T, NotByHand>,
    ) -> Result<T, Error> {
        let ByHand { job, loop_id } = self;
        let options = job.lease_options();
        stored::change(job.stored_in()?, &job.name, options, |it| change(it, loop_id))
    }
}

/// Under what name a checkpoint has how many loops know items by key, if they are several.
const KEYED_LOOPS: &str = "keyed-loops!";

/// Notes that several loops of the job know items by key: until all of them have begun, nothing else tells.
pub(crate) fn note_keyed_loops(job: &Job, checkpoint: &mut Checkpoint) {
    let count = job.expected.runs.keyed_loops;
    checkpoint.forget_note(KEYED_LOOPS);
    checkpoint.note(KEYED_LOOPS, (count > 1).then_some(count));
}

/// The keys of a job's complete items, as they were when [`Job::completed_keys`] was called.
#[derive(Clone, Debug, Default)]
pub struct CompletedKeys(HashSet<u64>);

impl CompletedKeys {
    /// Those of the loop that knows items by key; none if several do.
    pub(crate) fn of(checkpoint: &Checkpoint) -> Option<Self> {
        let mut keyed = checkpoint.loops().filter_map(LoopProgress::keys);
        let first = keyed.next();
        let is_only = keyed.next().is_none() && checkpoint.noted(KEYED_LOOPS).is_none();
        is_only.then(|| first.map(CompletedKeys::from).unwrap_or_default())
    }

    /// Those of the loop of that number.
    pub(crate) fn of_loop(checkpoint: &Checkpoint, number: u16) -> Self {
        let keys = checkpoint.loop_progress(number).and_then(LoopProgress::keys);
        keys.map(CompletedKeys::from).unwrap_or_default()
    }

    /// Returns whether an item with that key is complete. One that its type's `Hash` makes is not known here. Of several
    /// items with the key, one is: so do not leave out by it items whose keys may be equal.
    pub fn contains(&self, key: &(impl Serialize + ?Sized)) -> bool {
        key::serialized(key).is_ok_and(|key| self.0.contains(&(key.hash & !MET)))
    }

    /// Returns the number of complete keys.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns whether no key is complete.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<&Keys> for CompletedKeys {
    fn from(keys: &Keys) -> Self {
        CompletedKeys(keys.hashes().iter().map(|hash| hash & !MET).collect())
    }
}
