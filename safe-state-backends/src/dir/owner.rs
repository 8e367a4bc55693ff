//! The owners of a directory and of the files in it.

use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::system::Handle;
use super::{For, How};

impl Handle {
    /// Returns the user, other than this one, who owns the directory, or the link `path` that leads to it. Root may do anything
    /// anyway, so a directory of root's counts as nobody else's.
    pub(super) fn other_owner(&self, path: &Path) -> io::Result<Option<u32>> {
        // With a slash at the end of the path, a link would be followed.
        let link =
            fs::symlink_metadata(path.components().as_path()).ok().filter(Metadata::is_symlink);
        let link = link.map(|link| link.uid()).filter(|owner| !is_us(*owner));
        if link.is_some() {
            return Ok(link);
        }
        let owner = self.metadata()?.uid();
        let is_other = !is_us(owner) && self.maker() != Some(owner);
        Ok(is_other.then_some(owner))
    }

    /// Returns the owner of a file in the directory, if it is neither this user, root nor the directory's owner.
    pub(super) fn other_owner_of(&self, file: &File) -> io::Result<Option<u32>> {
        let owner = file.metadata()?.uid();
        let is_other = !is_us(owner) && owner != self.metadata()?.uid();
        Ok(is_other.then_some(owner))
    }

    /// Returns whether a file in the directory belongs to this user.
    pub(super) fn is_ours(&self, file: &File) -> io::Result<bool> {
        let owner = file.metadata()?.uid();
        Ok(owner == rustix::process::geteuid().as_raw() || self.maker() == Some(owner))
    }

    /// Returns the owner of a new file that we create in the directory. Some file systems, such as those of other machines,
    /// give all files the same owner.
    fn maker(&self) -> Option<u32> {
        static PROBES: AtomicU64 = AtomicU64::new(0);
        let number = PROBES.fetch_add(1, Ordering::Relaxed);
        let name = PathBuf::from(format!(".safe-state-owner.{}.{number}", std::process::id()));
        let made = self.open_file(&name, How::New, For::Owner).ok()?;
        // The file is empty, and only its owner mattered.
        let _ = self.remove(&name);
        Some(made.metadata().ok()?.uid())
    }
}

fn is_us(owner: u32) -> bool {
    owner == 0 || owner == rustix::process::geteuid().as_raw()
}
