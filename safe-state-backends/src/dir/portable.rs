//! Directories by path, for systems without directory handles. There, creating a link takes a privilege.

use std::fs::{self, DirBuilder, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::{For, How, Id, no_file};

#[derive(Debug)]
pub(super) struct Handle(PathBuf);

impl Handle {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        if fs::metadata(path)?.is_dir() {
            Ok(Handle(path.to_owned()))
        } else {
            Err(ErrorKind::NotADirectory.into())
        }
    }

    pub(super) fn open_file(&self, name: &Path, how: How, _: For) -> io::Result<File> {
        let path = self.0.join(name);
        if fs::symlink_metadata(&path).is_ok_and(|found| found.is_symlink()) {
            return Err(no_file(false, "a symbolic link"));
        }
        let mut options = File::options();
        match how {
            How::Read => options.read(true),
            How::Use => options.read(true).write(true).create(true).truncate(false),
            How::New => options.write(true).create_new(true),
        };
        options.open(path)
    }

    pub(super) fn remove(&self, name: &Path) -> io::Result<()> {
        fs::remove_file(self.0.join(name))
    }

    pub(super) fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(self.0.join(from), self.0.join(to))
    }

    /// Does nothing: the file system orders its own names.
    #[expect(
        clippy::unused_self,
        clippy::unnecessary_wraps,
        reason = "elsewhere it does something"
    )]
    pub(super) fn sync(&self) -> io::Result<()> {
        Ok(())
    }

    pub(super) fn id_of(&self, name: &Path) -> io::Result<Option<Id>> {
        match fs::symlink_metadata(self.0.join(name)) {
            Ok(found) => Ok(Some(Id::of(&found))),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    #[expect(clippy::unused_self, clippy::unnecessary_wraps, reason = "elsewhere it can be told")]
    pub(super) fn is_mounted_with(&self, _: &Handle) -> io::Result<bool> {
        Ok(true)
    }
}

#[expect(clippy::unnecessary_wraps, reason = "elsewhere it can be told")]
pub(super) fn has_other_names(_: &File) -> io::Result<bool> {
    Ok(false)
}

pub(super) fn dir_builder() -> DirBuilder {
    DirBuilder::new()
}

/// Owners are not checked on this system.
#[expect(clippy::unused_self, clippy::unnecessary_wraps, reason = "elsewhere it is")]
impl Handle {
    pub(super) fn other_owner(&self, _: &Path) -> io::Result<Option<u32>> {
        Ok(None)
    }

    pub(super) fn other_owner_of(&self, _: &File) -> io::Result<Option<u32>> {
        Ok(None)
    }

    pub(super) fn is_ours(&self, _: &File) -> io::Result<bool> {
        Ok(true)
    }
}

/// Returns `false`: how this system mounts a file system is not looked up.
pub fn is_shared(_: &File) -> bool {
    false
}
