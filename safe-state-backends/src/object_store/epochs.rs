//! What a list tells of a job.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use ::object_store::ObjectMeta;
use ::object_store::path::Path;

use super::layout::{Layout, Name};

/// How long a run may be paused between asking whether it has its lease and saving, to be stopped by
/// a seal still.
const SEALS_LAST: Duration = Duration::from_secs(60 * 60);

/// The epochs of a job, as they were at some instant.
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

    pub(super) fn before(mut self, epoch: u64) -> Epochs {
        self.0.split_off(&epoch);
        self
    }

    /// The epoch that the state is in: the last that anything was saved in, as each run begins with
    /// a snapshot.
    pub(super) fn current(&self) -> Option<(u64, &Epoch)> {
        let mut epochs = self.0.iter().rev();
        epochs.find(|(_, epoch)| epoch.end().is_some()).map(|(number, epoch)| (*number, epoch))
    }

    pub(super) fn holds_checkpoint(&self) -> bool {
        let end = self.current().and_then(|(_, epoch)| epoch.end());
        end.is_some_and(|end| !is_deletion(end))
    }

    /// Those whose runs may yet save, each with the number it would save next. Who took an epoch has
    /// sealed those before it when it saves anything.
    pub(super) fn open(&self) -> impl Iterator<Item = (u64, u64)> {
        let current = self.current().map_or(0, |(number, _)| number);
        self.0.range(current..).filter(|(_, epoch)| !epoch.is_sealed()).map(|(number, epoch)| {
            (*number, epoch.saved.last_key_value().map_or(0, |(last, _)| last + 1))
        })
    }

    /// What the next snapshot makes superfluous.
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
    /// What was saved last.
    fn end(&self) -> Option<&ObjectMeta> {
        self.saved.values().rev().find(|object| !is_seal(object))
    }

    fn objects(&self) -> impl Iterator<Item = &ObjectMeta> {
        self.saved.values().chain(&self.lease)
    }

    /// All of it; but for its seal, with its lease, while its run may not know of it.
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

/// Of what stands where something is saved.
pub(super) fn is_seal(object: &ObjectMeta) -> bool {
    object.size == 0
}

pub(super) fn is_deletion(object: &ObjectMeta) -> bool {
    object.size == 1
}
