//! A model of files and their names, and the operations that change them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub(super) type Inode = usize;

#[derive(Clone, Debug)]
pub(super) enum Op {
    Data(Inode, Data),
    Name(Name),
    Sync(Inode),
    /// A sync that failed: the data it could not write is dropped, and no later sync writes it.
    SyncFailed(Inode),
    SyncDir,
}

/// A change of a file's content.
#[derive(Clone, Debug)]
pub(super) enum Data {
    Grow(usize),
    Write(usize, Arc<[u8]>),
}

/// A change of the directory.
#[derive(Clone, Debug)]
pub(super) enum Name {
    Create(Inode, PathBuf),
    Rename(Inode, PathBuf, PathBuf),
    Remove(PathBuf),
}

#[derive(Clone, Debug, Default)]
pub(super) struct Image {
    pub(super) files: BTreeMap<Inode, Vec<u8>>,
    pub(super) names: BTreeMap<PathBuf, Inode>,
}

impl Image {
    pub(super) fn apply(&mut self, op: &Op) {
        match op {
            Op::Data(inode, data) => data.apply(self.files.entry(*inode).or_default()),
            Op::Name(name) => name.apply(&mut self.names),
            Op::Sync(_) | Op::SyncFailed(_) | Op::SyncDir => {}
        }
    }

    pub(super) fn at(&self, path: &Path) -> Option<&[u8]> {
        let inode = self.names.get(path)?;
        Some(self.files.get(inode).map_or(&[], Vec::as_slice))
    }
}

impl Data {
    pub(super) fn apply(&self, content: &mut Vec<u8>) {
        match self {
            Data::Grow(len) => grow(content, *len),
            Data::Write(offset, bytes) => {
                grow(content, offset + bytes.len());
                content[*offset..offset + bytes.len()].copy_from_slice(bytes);
            }
        }
    }

    /// Visits the operation as it is when it stops after each byte.
    pub(super) fn each_cut(&self, mut visit: impl FnMut(Data)) {
        match self {
            Data::Grow(_) => visit(self.clone()),
            Data::Write(offset, bytes) => {
                (0..=bytes.len()).for_each(|len| visit(Data::Write(*offset, bytes[..len].into())));
            }
        }
    }
}

impl Name {
    /// Applies the change. A rename may be applied alone, as its file was fixed when it was issued.
    pub(super) fn apply(&self, names: &mut BTreeMap<PathBuf, Inode>) {
        match self {
            Name::Create(inode, path) => {
                names.insert(path.clone(), *inode);
            }
            Name::Rename(inode, from, to) => {
                names.remove(from);
                names.insert(to.clone(), *inode);
            }
            Name::Remove(path) => {
                names.remove(path);
            }
        }
    }
}

/// Extends a file with zeros, which it holds until it is written.
fn grow(content: &mut Vec<u8>, len: usize) {
    if content.len() < len {
        content.resize(len, 0);
    }
}
