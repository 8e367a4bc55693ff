//! How far a process has come, in memory that outlives it: the page beside a checkpoint of
//! [`safe-state`](https://docs.rs/safe-state), which re-exports what its users need.
//!
//! A page is a file. The kernel keeps what a process has stored in a mapped file when the process dies, so an item is safe
//! from that at the cost of a few stores. A power cut may leave any of it, so a page counts under the boot alone that it
//! was written in; and only beside the one state that it was written beside, which the writer and the reader name by a
//! number. `docs/format.md` of the project has it byte by byte.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg(target_os = "linux")]
#![deny(missing_docs)]
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)
)]

mod layout;
mod mapped;
mod memory;
#[cfg(test)]
mod model;
mod slots;
mod written;

use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};

use layout::BOOT_LEN;
use mapped::Mapped;
use slots::Slots;
use written::Written;

pub use layout::RECORD_ROOM;
pub use slots::{Advanced, Base, Said};

/// Which boot of the machine it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Boot([u8; BOOT_LEN]);

impl Boot {
    /// Returns this one; `None` where it can't be told.
    pub fn this() -> Option<Boot> {
        let text = std::fs::read("/proc/sys/kernel/random/boot_id").ok()?;
        text.first_chunk().copied().map(Boot)
    }
}

/// Returns a number for a state, of four that tell it from others: the one beside which a page counts.
pub fn number(of: [u64; 4]) -> u64 {
    let [a, b, c, d] = of;
    layout::checksum(&[a, b, c, d, 0, 0])
}

/// Returns what the newest slot says, under that boot, of those that are whole and for which `counts`.
///
/// Any bytes are safe to pass.
pub fn read(page: &[u8], boot: Boot, counts: impl Fn(&Said<'_>) -> bool) -> Option<Said<'_>> {
    slots::read(page, &boot.0, counts)
}

/// Returns the boot that a page was written under; `None` if it is none of this version.
pub fn boot_of(page: &[u8]) -> Option<Boot> {
    let (header, _) = page.split_first_chunk()?;
    layout::boot(header).map(Boot)
}

/// A page, as the process has it that writes it.
#[derive(Debug)]
pub struct Page {
    kind: Kind,
    file: File,
}

#[derive(Debug)]
enum Kind {
    Mapped(Slots<Mapped>),
    Written(Slots<Written>),
}

/// How a page reaches its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// By stores into memory. Only where a block that is there is written over where it lies: elsewhere a store may find
    /// no room on the disk, which ends the process.
    Mapped,
    /// By calls, each of which may fail.
    Written,
}

impl Page {
    /// The length of a page's file in bytes.
    pub const LEN: u64 = layout::LEN as u64;

    /// Makes a page of a file that is new, and open to be read and written. It counts beside `base`.
    ///
    /// # Errors
    ///
    /// The file can't be written, or there is no room for it.
    pub fn new(file: File, way: Way, boot: Boot, base: Base) -> io::Result<Page> {
        let mut bytes = vec![0; layout::LEN];
        if let Some(header) = bytes.first_chunk_mut() {
            *header = layout::header(&boot.0);
        }
        // Every block is there before one is stored to: a full disk is an error here, and nothing later.
        match rustix::fs::fallocate(&file, rustix::fs::FallocateFlags::empty(), 0, Page::LEN) {
            // What follows does it, or says why not.
            Ok(()) | Err(rustix::io::Errno::OPNOTSUPP | rustix::io::Errno::NOSYS) => {}
            Err(error) => return Err(error.into()),
        }
        file.write_all_at(&bytes, 0)?;
        let kind = match way {
            Way::Written => Kind::Written(Slots::new(Written::new(file.try_clone()?), base)),
            Way::Mapped => {
                // Who truncates it would have the process end by SIGBUS.
                rustix::fs::fchmod(&file, rustix::fs::Mode::RUSR)?;
                Kind::Mapped(Slots::new(Mapped::new(&file)?, base))
            }
        };
        Ok(Page { kind, file })
    }

    /// Returns whether others find it: its file has a name still.
    pub fn is_in_place(&self) -> bool {
        self.file.metadata().is_ok_and(|found| found.nlink() > 0)
    }

    /// From now on it counts beside another state, which has all that was in it.
    pub fn rebase(&mut self, base: Base) {
        match &mut self.kind {
            Kind::Mapped(slots) => slots.rebase(base),
            Kind::Written(slots) => slots.rebase(base),
        }
    }

    /// Writes what else has changed behind what it counts beside and the records that are in it, as bytes whose meaning
    /// is the caller's. They count with the next slot: [`advance`](Self::advance). Returns whether there is
    /// [room](RECORD_ROOM) for them.
    ///
    /// # Errors
    ///
    /// The file can't be written; or this is a child that the process has forked, and the page is its parent's.
    pub fn append(&mut self, records: &[u8]) -> io::Result<bool> {
        match &mut self.kind {
            Kind::Mapped(slots) if slots.memory().is_ours() => slots.append(records),
            Kind::Written(slots) if slots.memory().is_ours() => slots.append(records),
            _ => Err(forked()),
        }
    }

    /// Writes how far a loop has come, behind the records.
    ///
    /// # Errors
    ///
    /// The file can't be written; or this is a child that the process has forked, and the page is its parent's.
    #[inline]
    pub fn advance(&mut self, to: Advanced) -> io::Result<()> {
        match &mut self.kind {
            Kind::Mapped(slots) if slots.memory().is_ours() => slots.advance(to),
            Kind::Written(slots) if slots.memory().is_ours() => slots.advance(to),
            _ => Err(forked()),
        }
    }
}

#[cold]
fn forked() -> io::Error {
    io::Error::other("this process was forked by the one that writes the page")
}
