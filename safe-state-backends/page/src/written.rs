//! Pages that are written by system calls, where a store into a mapped page could end the process.

use std::cell::RefCell;
use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;

use super::layout::LEN;
use super::memory::Memory;

/// A page of a file, with a copy of its contents in memory.
#[derive(Debug)]
pub(super) struct Written {
    file: File,
    bytes: RefCell<Box<[u8]>>,
    process: u32,
}

impl Written {
    pub(super) fn new(file: File) -> Self {
        let bytes = RefCell::new(vec![0; LEN].into_boxed_slice());
        Written { file, bytes, process: std::process::id() }
    }

    pub(super) fn is_ours(&self) -> bool {
        std::process::id() == self.process
    }
}

impl Memory for Written {
    fn store(&self, at: usize, word: u64) {
        self.write(at, &word.to_le_bytes());
    }

    fn write(&self, at: usize, bytes: &[u8]) {
        if let Some(to) = self.bytes.borrow_mut().get_mut(at..at + bytes.len()) {
            to.copy_from_slice(bytes);
        }
    }

    fn publish(&self, bytes: Range<usize>) -> io::Result<()> {
        let at = bytes.start as u64;
        let written = self.bytes.borrow();
        self.file.write_all_at(written.get(bytes).unwrap_or_default(), at)
    }
}
