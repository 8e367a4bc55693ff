//! The progress of a process, in memory that outlives it: the page beside a checkpoint of
//! [`safe-state`](https://docs.rs/safe-state), which re-exports what its users need.
//!
//! A page is a file. When a process dies, the kernel keeps what the process stored in a mapped file, so an item survives the
//! death at the cost of a few memory writes. A power cut may leave any part of a page, so a page counts only during the boot in
//! which it was written. It also counts only beside the one state that it was written beside, which the writer and the reader
//! identify by a number. `docs/format.md` of the project has the layout byte by byte.
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
mod window;
mod written;

use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::sync::{Arc, OnceLock};

use layout::BOOT_LEN;
use mapped::Mapped;
use slots::Slots;
use window::Bits;
use written::Written;

pub use layout::{KEY_LIMIT, RECORD_ROOM, VALUE_ROOM};
pub use slots::{Advanced, Base, LoopKeys, Said};
pub use window::Beside;

/// The identity of a boot of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Boot([u8; BOOT_LEN]);

impl Boot {
    /// Returns the present boot; `None` where it is unknown. A process has one boot, so the file is read once.
    pub fn this() -> Option<Boot> {
        static THIS: OnceLock<Boot> = OnceLock::new();
        if let Some(known) = THIS.get() {
            return Some(*known);
        }
        let mut text = [0; BOOT_LEN];
        File::open("/proc/sys/kernel/random/boot_id").ok()?.read_exact(&mut text).ok()?;
        Some(*THIS.get_or_init(|| Boot(text)))
    }

    /// Returns the text of the identity.
    pub fn as_str(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }
}

/// Returns the number that identifies a state, computed from four numbers that tell it from others.
pub fn number(of: [u64; 4]) -> u64 {
    let [a, b, c, d] = of;
    layout::checksum(&[a, b, c, d, 0, 0, 0], 0)
}

/// Returns the contents of the newest whole slot for which `counts` returns true, if the page was written during `boot`.
///
/// Any bytes are safe to pass.
pub fn read(page: &[u8], boot: Boot, counts: impl Fn(&Said<'_>) -> bool) -> Option<Said<'_>> {
    slots::read(page, &boot.0, counts)
}

/// Returns the boot during which a page was written; `None` if the bytes are no page of this version.
pub fn boot_of(page: &[u8]) -> Option<Boot> {
    let (header, _) = page.split_first_chunk()?;
    layout::boot(header).map(Boot)
}

/// A page, as the process that writes it holds it.
#[derive(Debug)]
pub struct Page {
    kind: Kind,
    file: File,
}

#[derive(Debug)]
enum Kind {
    Mapped(Slots<Arc<Mapped>>),
    Written(Slots<Arc<Written>>),
}

/// The way in which a page reaches its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Writes into mapped memory. Use it only where an existing block is overwritten in place: elsewhere a write may find no
    /// room on the disk, which ends the process.
    Mapped,
    /// Writes by system calls, each of which may return an error.
    Written,
}

impl Page {
    /// The length of a page's file in bytes.
    pub const LEN: u64 = layout::LEN as u64;

    /// Makes a page of a new file, which is open to read and write. The page counts beside `base`.
    ///
    /// # Errors
    ///
    /// The file can't be written, or the disk has no room for it.
    pub fn new(file: File, way: Way, boot: Boot, base: Base) -> io::Result<Page> {
        let mut bytes = vec![0; layout::LEN];
        if let Some(header) = bytes.first_chunk_mut() {
            *header = layout::header(&boot.0);
        }
        // Every block is allocated before the first write to memory: a full disk is an error here, and not later.
        match rustix::fs::fallocate(&file, rustix::fs::FallocateFlags::empty(), 0, Page::LEN) {
            // The write below allocates, or returns the error.
            Ok(()) | Err(rustix::io::Errno::OPNOTSUPP | rustix::io::Errno::NOSYS) => {}
            Err(error) => return Err(error.into()),
        }
        file.write_all_at(&bytes, 0)?;
        let kind = match way {
            Way::Written => {
                Kind::Written(Slots::new(Arc::new(Written::new(file.try_clone()?)), base))
            }
            Way::Mapped => {
                // If somebody truncated the file, the process would end by SIGBUS.
                rustix::fs::fchmod(&file, rustix::fs::Mode::RUSR)?;
                Kind::Mapped(Slots::new(Arc::new(Mapped::new(&file)?), base))
            }
        };
        Ok(Page { kind, file })
    }

    /// Returns whether others can find the page: its file still has a name.
    pub fn is_in_place(&self) -> bool {
        self.file.metadata().is_ok_and(|found| found.nlink() > 0)
    }

    /// Makes the page count beside another state, which has all that the page held.
    pub fn rebase(&mut self, base: Base) {
        match &mut self.kind {
            Kind::Mapped(slots) => slots.rebase(base),
            Kind::Written(slots) => slots.rebase(base),
        }
    }

    /// Writes records, whose meaning is the caller's, behind the base and the records in the page. They count from the next
    /// slot on: [`advance`](Self::advance). They have to tell what the keys in the page told, which that slot no longer has.
    /// Returns whether the page has [room](RECORD_ROOM) for them.
    ///
    /// # Errors
    ///
    /// The file can't be written; or this process is a fork of the one that made the page.
    pub fn append(&mut self, records: &[u8]) -> io::Result<bool> {
        match &mut self.kind {
            Kind::Mapped(slots) if slots.memory().is_ours() => slots.append(records),
            Kind::Written(slots) if slots.memory().is_ours() => slots.append(records),
            _ => Err(forked()),
        }
    }

    /// Writes a slot with the progress of a loop behind the records, with all keys of the items that it has completed there, and
    /// with values, whose meaning is the caller's. Writes only those keys that the page does not have. Returns whether the page
    /// has room for the [keys](KEY_LIMIT) and the [values](VALUE_ROOM).
    ///
    /// # Errors
    ///
    /// The file can't be written; or this process is a fork of the one that made the page.
    #[inline]
    pub fn advance(&mut self, to: Advanced, keys: LoopKeys<'_>, values: &[u8]) -> io::Result<bool> {
        match &mut self.kind {
            Kind::Mapped(slots) if slots.memory().is_ours() => slots.advance(to, keys, values),
            Kind::Written(slots) if slots.memory().is_ours() => slots.advance(to, keys, values),
            _ => Err(forked()),
        }
    }
}

/// The window: a bit for each of about a thousand items of a loop that complete in any order.
impl Page {
    /// Opens a window for the items of a loop of which those before `start` are complete. Returns it for those who end items. It
    /// counts from the next [slot](Self::advance_window) on. Returns `None` while the newest slot names another window.
    pub fn open_window(&mut self, loop_id: u16, start: u64) -> Option<Window> {
        Some(Window(match &mut self.kind {
            Kind::Mapped(slots) => Shared::Mapped(slots.open_window(loop_id, start)?),
            Kind::Written(slots) => Shared::Written(slots.open_window(loop_id, start)?),
        }))
    }

    /// Closes the window: from the next slot on, the page does not have it any more.
    pub fn close_window(&mut self) {
        match &mut self.kind {
            Kind::Mapped(slots) => slots.close_window(),
            Kind::Written(slots) => slots.close_window(),
        }
    }

    /// Gives an item a place in the window, which is about to begin. Returns whether the window has room for it: it is open, and
    /// the items before the last slot's first incomplete one need no place any more.
    ///
    /// # Errors
    ///
    /// The file can't be written; or this process is a fork of the one that made the page.
    #[inline]
    pub fn make_room(&mut self, index: u64) -> io::Result<bool> {
        match &mut self.kind {
            Kind::Mapped(slots) if slots.memory().is_ours() => slots.make_room(index),
            Kind::Written(slots) if slots.memory().is_ours() => slots.make_room(index),
            _ => Err(forked()),
        }
    }

    /// Notes in the window which items are complete by a record, or by the state beside the page.
    ///
    /// # Errors
    ///
    /// The file can't be written; or this process is a fork of the one that made the page.
    pub fn add_to_window(&mut self, complete: impl Iterator<Item = Range<u64>>) -> io::Result<()> {
        match &mut self.kind {
            Kind::Mapped(slots) if slots.memory().is_ours() => slots.add_to_window(complete),
            Kind::Written(slots) if slots.memory().is_ours() => slots.add_to_window(complete),
            _ => Err(forked()),
        }
    }

    /// Writes a slot with the window behind the records. The items before `begun` have begun; `mark` is the index of one that is
    /// complete, and its fingerprint. Returns `false` if no window is open.
    ///
    /// # Errors
    ///
    /// The file can't be written; or this process is a fork of the one that made the page.
    pub fn advance_window(&mut self, begun: u64, mark: Option<(u64, u32)>) -> io::Result<bool> {
        match &mut self.kind {
            Kind::Mapped(slots) if slots.memory().is_ours() => slots.advance_window(begun, mark),
            Kind::Written(slots) if slots.memory().is_ours() => slots.advance_window(begun, mark),
            _ => Err(forked()),
        }
    }
}

/// The window of a page, for those who end items, on any thread.
#[derive(Clone, Debug)]
pub struct Window(Shared);

#[derive(Clone, Debug)]
enum Shared {
    Mapped(Bits<Arc<Mapped>>),
    Written(Bits<Arc<Written>>),
}

impl Window {
    /// Notes that an item is complete. Returns whether the window has that: it has a place for the item, and could be written.
    #[inline]
    pub fn complete(&self, index: u64) -> bool {
        let written = match &self.0 {
            Shared::Mapped(bits) if bits.memory().is_ours() => bits.complete(index),
            Shared::Written(bits) if bits.memory().is_ours() => bits.complete(index),
            _ => Ok(false),
        };
        written.unwrap_or(false)
    }

    /// Returns whether the window has that an item is complete.
    #[inline]
    pub fn contains(&self, index: u64) -> bool {
        match &self.0 {
            Shared::Mapped(bits) => bits.contains(index),
            Shared::Written(bits) => bits.contains(index),
        }
    }
}

#[cold]
fn forked() -> io::Error {
    io::Error::other("this process was forked by the one that writes the page")
}
