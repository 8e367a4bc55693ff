//! By calls that take a directory's handle and a name in it, none of which follows a link.

use std::fs::{DirBuilder, File, Metadata};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt};
use std::path::Path;

use rustix::fs::{AtFlags, FileType, Mode, OFlags, openat, renameat, statat, unlinkat};
use rustix::io::{Errno, retry_on_intr};

use super::{For, How, Id, no_file};

#[derive(Debug)]
pub(super) struct Handle(File);

impl Handle {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let opened = retry_on_intr(|| rustix::fs::open(path, flags, Mode::empty()))?;
        Ok(Handle(opened.into()))
    }

    pub(super) fn open_file(&self, name: &Path, how: How, readers: For) -> io::Result<File> {
        // Opening a FIFO waits for nobody, and a terminal becomes nobody's.
        let guarded = OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let flags = match how {
            How::Read => OFlags::RDONLY,
            How::Use => OFlags::RDWR | OFlags::CREATE,
            How::New => OFlags::RDWR | OFlags::CREATE | OFlags::EXCL,
        };
        let mode = match readers {
            For::Owner => Mode::from_raw_mode(0o600),
            For::Default => Mode::from_raw_mode(0o666),
        };
        match retry_on_intr(|| openat(&self.0, name, flags | guarded, mode)) {
            Ok(opened) => {
                let file = File::from(opened);
                check(&file.metadata()?)?;
                Ok(file)
            }
            Err(error) => Err(self.why_not(name, error)),
        }
    }

    /// A link, a socket and a directory can't be opened so, and each says that in words of its own.
    fn why_not(&self, name: &Path, error: Errno) -> io::Error {
        let is_of_its_kind = [Errno::LOOP, Errno::NXIO, Errno::ISDIR, Errno::NODEV, Errno::MLINK];
        let found = is_of_its_kind.contains(&error).then(|| self.kind_of(name)).flatten();
        found.unwrap_or_else(|| error.into())
    }

    fn kind_of(&self, name: &Path) -> Option<io::Error> {
        let found = statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW).ok()?;
        match FileType::from_raw_mode(found.st_mode) {
            FileType::RegularFile => None,
            FileType::Symlink => Some(no_file(false, "a symbolic link")),
            FileType::Directory => Some(no_file(true, "a directory")),
            FileType::Socket => Some(no_file(false, "a socket")),
            FileType::Fifo => Some(no_file(false, "a FIFO")),
            _ => Some(no_file(false, "a device")),
        }
    }

    pub(super) fn remove(&self, name: &Path) -> io::Result<()> {
        Ok(unlinkat(&self.0, name, AtFlags::empty())?)
    }

    pub(super) fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        // FUSE and NFS interrupt it.
        Ok(retry_on_intr(|| renameat(&self.0, from, &self.0, to))?)
    }

    pub(super) fn sync(&self) -> io::Result<()> {
        self.0.sync_all()
    }

    pub(super) fn id_of(&self, name: &Path) -> io::Result<Option<Id>> {
        match statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW) {
            // Their types are not the same everywhere.
            #[allow(clippy::unnecessary_cast, clippy::cast_sign_loss, trivial_numeric_casts)]
            Ok(found) => Ok(Some(Id::new(found.st_dev as u64, found.st_ino as u64))),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    pub(super) fn metadata(&self) -> io::Result<Metadata> {
        self.0.metadata()
    }

    /// By the mount, where the system tells; one that is over has a number of its own. Else by the device.
    pub(super) fn is_mounted_with(&self, other: &Handle) -> io::Result<bool> {
        if self.metadata()?.dev() != other.metadata()?.dev() {
            return Ok(false);
        }
        Ok(match (mount(&self.0), mount(&other.0)) {
            (Some(this), Some(other)) => this == other,
            _ => true,
        })
    }
}

/// The number of the mount that a file was opened through.
#[cfg(target_os = "linux")]
fn mount(file: &File) -> Option<u64> {
    use rustix::fs::{StatxFlags, statx};
    let found = statx(file, "", AtFlags::EMPTY_PATH, StatxFlags::MNT_ID).ok()?;
    let is_told = StatxFlags::from_bits_retain(found.stx_mask).contains(StatxFlags::MNT_ID);
    is_told.then_some(found.stx_mnt_id)
}

#[cfg(not(target_os = "linux"))]
fn mount(_: &File) -> Option<u64> {
    None
}

fn check(found: &Metadata) -> io::Result<()> {
    let kind = found.file_type();
    if kind.is_file() {
        Ok(())
    } else if kind.is_dir() {
        Err(no_file(true, "a directory"))
    } else if kind.is_fifo() {
        Err(no_file(false, "a FIFO"))
    } else {
        Err(no_file(false, "a device"))
    }
}

/// Whether it is known by more names than one: another user may have given it this one.
pub(super) fn has_other_names(file: &File) -> io::Result<bool> {
    Ok(file.metadata()?.nlink() > 1)
}

/// Nobody else may look into what it makes.
pub(super) fn dir_builder() -> DirBuilder {
    let mut builder = DirBuilder::new();
    builder.mode(0o700);
    builder
}

/// Whether its file system may be mounted on other machines, to which locks need not reach.
#[cfg(target_os = "linux")]
pub fn is_shared(file: &File) -> bool {
    /// NFS, SMB and its successors, AFS, 9P, Ceph, Lustre, Coda, GPFS, FUSE: `statfs(2)`.
    const SHARED: [u32; 11] = [
        0x6969,
        0x517b,
        0xff53_4d42,
        0xfe53_4d42,
        0x5346_414f,
        0x0102_1997,
        0x00c3_6400,
        0x0bd0_0bd0,
        0x7375_7245,
        0x4750_4653,
        0x6573_5546,
    ];
    // As `i64` or `u32`, by the architecture: the numbers are of 32 bits.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, trivial_numeric_casts)]
    rustix::fs::fstatfs(file).is_ok_and(|found| SHARED.contains(&(found.f_type as u32)))
}

/// Whether locks on it reach this machine alone, though others may have the file: on FUSE, whose file systems as a
/// rule leave them to the kernel, and on NFS that is mounted so.
#[cfg(target_os = "linux")]
pub(crate) fn locks_stay_here(file: &File) -> bool {
    const FUSE: u32 = 0x6573_5546;
    const NFS: u32 = 0x6969;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, trivial_numeric_casts)]
    let kind = rustix::fs::fstatfs(file).map_or(0, |found| found.f_type as u32);
    kind == FUSE || (kind == NFS && nfs_locks_stay_here(file))
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn locks_stay_here(_: &File) -> bool {
    false
}

/// Whether its file system writes over a block where it lies, so that nothing can be missing for a block that is there:
/// ext4 and tmpfs. Others take a new one for each write, or may: XFS does where the file has been copied by reference.
#[cfg(target_os = "linux")]
pub(crate) fn keeps_its_blocks(file: &File) -> bool {
    const KEEPING: [u32; 2] = [0xef53, 0x0102_1994];
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, trivial_numeric_casts)]
    let kind = rustix::fs::fstatfs(file).map_or(0, |found| found.f_type as u32);
    KEEPING.contains(&kind)
}

/// By the options of its mount.
#[cfg(target_os = "linux")]
fn nfs_locks_stay_here(file: &File) -> bool {
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    let number = mount(file).map(|number| number.to_string());
    let line = mounts.lines().find(|line| line.split(' ').next() == number.as_deref());
    let options = line.and_then(|line| line.rsplit(' ').next()).unwrap_or_default();
    let local = ["nolock", "local_lock=all", "local_lock=flock"];
    options.split(',').any(|option| local.contains(&option))
}

#[cfg(not(target_os = "linux"))]
pub fn is_shared(_: &File) -> bool {
    false
}
