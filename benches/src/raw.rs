//! The least that keeping progress in a file takes.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// As many bytes as a save appends: length, checksum, kind, when, what completed, and the last
/// item's fingerprint.
const RECORD: [u8; 18] = [0xa5; 18];

/// A file with room for all records that will be written, one behind the other.
#[derive(Debug)]
pub struct RawLog {
    file: File,
    end: u64,
}

impl RawLog {
    /// With room for `records`, in `dir`.
    ///
    /// # Panics
    ///
    /// If there is no such room.
    pub fn create(dir: &Path, records: u32) -> Self {
        let file = File::create(dir.join("raw")).expect("a new file");
        let room = u64::from(records) * RECORD.len() as u64;
        fs2::FileExt::allocate(&file, room).expect("room on the disk");
        file.sync_all().expect("a sync");
        RawLog { file, end: 0 }
    }

    /// One `pwrite`.
    ///
    /// # Panics
    ///
    /// If it fails.
    pub fn write(&mut self) {
        self.file.write_all_at(&RECORD, self.end).expect("a write into allocated space");
        self.end += RECORD.len() as u64;
    }

    /// One `pwrite` and one `fdatasync`.
    ///
    /// # Panics
    ///
    /// If one fails.
    pub fn write_and_sync(&mut self) {
        self.write();
        self.file.sync_data().expect("a sync");
    }
}
