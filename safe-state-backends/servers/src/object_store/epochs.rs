//! The state of a job as a list of its objects shows it.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use ::object_store::ObjectMeta;
use ::object_store::path::Path;

use super::layout::{Layout, Name};

/// The time for which a run may be paused between checking its lease and saving, and still be stopped by a seal.
const SEALS_LAST: Duration = Duration::from_secs(60 * 60);

/// The epochs of a job, as of one instant.
#[derive(Default)]
pub(super) struct Epochs(BTreeMap<u64, Epoch>);

#[derive(Default)]
pub(super) struct Epoch {
    lease: Option<ObjectMeta>,
    pub(super) saved: BTreeMap<u64, ObjectMeta>,
}

impl Epochs {
    pub(super) fn add(&mut self, name: &Name, object: ObjectMeta) {
        match *name {
            Name::Lease { epoch } => self.0.entry(epoch).or_default().lease = Some(object),
            Name::Saved { epoch, number } => {
                self.0.entry(epoch).or_default().saved.insert(number, object);
            }
        }
    }

    pub(super) fn last(&self) -> Option<u64> {
        self.0.last_key_value().map(|(epoch, _)| *epoch)
    }

    /// Returns the lease of the last epoch.
    pub(super) fn lease(&self) -> Option<&ObjectMeta> {
        self.0.values().next_back()?.lease.as_ref()
    }

    pub(super) fn before(mut self, epoch: u64) -> Epochs {
        self.0.split_off(&epoch);
        self
    }

    /// Returns the epoch that has the present state: the last one in which anything was saved, as each run begins with a
    /// snapshot.
    pub(super) fn current(&self) -> Option<(u64, &Epoch)> {
        let mut epochs = self.0.iter().rev();
        epochs.find(|(_, epoch)| epoch.end().is_some()).map(|(number, epoch)| (*number, epoch))
    }

    pub(super) fn holds_checkpoint(&self) -> bool {
        let end = self.current().and_then(|(_, epoch)| epoch.end());
        end.is_some_and(|end| !is_deletion(end))
    }

    /// Returns the epochs whose runs may still save, each with the number of its next save. A run that took an epoch has sealed
    /// those before it by the time of its first save.
    pub(super) fn open(&self) -> impl Iterator<Item = (u64, u64)> {
        let current = self.current().map_or(0, |(number, _)| number);
        self.0.range(current..).filter(|(_, epoch)| !epoch.is_sealed()).map(|(number, epoch)| {
            (*number, epoch.saved.last_key_value().map_or(0, |(last, _)| last + 1))
        })
    }

    /// Returns the objects that the next snapshot makes superfluous.
    pub(super) fn stale(&self) -> Vec<Path> {
        let objects = self.0.values().flat_map(Epoch::objects);
        let now = objects.map(|object| object.last_modified).max().map(SystemTime::from);
        let stale = self.0.values().flat_map(|epoch| epoch.stale(now));
        stale.map(|object| object.location.clone()).collect()
    }

    pub(super) fn of(layout: &Layout, objects: Vec<ObjectMeta>) -> BTreeMap<String, Epochs> {
        let mut jobs = BTreeMap::<String, Epochs>::new();
        for object in objects {
            if let Some((key, name)) = layout.read(&object.location) {
                jobs.entry(key).or_default().add(&name, object);
            }
        }
        jobs
    }
}

impl Epoch {
    /// Returns the object that was saved last.
    fn end(&self) -> Option<&ObjectMeta> {
        self.saved.values().rev().find(|object| !is_seal(object))
    }

    fn objects(&self) -> impl Iterator<Item = &ObjectMeta> {
        self.saved.values().chain(&self.lease)
    }

    /// Returns the epoch's superfluous objects: all of them; but its seal and its lease stay while its run may not know of the
    /// seal.
    fn stale(&self, now: Option<SystemTime>) -> impl Iterator<Item = &ObjectMeta> {
        let age = |lease: &ObjectMeta| now?.duration_since(lease.last_modified.into()).ok();
        let lost = self.lease.as_ref().filter(|lease| lease.size > 0);
        let keeps = lost.is_some_and(|lease| age(lease).is_none_or(|age| age < SEALS_LAST));
        self.objects().filter(move |object| !keeps || object.size > 0 && Some(*object) != lost)
    }

    fn is_sealed(&self) -> bool {
        self.saved.values().next_back().is_some_and(is_seal)
    }
}

/// Returns whether an object in the place of a save is a seal.
pub(super) fn is_seal(object: &ObjectMeta) -> bool {
    object.size == 0
}

pub(super) fn is_deletion(object: &ObjectMeta) -> bool {
    object.size == 1
}
