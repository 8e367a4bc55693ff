//! Provides a file system in memory that takes every write, and says of some later that there was no room. It says so
//! at each write of the same handle from then on, up to the next sync or flush, as sshfs does. Mounting it takes root.
//!
//! An error of a write is not enough to know of a lost write. If the kernel has not read the first page before, it
//! hands on a `write` that crosses the border of a page as two. If the second one fails, the call says that the first
//! was written, and returns no error.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use fastrand::Rng;
use fuser::{
    BackgroundSession, BsdFileFlags, Config, Errno, FileAttr, FileHandle, FileType, Filesystem,
    FopenFlags, Generation, INodeNo, LockOwner, MountOption, OpenFlags, ReplyAttr, ReplyCreate,
    ReplyData, ReplyEmpty, ReplyEntry, ReplyOpen, ReplyWrite, Request, TimeOrNow, WriteFlags,
};

const TTL: Duration = Duration::ZERO;

/// A mounted file system that loses writes.
pub(crate) struct Late {
    lost: Arc<AtomicU64>,
    _mounted: BackgroundSession,
}

impl Late {
    /// Mounts a file system that loses one write in `one_in`; none if that is 0.
    pub(crate) fn mount(at: &Path, one_in: u32, seed: u64) -> Self {
        let lost = Arc::default();
        let files =
            Files { one_in, lost: Arc::clone(&lost), stored: Mutex::new(Stored::new(seed)) };
        let mut config = Config::default();
        config.mount_options = vec![MountOption::FSName("late".to_owned())];
        let mounted = fuser::spawn_mount(files, at, &config)
            .expect("this test mounts a file system of its own, which takes root and /dev/fuse");
        Late { lost, _mounted: mounted }
    }

    /// Returns the number of lost writes.
    pub(crate) fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }
}

struct Files {
    one_in: u32,
    lost: Arc<AtomicU64>,
    stored: Mutex<Stored>,
}

struct Stored {
    names: BTreeMap<OsString, u64>,
    files: BTreeMap<u64, Vec<u8>>,
    /// The handles whose last write was lost.
    failed: Vec<u64>,
    handles: u64,
    rng: Rng,
}

impl Stored {
    fn new(seed: u64) -> Self {
        let rng = Rng::with_seed(seed);
        let (names, files) = (BTreeMap::new(), BTreeMap::new());
        Stored { names, files, failed: Vec::new(), handles: 0, rng }
    }

    fn attributes(&self, number: INodeNo) -> Option<FileAttr> {
        let is_root = number == INodeNo::ROOT;
        let size = if is_root { 0 } else { self.files.get(&number.0)?.len() as u64 };
        let kind = if is_root { FileType::Directory } else { FileType::RegularFile };
        Some(FileAttr {
            ino: number,
            size,
            blocks: size.div_ceil(512),
            atime: UNIX_EPOCH,
            mtime: UNIX_EPOCH,
            ctime: UNIX_EPOCH,
            crtime: UNIX_EPOCH,
            kind,
            perm: if is_root { 0o755 } else { 0o644 },
            nlink: 1,
            uid: 0,
            gid: 0,
            rdev: 0,
            blksize: 4096,
            flags: 0,
        })
    }

    fn open(&mut self) -> FileHandle {
        self.handles += 1;
        FileHandle(self.handles)
    }

    /// Returns whether a write through the handle was lost.
    fn has_failed(&self, handle: FileHandle) -> bool {
        self.failed.contains(&handle.0)
    }

    /// Returns whether a write through the handle was lost, and forgets it.
    fn settle(&mut self, handle: FileHandle) -> bool {
        let has_failed = self.has_failed(handle);
        self.failed.retain(|failed| *failed != handle.0);
        has_failed
    }
}

impl Files {
    fn stored(&self) -> MutexGuard<'_, Stored> {
        self.stored.lock().unwrap()
    }

    fn settled(&self, handle: FileHandle, reply: ReplyEmpty) {
        if self.stored().settle(handle) { reply.error(Errno::ENOSPC) } else { reply.ok() }
    }
}

impl Filesystem for Files {
    fn lookup(&self, _: &Request, _: INodeNo, name: &OsStr, reply: ReplyEntry) {
        let stored = self.stored();
        let number = stored.names.get(name).copied().map(INodeNo);
        match number.and_then(|number| stored.attributes(number)) {
            Some(attributes) => reply.entry(&TTL, &attributes, Generation(0)),
            None => reply.error(Errno::ENOENT),
        }
    }

    fn getattr(&self, _: &Request, number: INodeNo, _: Option<FileHandle>, reply: ReplyAttr) {
        match self.stored().attributes(number) {
            Some(attributes) => reply.attr(&TTL, &attributes),
            None => reply.error(Errno::ENOENT),
        }
    }

    fn setattr(
        &self,
        _: &Request,
        number: INodeNo,
        _: Option<u32>,
        _: Option<u32>,
        _: Option<u32>,
        size: Option<u64>,
        _: Option<TimeOrNow>,
        _: Option<TimeOrNow>,
        _: Option<SystemTime>,
        _: Option<FileHandle>,
        _: Option<SystemTime>,
        _: Option<SystemTime>,
        _: Option<SystemTime>,
        _: Option<BsdFileFlags>,
        reply: ReplyAttr,
    ) {
        let mut stored = self.stored();
        if let (Some(size), Some(file)) = (size, stored.files.get_mut(&number.0)) {
            file.resize(size.try_into().unwrap(), 0);
        }
        match stored.attributes(number) {
            Some(attributes) => reply.attr(&TTL, &attributes),
            None => reply.error(Errno::ENOENT),
        }
    }

    fn create(
        &self,
        _: &Request,
        _: INodeNo,
        name: &OsStr,
        _: u32,
        _: u32,
        _: i32,
        reply: ReplyCreate,
    ) {
        let mut stored = self.stored();
        let number = 2 + stored.files.len() as u64;
        stored.names.insert(name.to_owned(), number);
        stored.files.insert(number, Vec::new());
        let handle = stored.open();
        let attributes = stored.attributes(INodeNo(number)).unwrap();
        reply.created(&TTL, &attributes, Generation(0), handle, FopenFlags::empty());
    }

    fn open(&self, _: &Request, _: INodeNo, _: OpenFlags, reply: ReplyOpen) {
        let handle = self.stored().open();
        reply.opened(handle, FopenFlags::empty());
    }

    fn read(
        &self,
        _: &Request,
        number: INodeNo,
        _: FileHandle,
        offset: u64,
        size: u32,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyData,
    ) {
        let stored = self.stored();
        let file = &stored.files[&number.0];
        let from = usize::try_from(offset).unwrap().min(file.len());
        reply.data(&file[from..(from + size as usize).min(file.len())]);
    }

    fn write(
        &self,
        _: &Request,
        number: INodeNo,
        handle: FileHandle,
        offset: u64,
        data: &[u8],
        _: WriteFlags,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyWrite,
    ) {
        let mut stored = self.stored();
        if stored.has_failed(handle) {
            return reply.error(Errno::ENOSPC);
        }
        let is_lost = self.one_in > 0 && stored.rng.u32(0..self.one_in) == 0;
        if is_lost {
            self.lost.fetch_add(1, Ordering::Relaxed);
            stored.failed.push(handle.0);
        } else {
            let from = usize::try_from(offset).unwrap();
            let file = stored.files.get_mut(&number.0).unwrap();
            file.resize(file.len().max(from + data.len()), 0);
            file[from..from + data.len()].copy_from_slice(data);
        }
        reply.written(data.len().try_into().unwrap());
    }

    fn flush(&self, _: &Request, _: INodeNo, handle: FileHandle, _: LockOwner, reply: ReplyEmpty) {
        self.settled(handle, reply);
    }

    fn fsync(&self, _: &Request, _: INodeNo, handle: FileHandle, _: bool, reply: ReplyEmpty) {
        self.settled(handle, reply);
    }

    fn fsyncdir(&self, _: &Request, _: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        reply.ok();
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::io::Write;

    use super::*;

    /// A program sees no error of a lost write that the kernel has cut in two, until it asks by a sync.
    #[test]
    fn an_error_that_the_kernel_keeps_to_itself_is_told_by_the_sync() {
        const PAGE: usize = 4096;
        let dir = tempfile::tempdir().unwrap();
        let late = Late::mount(dir.path(), 1, 0);
        let mut file = File::create(dir.path().join("out")).unwrap();
        assert_eq!(file.write(&[b'x'; 2 * PAGE - 7]).unwrap(), 2 * PAGE - 7);
        file.sync_all().unwrap_err();
        let lost = late.lost();
        // The first part is lost, and the second is refused.
        assert_eq!(file.write(&[b'y'; PAGE]).unwrap(), 7, "the rest of its page");
        assert_eq!(late.lost(), lost + 1);
        file.write(&[b'y'; PAGE - 7]).unwrap_err();
        file.sync_all().unwrap_err();
        assert_eq!(fs::read(dir.path().join("out")).unwrap(), b"");
    }
}
