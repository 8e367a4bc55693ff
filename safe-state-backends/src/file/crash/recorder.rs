//! A file system in memory that records the operations, and may deviate from what it was asked.

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};

use super::image::{Data, Image, Inode, Name, Op};
use crate::file::fs::Fs;

/// The protocol that the recorder really performs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Protocol {
    AsAsked,
    NoSyncBeforeRename,
    NoSyncAfterAppend,
    NoSyncOfDirectory,
    RenameBeforeWriting,
    RenameBeforeSync,
}

#[derive(Clone)]
pub(super) struct Recorder {
    trace: Arc<Mutex<Trace>>,
    protocol: Protocol,
}

struct Trace {
    base: Image,
    live: Image,
    ops: Vec<Op>,
    next: Inode,
    /// The number of syncs that succeed before one fails; `None` if none is to fail any more.
    good_syncs: Option<usize>,
}

impl Recorder {
    /// Creates a recorder on a disk that durably holds `base`.
    pub(super) fn new(base: Image, protocol: Protocol) -> Self {
        let next = base.files.keys().next_back().map_or(0, |last| last + 1);
        let trace = Trace { live: base.clone(), base, ops: Vec::new(), next, good_syncs: None };
        Recorder { trace: Arc::new(Mutex::new(trace)), protocol }
    }

    /// Creates a recorder on an empty disk, where one sync fails after `good_syncs` have succeeded.
    pub(super) fn failing_after(good_syncs: usize) -> Self {
        let recorder = Recorder::new(Image::default(), Protocol::AsAsked);
        recorder.trace().good_syncs = Some(good_syncs);
        recorder
    }

    /// Returns whether the sync that has to fail has come.
    pub(super) fn has_failed(&self) -> bool {
        self.trace().good_syncs.is_none()
    }

    pub(super) fn op_count(&self) -> usize {
        self.trace().ops.len()
    }

    /// Returns the first state of the disk, and the operations on it.
    pub(super) fn recorded(&self) -> (Image, Vec<Op>) {
        let trace = self.trace();
        (trace.base.clone(), trace.ops.clone())
    }

    /// Returns the present content of a file.
    pub(super) fn read(&self, path: &Path) -> Option<Vec<u8>> {
        self.trace().live.at(path).map(<[u8]>::to_vec)
    }

    /// Returns the inode that is under the path now.
    #[cfg(target_os = "linux")]
    pub(super) fn inode(&self, path: &Path) -> Option<Inode> {
        self.trace().live.names.get(path).copied()
    }

    fn trace(&self) -> MutexGuard<'_, Trace> {
        self.trace.lock().unwrap()
    }

    fn skips_sync_of(&self, inode: Inode, trace: &Trace) -> bool {
        let is_temporary = |path: &Path| path.extension().is_some_and(|ext| ext == "tmp");
        let names = &trace.live.names;
        let temporary = names.iter().any(|(path, named)| *named == inode && is_temporary(path));
        match self.protocol {
            Protocol::NoSyncBeforeRename => temporary,
            Protocol::NoSyncAfterAppend => !temporary,
            _ => false,
        }
    }

    /// Returns the position in the trace at which a rename that comes now is recorded.
    fn place_of_rename(&self, trace: &Trace) -> usize {
        let is_create = |op: &Op| matches!(op, Op::Name(Name::Create(..)));
        let is_sync = |op: &Op| matches!(op, Op::Sync(_));
        let last = |wanted: &dyn Fn(&Op) -> bool| trace.ops.iter().rposition(wanted).unwrap();
        match self.protocol {
            Protocol::RenameBeforeWriting => last(&is_create) + 1,
            Protocol::RenameBeforeSync => last(&is_sync),
            _ => trace.ops.len(),
        }
    }
}

impl Trace {
    fn push(&mut self, op: Op) {
        self.live.apply(&op);
        self.ops.push(op);
    }

    /// Records a sync, or its failure. A directory's failed sync leaves its names neither durable nor lost.
    fn sync(&mut self, good: Op, failed: Option<Op>) -> io::Result<()> {
        if self.good_syncs == Some(0) {
            self.good_syncs = None;
            if let Some(op) = failed {
                self.push(op);
            }
            return Err(io::Error::other("the disk is broken"));
        }
        self.good_syncs = self.good_syncs.map(|left| left - 1);
        self.push(good);
        Ok(())
    }
}

impl Fs for Recorder {
    type File = Inode;

    fn create(&self, path: &Path) -> io::Result<Inode> {
        self.remove(path)?;
        let mut trace = self.trace();
        let inode = trace.next;
        trace.next += 1;
        trace.push(Op::Name(Name::Create(inode, path.to_owned())));
        Ok(inode)
    }

    fn allocate(&self, file: &Inode, len: u64) -> io::Result<()> {
        let len = usize::try_from(len).unwrap();
        self.trace().push(Op::Data(*file, Data::Grow(len)));
        Ok(())
    }

    fn write_at(&self, file: &Inode, bytes: &[u8], offset: u64) -> io::Result<()> {
        let offset = usize::try_from(offset).unwrap();
        self.trace().push(Op::Data(*file, Data::Write(offset, bytes.into())));
        Ok(())
    }

    fn sync_data(&self, file: &Inode) -> io::Result<()> {
        let mut trace = self.trace();
        if self.skips_sync_of(*file, &trace) {
            return Ok(());
        }
        trace.sync(Op::Sync(*file), Some(Op::SyncFailed(*file)))
    }

    fn names(&self, name: &Path, file: &Inode) -> io::Result<bool> {
        Ok(self.trace().live.names.get(name) == Some(file))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut trace = self.trace();
        let inode = trace.live.names[from];
        let op = Op::Name(Name::Rename(inode, from.to_owned(), to.to_owned()));
        trace.live.apply(&op);
        let place = self.place_of_rename(&trace);
        trace.ops.insert(place, op);
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut trace = self.trace();
        if trace.live.names.contains_key(path) {
            trace.push(Op::Name(Name::Remove(path.to_owned())));
        }
        Ok(())
    }

    fn sync_dir(&self) -> io::Result<()> {
        if self.protocol == Protocol::NoSyncOfDirectory {
            return Ok(());
        }
        self.trace().sync(Op::SyncDir, None)
    }
}
