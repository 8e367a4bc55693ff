//! Whose a directory is, and the files in it.

use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{Dir, For, How};

impl Dir {
    /// Another user whom it belongs to, or the link that leads to it. Root may do anything, so what is
    /// root's is nobody else's.
    pub(crate) fn other_owner(&self) -> io::Result<Option<u32>> {
        // With a slash behind it, a link would be followed.
        let path = self.path.components().as_path();
        let link = fs::symlink_metadata(path).ok().filter(Metadata::is_symlink);
        let link = link.map(|link| link.uid()).filter(|owner| !is_us(*owner));
        if link.is_some() {
            return Ok(link);
        }
        let owner = self.handle.metadata()?.uid();
        let is_other = !is_us(owner) && self.maker() != Some(owner);
        Ok(is_other.then_some(owner))
    }

    /// Another user whom a file in it belongs to: neither we nor who has the directory.
    pub(crate) fn other_owner_of(&self, file: &File) -> io::Result<Option<u32>> {
        let owner = file.metadata()?.uid();
        let is_other = !is_us(owner) && owner != self.handle.metadata()?.uid();
        Ok(is_other.then_some(owner))
    }

    /// Whether a file in it is ours.
    pub(crate) fn is_ours(&self, file: &File) -> io::Result<bool> {
        let owner = file.metadata()?.uid();
        Ok(owner == rustix::process::geteuid().as_raw() || self.maker() == Some(owner))
    }

    /// Whose a file is that we make in it. Some file systems, such as those of other machines, say of all
    /// files that they are one user's.
    fn maker(&self) -> Option<u32> {
        static PROBES: AtomicU64 = AtomicU64::new(0);
        let number = PROBES.fetch_add(1, Ordering::Relaxed);
        let name = PathBuf::from(format!(".safe-state-owner.{}.{number}", std::process::id()));
        let made = self.handle.open_file(&name, How::New, For::Owner).ok()?;
        // It is empty, and of no other use.
        let _ = self.remove(&name);
        Some(made.metadata().ok()?.uid())
    }
}

fn is_us(owner: u32) -> bool {
    owner == 0 || owner == rustix::process::geteuid().as_raw()
}
