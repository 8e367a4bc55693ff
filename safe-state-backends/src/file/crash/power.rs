//! A model of a power cut: of all that was not synced, it may leave any part.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::image::{Data, Image, Inode, Name, Op};
use crate::sample::dice::Dice;
use crate::sample::subset::{EXHAUSTIVE, each_subset};

/// The bytes of a write that reach the disk as one. Disks promise 512; the tests assume less.
const SECTOR: usize = 64;

/// The order in which names become durable.
#[derive(Clone, Copy, Debug)]
pub(super) enum Names {
    /// In the order of the operations, as on a file system with a journal.
    Ordered,
    /// In any order, as POSIX allows.
    Any,
}

/// A disk whose cache loses what was not synced.
pub(super) struct Disk {
    durable: Image,
    data: BTreeMap<Inode, Vec<Data>>,
    names: Vec<Name>,
}

impl Disk {
    pub(super) fn new(durable: Image) -> Self {
        Disk { durable, data: BTreeMap::new(), names: Vec::new() }
    }

    pub(super) fn apply(&mut self, op: &Op) {
        match op {
            Op::Data(inode, data) => self.data.entry(*inode).or_default().push(data.clone()),
            Op::Name(name) => self.names.push(name.clone()),
            Op::Sync(inode) => {
                let content = self.durable.files.entry(*inode).or_default();
                let pending = self.data.remove(inode).unwrap_or_default();
                for data in pending {
                    data.apply(content);
                }
            }
            Op::SyncFailed(inode) => drop(self.data.remove(inode)),
            Op::SyncDir => {
                let names = &mut self.durable.names;
                self.names.drain(..).for_each(|name| name.apply(names));
            }
        }
    }

    /// Returns the files that a cut now may leave under `path`.
    pub(super) fn named(
        &self,
        path: &Path,
        order: Names,
        dice: &mut Dice,
    ) -> BTreeSet<Option<Inode>> {
        let mut named = BTreeSet::new();
        let mut visit = |kept: &[bool]| {
            named.insert(self.directory(kept).get(path).copied());
        };
        let mut kept = vec![false; self.names.len()];
        match order {
            Names::Any => each_subset(kept.len(), dice, visit),
            Names::Ordered => {
                visit(&kept);
                for at in 0..kept.len() {
                    kept[at] = true;
                    visit(&kept);
                }
            }
        }
        named
    }

    /// Visits every content that a cut now may leave in a file.
    pub(super) fn contents(&self, inode: Inode, dice: &mut Dice, mut visit: impl FnMut(&[u8])) {
        let durable = self.durable.files.get(&inode).cloned().unwrap_or_default();
        let pending = self.data.get(&inode).map_or(&[][..], Vec::as_slice);
        let pieces: Vec<Data> = pending.iter().flat_map(pieces).collect();
        let mut content = Vec::new();
        each_subset(pieces.len(), dice, |kept| {
            content.clone_from(&durable);
            apply_kept(&pieces, kept, &mut content);
            visit(&content);
        });
        let mut whole = durable;
        for data in pending {
            data.each_cut(|cut| {
                content.clone_from(&whole);
                cut.apply(&mut content);
                visit(&content);
            });
            data.apply(&mut whole);
        }
    }

    /// Returns one random state that a cut now may leave.
    pub(super) fn cut(&self, dice: &mut Dice) -> Image {
        let names = self.directory(&dice.choose(self.names.len()));
        let mut files = self.durable.files.clone();
        for (inode, pending) in &self.data {
            let pieces: Vec<Data> = pending.iter().flat_map(pieces).collect();
            let kept = dice.choose(pieces.len());
            apply_kept(&pieces, &kept, files.entry(*inode).or_default());
        }
        files.retain(|inode, _| names.values().any(|named| named == inode));
        Image { files, names }
    }

    fn directory(&self, kept: &[bool]) -> BTreeMap<PathBuf, Inode> {
        let mut names = self.durable.names.clone();
        let applied = self.names.iter().zip(kept).filter(|(_, kept)| **kept);
        applied.for_each(|(name, _)| name.apply(&mut names));
        names
    }
}

fn apply_kept(pieces: &[Data], kept: &[bool], content: &mut Vec<u8>) {
    let kept = pieces.iter().zip(kept).filter(|(_, kept)| **kept);
    kept.for_each(|(piece, _)| piece.apply(content));
}

/// Returns the parts of an operation that reach the disk independently: sectors, or smaller parts of a write that is not much
/// longer than a sector.
fn pieces(data: &Data) -> Vec<Data> {
    let Data::Write(offset, bytes) = data else { return vec![data.clone()] };
    let len = match bytes.len() {
        short if short <= 2 * SECTOR => short.div_ceil(EXHAUSTIVE),
        _ => SECTOR,
    };
    let first = (len - offset % len).min(bytes.len());
    let (head, rest) = bytes.split_at(first);
    let mut at = *offset;
    let parts = std::iter::once(head).chain(rest.chunks(len)).map(|part| {
        at += part.len();
        Data::Write(at - part.len(), part.into())
    });
    parts.collect()
}
