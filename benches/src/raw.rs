//! Writes records to a file with the least work that keeps progress.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

/// A record with as many bytes as a save appends: length, checksum, kind, time, number of complete items, and the last
/// item's fingerprint.
const RECORD: [u8; 18] = [0xa5; 18];

/// A file with room for all its records, which are written one behind the other.
#[derive(Debug)]
pub struct RawLog {
    file: File,
    end: u64,
}

impl RawLog {
    /// Creates the file in `dir`, with room for `records` records.
    ///
    /// # Panics
    ///
    /// If the disk has no room for the records.
    pub fn create(dir: &Path, records: u32) -> Self {
        let file = File::create(dir.join("raw")).expect("a new file");
        let room = u64::from(records) * RECORD.len() as u64;
        fs2::FileExt::allocate(&file, room).expect("room on the disk");
        file.sync_all().expect("a sync");
        RawLog { file, end: 0 }
    }

    /// Writes a record by one `pwrite`.
    ///
    /// # Panics
    ///
    /// If the write fails.
    pub fn write(&mut self) {
        self.file.write_all_at(&RECORD, self.end).expect("a write into allocated space");
        self.end += RECORD.len() as u64;
    }

    /// Writes a record by one `pwrite` and one `fdatasync`.
    ///
    /// # Panics
    ///
    /// If the write or the sync fails.
    pub fn write_and_sync(&mut self) {
        self.write();
        self.file.sync_data().expect("a sync");
    }
}
