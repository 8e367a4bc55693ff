//! Pages that are written by system calls, where a store into a mapped page could end the process.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::layout::LEN;
use super::memory::Memory;

/// A page of a file, with a copy of its contents in memory.
#[derive(Debug)]
pub(super) struct Written {
    file: File,
    bytes: Mutex<Box<[u8]>>,
    process: u32,
}

impl Written {
    pub(super) fn new(file: File) -> Self {
        let bytes = Mutex::new(vec![0; LEN].into_boxed_slice());
        Written { file, bytes, process: std::process::id() }
    }

    pub(super) fn is_ours(&self) -> bool {
        std::process::id() == self.process
    }

    fn bytes(&self) -> MutexGuard<'_, Box<[u8]>> {
        // No code of this module panics while it holds the lock.
        self.bytes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Memory for Written {
    fn store(&self, at: usize, word: u64) {
        self.write(at, &word.to_le_bytes());
    }

    fn write(&self, at: usize, bytes: &[u8]) {
        if let Some(to) = self.bytes().get_mut(at..at + bytes.len()) {
            to.copy_from_slice(bytes);
        }
    }

    fn publish(&self, bytes: Range<usize>) -> io::Result<()> {
        let at = bytes.start as u64;
        let written = self.bytes();
        self.file.write_all_at(written.get(bytes).unwrap_or_default(), at)
    }

    fn load(&self, at: usize) -> u64 {
        word(&self.bytes(), at).copied().map_or(0, u64::from_le_bytes)
    }

    fn exchange(&self, at: usize, before: u64, word: u64) -> io::Result<bool> {
        let mut bytes = self.bytes();
        let found = bytes.get_mut(at..).and_then(<[u8]>::first_chunk_mut);
        let Some(found) = found.filter(|found| **found == before.to_le_bytes()) else {
            return Ok(false);
        };
        *found = word.to_le_bytes();
        // With the lock held, so that an older word never replaces a newer one.
        self.file.write_all_at(found, at as u64)?;
        Ok(true)
    }
}

fn word(bytes: &[u8], at: usize) -> Option<&[u8; 8]> {
    bytes.get(at..)?.first_chunk()
}
