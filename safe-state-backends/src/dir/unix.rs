//! Directories by handle. Each call takes the handle and a name, and follows no link.

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
        // Opening a FIFO does not wait, and a terminal does not become the controlling one.
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

    /// Returns the error for a file that can't be opened. A link, a socket or a directory is named as such.
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
        // FUSE and NFS may interrupt the call.
        Ok(retry_on_intr(|| renameat(&self.0, from, &self.0, to))?)
    }

    pub(super) fn sync(&self) -> io::Result<()> {
        self.0.sync_all()
    }

    pub(super) fn id_of(&self, name: &Path) -> io::Result<Option<Id>> {
        match statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW) {
            // The fields' types differ between systems.
            #[allow(clippy::unnecessary_cast, clippy::cast_sign_loss, trivial_numeric_casts)]
            Ok(found) => Ok(Some(Id::new(found.st_dev as u64, found.st_ino as u64))),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    pub(super) fn metadata(&self) -> io::Result<Metadata> {
        self.0.metadata()
    }

    /// Returns whether both are on the same mount, or on the same device where the system does not tell the mount. Another
    /// mount on top has a number of its own.
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

/// Returns the number of the mount through which a file was opened.
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

/// Returns whether the file has more than one name: another user may have given it this one.
pub(super) fn has_other_names(file: &File) -> io::Result<bool> {
    Ok(file.metadata()?.nlink() > 1)
}

/// Returns a builder of directories that only their owner can read.
pub(super) fn dir_builder() -> DirBuilder {
    let mut builder = DirBuilder::new();
    builder.mode(0o700);
    builder
}

/// Returns whether the file system may be mounted on other machines, which its locks may not reach.
#[cfg(target_os = "linux")]
pub fn is_shared(file: &File) -> bool {
    /// NFS, SMB and its successors, AFS, 9P, Ceph, Lustre, Coda, GPFS, FUSE: `statfs(2)`; and `BeeGFS`.
    const SHARED: [u32; 12] = [
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
        BEEGFS,
    ];
    // `f_type` is an `i64` or a `u32`, by the architecture; the numbers have 32 bits.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, trivial_numeric_casts)]
    rustix::fs::fstatfs(file).is_ok_and(|found| SHARED.contains(&(found.f_type as u32)))
}

#[cfg(target_os = "linux")]
const BEEGFS: u32 = 0x1983_0326;

/// Returns whether locks on the file reach only this machine, though others may have the file: on FUSE, whose file systems
/// usually leave locks to the kernel, and on network file systems that are set so.
#[cfg(target_os = "linux")]
pub(crate) fn locks_stay_here(file: &File) -> bool {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, trivial_numeric_casts)]
    let kind = rustix::fs::fstatfs(file).map_or(0, |found| found.f_type as u32);
    stay_here(kind, || mount_options(file), beegfs_settings)
}

/// Returns whether locks on a file system of this `kind` reach only this machine, by the options of its mount.
#[cfg(target_os = "linux")]
fn stay_here(
    kind: u32,
    options: impl FnOnce() -> String,
    settings: impl FnOnce() -> Vec<String>,
) -> bool {
    const FUSE: u32 = 0x6573_5546;
    const NFS: u32 = 0x6969;
    const LUSTRE: u32 = 0x0bd0_0bd0;
    const CIFS: u32 = 0xff53_4d42;
    const SMB2: u32 = 0xfe53_4d42;
    let local: &[&str] = match kind {
        FUSE => return true,
        // A client keeps locks to itself, unless its settings say otherwise. The options of the mount do not tell.
        BEEGFS => {
            let is_global = |text: &String| {
                let mut lines = text.lines().filter_map(|line| line.split_once('='));
                lines.any(|(key, value)| {
                    key.trim() == "tuneUseGlobalFileLocks" && matches!(value.trim(), "1" | "true")
                })
            };
            let settings = settings();
            return settings.is_empty() || !settings.iter().all(is_global);
        }
        NFS => &["nolock", "local_lock=all", "local_lock=flock"],
        LUSTRE => &["localflock"],
        CIFS | SMB2 => &["nobrl"],
        _ => return false,
    };
    options().split(',').any(|option| local.contains(&option))
}

/// Returns the settings of this machine's `BeeGFS` clients.
#[cfg(target_os = "linux")]
fn beegfs_settings() -> Vec<String> {
    let clients = std::fs::read_dir("/proc/fs/beegfs").into_iter().flatten().flatten();
    clients
        .filter_map(|client| std::fs::read_to_string(client.path().join("config")).ok())
        .collect()
}

#[cfg(not(target_os = "linux"))]
pub(crate) fn locks_stay_here(_: &File) -> bool {
    false
}

/// Returns whether the file system overwrites a block in place, so that writing an existing block needs no new space: ext4 and
/// tmpfs. Others take a new block for each write, or may: XFS does where the file has been copied by reference.
#[cfg(target_os = "linux")]
pub(crate) fn keeps_its_blocks(file: &File) -> bool {
    const KEEPING: [u32; 2] = [0xef53, 0x0102_1994];
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, trivial_numeric_casts)]
    let kind = rustix::fs::fstatfs(file).map_or(0, |found| found.f_type as u32);
    KEEPING.contains(&kind)
}

/// Returns the options of the file system on which the file is.
#[cfg(target_os = "linux")]
fn mount_options(file: &File) -> String {
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    let number = mount(file).map(|number| number.to_string());
    let line = mounts.lines().find(|line| line.split(' ').next() == number.as_deref());
    line.and_then(|line| line.rsplit(' ').next()).unwrap_or_default().to_owned()
}

/// Returns `false`: how other systems mount a file system is not looked up.
#[cfg(not(target_os = "linux"))]
pub fn is_shared(_: &File) -> bool {
    false
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn locks_that_stay_on_a_machine_are_known_by_the_mount() {
        let stays =
            |kind: u32, options: &str| stay_here(kind, || options.to_owned(), || unreachable!());
        let (nfs, lustre, cifs, smb2) = (0x6969, 0x0bd0_0bd0, 0xff53_4d42, 0xfe53_4d42);
        for (kind, options) in [
            (0x6573_5546, "rw,user_id=0"),
            (nfs, "rw,vers=3,nolock,addr=10.0.0.1"),
            (nfs, "rw,vers=3,local_lock=flock"),
            (lustre, "rw,localflock,lazystatfs"),
            (cifs, "rw,vers=1.0,nobrl"),
            (smb2, "rw,vers=3.1.1,soft,nobrl,rsize=4194304"),
        ] {
            assert!(stays(kind, options), "{kind:x} {options}");
        }
        for (kind, options) in [
            (0xef53, "rw"),
            (nfs, "rw,vers=4.2,local_lock=none"),
            (lustre, "rw,flock,lazystatfs"),
            (smb2, "rw,vers=3.1.1,soft,rsize=4194304"),
        ] {
            assert!(!stays(kind, options), "{kind:x} {options}");
        }
    }

    #[test]
    fn beegfs_locks_reach_as_far_as_its_settings_say() {
        let stays = |settings: &[&str]| {
            let settings = settings.iter().map(|it| (*it).to_owned()).collect();
            stay_here(BEEGFS, || unreachable!(), || settings)
        };
        let (local, global) =
            ("tuneUseGlobalFileLocks = 0\n", "a = 1\ntuneUseGlobalFileLocks = 1\n");
        assert!(stays(&[]) && stays(&[local]) && stays(&[global, local]));
        assert!(!stays(&[global]));
    }
}
