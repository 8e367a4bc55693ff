//! How far a run has come since it saved last, in memory that outlives the process.
//!
//! A page is a file beside a checkpoint's. The kernel keeps what a process has stored in a mapped file when the process
//! dies, so an item is safe from that at the cost of a few stores. A power cut may leave any of it, so a page counts
//! under the boot alone that it was written in; and only beside the one state of the one file that it was written beside.

mod layout;
mod mapped;
mod memory;
#[cfg(test)]
mod model;
mod slots;
mod written;

use std::fs::File;
use std::io;
use std::path::Path;

use crate::dir::Dir;
use crate::format::{Advance, Tail};
use layout::BOOT_LEN;
use mapped::Mapped;
use slots::Slots;
use written::Written;

pub use layout::ROOM;
pub use slots::Advanced;

/// The state that a page counts beside: which file holds it, which snapshot begins that, and where its last record
/// ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Base(u64);

impl Base {
    pub(crate) fn of((device, number): (u64, u64), tail: &Tail) -> Self {
        let (snapshot, end) = tail.place();
        Base(layout::checksum(&[device, number, u64::from(snapshot), end, 0, 0]))
    }
}

/// A page, as the run has it that writes it.
#[derive(Debug)]
pub struct Page(Kind);

#[derive(Debug)]
enum Kind {
    Mapped(Slots<Mapped>),
    Written(Slots<Written>),
}

impl Page {
    /// A new page in that directory, in the place of one that may be there. `None` where nothing tells one boot of the
    /// machine from the next.
    ///
    /// # Errors
    ///
    /// The file can't be made, or there is no room for it.
    pub(crate) fn create(dir: &Dir, name: &Path, base: Base) -> io::Result<Option<Page>> {
        let Some(boot) = boot() else { return Ok(None) };
        let file = dir.replace(name)?;
        let made = Page::make(file, &boot, base);
        if made.is_err() {
            // The error to report is why it could not be made.
            let _ = dir.remove(name);
        }
        made.map(Some)
    }

    fn make(file: File, boot: &[u8; BOOT_LEN], base: Base) -> io::Result<Page> {
        use std::os::unix::fs::FileExt;

        let mut bytes = vec![0; layout::LEN];
        if let Some(header) = bytes.first_chunk_mut() {
            *header = layout::header(boot);
        }
        // Every block is there before one is stored to: a full disk is an error here, and nothing later.
        rustix::fs::fallocate(&file, rustix::fs::FallocateFlags::empty(), 0, layout::LEN as u64)
            .or_else(|error| match error {
                rustix::io::Errno::OPNOTSUPP => Ok(()),
                error => Err(error),
            })?;
        file.write_all_at(&bytes, 0)?;
        if !crate::dir::keeps_its_blocks(&file) {
            return Ok(Page(Kind::Written(Slots::new(Written::new(file), base.0))));
        }
        rustix::fs::fchmod(&file, rustix::fs::Mode::RUSR)?;
        Ok(Page(Kind::Mapped(Slots::new(Mapped::new(&file)?, base.0))))
    }

    /// From now on it counts beside another state, which has all that was in it.
    pub fn rebase(&mut self, base: Base) {
        match &mut self.0 {
            Kind::Mapped(slots) => slots.rebase(base.0),
            Kind::Written(slots) => slots.rebase(base.0),
        }
    }

    /// Takes in what else has changed since the state that the page counts beside, as the records that would be
    /// appended to it: see [`Store::frame`](crate::Store::frame). They count with the next
    /// [`advance`](Self::advance). Returns whether there is [`ROOM`] for them.
    ///
    /// # Errors
    ///
    /// The file can't be written.
    pub fn write_records(&mut self, framed: &[u8]) -> io::Result<bool> {
        match &mut self.0 {
            Kind::Mapped(slots) => slots.write_record(framed),
            Kind::Written(slots) => slots.write_record(framed),
        }
    }

    /// Takes in how far a loop has come, behind the record.
    ///
    /// # Errors
    ///
    /// The file can't be written; or this is a child that the process has forked, and the page is its parent's.
    #[inline]
    pub fn advance(&mut self, to: Advanced) -> io::Result<()> {
        match &mut self.0 {
            Kind::Mapped(slots) if slots.memory().is_ours() => slots.advance(to),
            Kind::Written(slots) if slots.memory().is_ours() => slots.advance(to),
            _ => Err(forked()),
        }
    }
}

#[cold]
fn forked() -> io::Error {
    io::Error::other("this process was forked by the one that runs the job")
}

/// Which boot of the machine it is; `None` where that can't be told.
fn boot() -> Option<[u8; BOOT_LEN]> {
    let text = std::fs::read("/proc/sys/kernel/random/boot_id").ok()?;
    text.first_chunk().copied()
}

/// Adds what a page says to the checkpoint that is in `file`, by its device and number, if it counts beside that. Returns whether it does.
pub(crate) fn extend(checkpoint: &mut Vec<u8>, file: (u64, u64), page: &[u8]) -> bool {
    let Some(boot) = boot() else { return false };
    let Some(tail) = Tail::of(checkpoint) else { return false };
    let Some(said) = slots::read(page, &boot, Base::of(file, &tail).0) else { return false };
    let Advanced { loop_id, count, fingerprint } = said.advanced;
    let advance = Advance { micros: 0, loop_id, count, fingerprint };
    let longer = tail.extended(checkpoint, said.record, (count > 0).then_some(advance));
    longer.map(|longer| *checkpoint = longer).is_some()
}
