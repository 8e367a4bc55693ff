//! Workers that take no leases: each has a fixed part of the slices, and a head of its own, which the others read.

use super::SharedJob;
use crate::name::RESERVED;
use crate::{Backend, Checkpoint, Cut, Error};

/// Under what name the first worker's head has how many there are.
const PARTS: &str = "parts!";
/// Under what name a head has which submission it is of.
const SUBMISSION: &str = "submission!";

/// Which of so many workers it is, each of which has every so many-th slice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its number, from 0.
    pub number: u32,
    /// How many there are.
    pub of: u32,
}

impl Part {
    /// Whether the slice is its own.
    pub fn has(self, slice: u32) -> bool {
        slice % self.of.max(1) == self.number
    }
}

impl SharedJob {
    /// The same job, of which this process has that part alone, and no other process has it.
    pub fn with_part(self, part: Part) -> Self {
        SharedJob { part: Some(part), ..self }
    }

    /// Which part of it this process has, if it has a fixed one.
    pub fn part(&self) -> Option<Part> {
        self.part
    }

    /// The name under which this worker's head is stored.
    pub fn head_name(&self) -> String {
        name_of_head(&self.job, self.part.map_or(0, |part| part.number))
    }

    /// A head that nothing is stored of yet.
    pub fn new_head(&self, version: Option<String>) -> Checkpoint {
        let mut head = Checkpoint::new(self.head_name(), version);
        head.note(PARTS, self.part.map(|part| part.of));
        head
    }

    /// The head that is this worker's own.
    ///
    /// # Errors
    ///
    /// The backend cannot be read.
    pub fn own_head(&self) -> Result<Option<Checkpoint>, Error> {
        Checkpoint::load(&*self.backend, &self.head_name())
    }

    /// Removes what is stored of the slices of a head that are this worker's to remove.
    ///
    /// # Errors
    ///
    /// A worker has one of them; or the backend cannot be written.
    pub fn clear_own_slices(&self, head: &Checkpoint) -> Result<(), Error> {
        let Some(part) = self.part else { return self.clear_slices(head) };
        for slices in head.slices() {
            for slice in (0..slices.count).filter(|slice| part.has(*slice)) {
                self.backend.delete(&self.slice_name(slices.loop_id, slice))?;
            }
        }
        Ok(())
    }

    /// The heads of the other workers with a fixed part, that are of the same submission.
    ///
    /// # Errors
    ///
    /// The backend cannot be read.
    pub fn other_heads(&self, own: &Checkpoint) -> Result<Vec<Checkpoint>, Error> {
        match self.part {
            Some(part) => other_heads(&*self.backend, &self.job, own, part),
            None => Ok(Vec::new()),
        }
    }
}

fn name_of_head(job: &str, number: u32) -> String {
    match number {
        0 => job.to_owned(),
        number => format!("{RESERVED}shared/part/{number}/{job}"),
    }
}

fn other_heads(
    backend: &dyn Backend,
    job: &str,
    own: &Checkpoint,
    part: Part,
) -> Result<Vec<Checkpoint>, Error> {
    let mut heads = Vec::new();
    for number in (0..part.of).filter(|number| *number != part.number) {
        let head = Checkpoint::load(backend, &name_of_head(job, number))?;
        heads.extend(head.filter(|head| head.noted(SUBMISSION) == own.noted(SUBMISSION)));
    }
    Ok(heads)
}

/// The head of a job with what workers with a fixed part have done, if there are such.
///
/// # Errors
///
/// The backend cannot be read.
pub fn with_parts(
    backend: &dyn Backend,
    job: &str,
    mut head: Checkpoint,
) -> Result<Checkpoint, Error> {
    let Some(of) = head.noted(PARTS) else { return Ok(head) };
    for other in other_heads(backend, job, &head, Part { number: 0, of })? {
        head.take_in_part(&other);
    }
    Ok(head)
}

/// Removes the heads of the workers but the first.
pub(super) fn clear_parts(
    backend: &dyn Backend,
    job: &str,
    head: &Checkpoint,
) -> Result<(), Error> {
    for number in 1..head.noted(PARTS).unwrap_or(0) {
        backend.delete(&name_of_head(job, number))?;
    }
    Ok(())
}

/// Whether its workers have fixed parts.
pub(super) fn has_parts(head: &Checkpoint) -> bool {
    head.noted(PARTS).is_some()
}

impl Checkpoint {
    /// In what two heads of one job differ that should not.
    pub fn differs_in(&self, other: &Checkpoint) -> Option<&'static str> {
        let is_argument = |(name, _): &(&String, &u32)| !name.contains('!');
        let arguments = |of: &Checkpoint| -> Vec<(String, u32)> {
            of.arguments.iter().filter(is_argument).map(|(name, it)| (name.clone(), *it)).collect()
        };
        if self.version != other.version {
            return Some("version");
        }
        if self.code != other.code {
            return Some("code");
        }
        (arguments(self) != arguments(other)).then_some("argument")
    }

    /// Takes in what another worker has done, none of whose slices are this one's.
    pub(super) fn take_in_part(&mut self, other: &Checkpoint) {
        for theirs in other.slices() {
            let mut slices = theirs.clone();
            if let Some(ours) = self.slices_of(theirs.loop_id) {
                slices.finished.merge(&ours.finished);
            }
            let (id, is_by_key) = (theirs.loop_id, theirs.cut == Cut::Key);
            self.workers.set_slices(slices);
            let Some(progress) = other.loops.get(&id) else { continue };
            match self.loops.get_mut(&id) {
                None => _ = self.loops.insert(id, progress.clone()),
                Some(ours) if is_by_key => ours.complete_more(progress.completed().len()),
                Some(ours) => progress.completed().ranges().for_each(|it| ours.complete_range(it)),
            }
        }
        other.merges().for_each(|merge| self.workers.set_merge(merge));
        for (name, value) in &other.carried {
            self.carried.entry(name.clone()).or_insert_with(|| value.clone());
        }
        self.dead_letters.add(&other.dead_letters);
        self.skipped = self.skipped.saturating_add(other.skipped);
        self.updated_at = self.updated_at.max(other.updated_at);
    }
}
