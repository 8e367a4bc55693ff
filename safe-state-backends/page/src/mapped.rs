//! Pages in the memory of a mapped file. All their unsafe code is here.
#![expect(unsafe_code, reason = "a store costs nanoseconds, and a `pwrite` a microsecond")]

use std::fs::File;
use std::io;
use std::ops::Range;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering, compiler_fence};

use memmap2::{MmapMut, MmapOptions, MmapRaw};
use rustix::mm::{Advice, madvise};

use super::layout::LEN;
use super::memory::Memory;

/// A mapped page of a file. Other processes may read the file, and only this one writes it.
#[derive(Debug)]
pub(super) struct Mapped {
    page: MmapRaw,
    /// A private mapping that holds a 1, and that a forked child finds empty.
    ours: MmapRaw,
}

impl Mapped {
    /// Maps a file whose blocks are all allocated. If somebody truncates it later, the process ends by SIGBUS; so the file has
    /// no write permission for anybody, and lies in a directory of ours.
    pub(super) fn new(file: &File) -> io::Result<Self> {
        let page = MmapOptions::new().len(LEN).map_raw(file)?;
        let mut ours = MmapMut::map_anon(4096)?;
        ours.fill(1);
        let ours = MmapRaw::from(ours);
        // SAFETY: the range is the whole of a mapping that is private and anonymous; its content changes only in a child.
        unsafe { madvise(ours.as_mut_ptr().cast(), ours.len(), Advice::LinuxWipeOnFork)? };
        Ok(Mapped { page, ours })
    }

    /// Returns whether this process mapped the page. A forked child returns false, as both processes would write into one page.
    #[inline]
    pub(super) fn is_ours(&self) -> bool {
        // SAFETY: the mapping is longer than a word, begins at a page boundary, lives as long as `self`, and nobody writes to
        // it any more; the kernel empties a child's copy.
        let ours = unsafe { AtomicU64::from_ptr(self.ours.as_mut_ptr().cast()) };
        ours.load(Ordering::Relaxed) != 0
    }

    #[inline]
    fn word(&self, at: usize) -> &AtomicU64 {
        assert!(at.is_multiple_of(8) && at < LEN, "a word of the page");
        // SAFETY: the word lies within the mapping, which begins at a page boundary, so it is aligned. The mapping is writable,
        // lives as long as `self`, and is accessed only by atomics here, and by system calls in other processes.
        unsafe { AtomicU64::from_ptr(self.page.as_mut_ptr().add(at).cast()) }
    }

    fn write_bytes(&self, at: usize, bytes: &[u8]) {
        for (to, byte) in self.bytes(at..at + bytes.len()).iter().zip(bytes) {
            to.store(*byte, Ordering::Relaxed);
        }
    }

    fn bytes(&self, range: Range<usize>) -> &[AtomicU8] {
        assert!(range.start <= range.end && range.end <= LEN, "bytes of the page");
        // SAFETY: as for `word`; an `AtomicU8` has the size and alignment of a byte.
        unsafe {
            let start = self.page.as_mut_ptr().add(range.start);
            std::slice::from_raw_parts(start.cast::<AtomicU8>(), range.len())
        }
    }
}

impl Memory for Mapped {
    #[inline]
    fn store(&self, at: usize, word: u64) {
        self.word(at).store(word.to_le(), Ordering::Relaxed);
    }

    fn write(&self, at: usize, bytes: &[u8]) {
        let (head, aligned) = bytes.split_at(bytes.len().min(at.next_multiple_of(8) - at));
        let (words, rest) = aligned.as_chunks::<8>();
        let first = at + head.len();
        for (index, word) in words.iter().enumerate() {
            self.store(first + 8 * index, u64::from_le_bytes(*word));
        }
        self.write_bytes(at, head);
        self.write_bytes(at + bytes.len() - rest.len(), rest);
    }

    /// Keeps the compiler from reordering the stores. A processor that stops has made its stores in the order of its
    /// instructions, in caches that are the file's pages. A concurrent reader relies on the checksums.
    #[inline]
    fn publish(&self, _: Range<usize>) -> io::Result<()> {
        compiler_fence(Ordering::Release);
        Ok(())
    }

    #[inline]
    fn load(&self, at: usize) -> u64 {
        u64::from_le(self.word(at).load(Ordering::Acquire))
    }

    #[inline]
    fn exchange(&self, at: usize, before: u64, word: u64) -> io::Result<bool> {
        let (before, word) = (before.to_le(), word.to_le());
        let stored =
            self.word(at).compare_exchange(before, word, Ordering::AcqRel, Ordering::Acquire);
        Ok(stored.is_ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mapped() -> Mapped {
        let file = tempfile::tempfile().unwrap();
        file.set_len(LEN as u64).unwrap();
        Mapped::new(&file).unwrap()
    }

    #[test]
    #[cfg_attr(miri, ignore = "it maps no file, and forks nothing")]
    fn a_forked_child_knows_that_the_page_is_its_parents() {
        let mapped = mapped();
        // SAFETY: the child reads a word and ends: it neither allocates nor locks.
        let child = unsafe { libc::fork() };
        if child == 0 {
            // SAFETY: the call runs no destructors, which are the parent's.
            unsafe { libc::_exit(i32::from(mapped.is_ours())) };
        }
        let mut status = 0;
        // SAFETY: `status` is valid for writes.
        assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
        assert!(libc::WIFEXITED(status));
        assert_eq!(libc::WEXITSTATUS(status), 0, "it took the page for its own");
        assert!(mapped.is_ours());
    }

    #[test]
    #[cfg_attr(miri, ignore = "it maps no file")]
    fn what_is_written_is_in_the_file() {
        use std::os::unix::fs::FileExt;
        let file = tempfile::tempfile().unwrap();
        file.set_len(LEN as u64).unwrap();
        let mapped = Mapped::new(&file).unwrap();
        mapped.store(64, 0x0102_0304_0506_0708);
        let mut word = [0; 8];
        file.read_exact_at(&mut word, 64).unwrap();
        assert_eq!(u64::from_le_bytes(word), 0x0102_0304_0506_0708);
        for (at, len) in (4096..4112).flat_map(|at| (0..20).map(move |len| (at, len))) {
            let (before, written) = ([0xff; 64], &b"nineteen more bytes"[..len.min(19)]);
            mapped.write(4080, &before);
            mapped.write(at, written);
            let mut expected = before.to_vec();
            expected[at - 4080..at - 4080 + written.len()].copy_from_slice(written);
            let mut found = before;
            file.read_exact_at(&mut found, 4080).unwrap();
            assert_eq!(found.as_slice(), expected, "{len} bytes at {at}");
        }
    }
}
