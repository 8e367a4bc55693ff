//! The layout of a page. Other processes read a page, also after its writer's death: `docs/format.md` has the layout byte by
//! byte.

use std::ops::Range;

/// The first byte is no ASCII; the last is the version of the layout.
const MAGIC: [u8; 8] = *b"\x89SSPAGE\x02";
/// The length of the text in `/proc/sys/kernel/random/boot_id`.
pub(super) const BOOT_LEN: usize = 36;
/// The length of the magic, the boot and the checksum of both.
pub(super) const HEADER_LEN: usize = 8 + BOOT_LEN + 4;

/// The size of a slot: a cache line of its own.
const SLOT_BYTES: usize = 64;
const FIRST_SLOT: usize = 64;
/// The number of words in a slot that its checksum covers.
pub(super) const WORDS: usize = 6;

const FIRST_RECORD: usize = 4096;
/// The length of the file in bytes.
pub(super) const LEN: usize = 1 << 16;
/// The room for records in bytes.
pub const RECORD_ROOM: usize = LEN - FIRST_RECORD;

/// Returns the range of a slot's bytes in the page. The slots of even and of odd numbers share one place each.
pub(super) fn slot(index: u64) -> Range<usize> {
    let start = FIRST_SLOT + if index & 1 == 0 { 0 } else { SLOT_BYTES };
    start..start + 8 * (WORDS + 1)
}

/// Returns the range of the records, which lie one behind the other.
pub(super) fn records() -> Range<usize> {
    FIRST_RECORD..LEN
}

/// Returns the header of a page that is written during `boot`.
pub(super) fn header(boot: &[u8; BOOT_LEN]) -> [u8; HEADER_LEN] {
    let mut header = [0; HEADER_LEN];
    let (covered, checksum) = header.split_at_mut(8 + BOOT_LEN);
    let (magic, of_boot) = covered.split_at_mut(8);
    magic.copy_from_slice(&MAGIC);
    of_boot.copy_from_slice(boot);
    checksum.copy_from_slice(&crc32fast::hash(covered).to_le_bytes());
    header
}

/// Returns the boot in a header, if the header is whole and of this version.
pub(super) fn boot(found: &[u8; HEADER_LEN]) -> Option<[u8; BOOT_LEN]> {
    let boot = found.get(8..)?.first_chunk()?;
    (header(boot) == *found).then_some(*boot)
}

/// Returns the checksum of a slot's words: a sum of products, which a processor computes in parallel. The checksum fits words
/// that are partly another slot's with a chance of one in 2^64.
#[inline]
pub(super) fn checksum(words: &[u64; WORDS]) -> u64 {
    // The factors are odd numbers without a pattern.
    const FACTORS: [u64; WORDS] = [
        0x9e37_79b9_7f4a_7c15,
        0xbf58_476d_1ce4_e5b9,
        0x94d0_49bb_1331_11eb,
        0xd6e8_feb8_6659_fd93,
        0xa076_1d64_78bd_642f,
        0xe703_7ed1_a0b4_28db,
    ];
    const LAST: u64 = 0xff51_afd7_ed55_8ccd;
    let products = words.iter().zip(FACTORS).map(|(word, factor)| word.wrapping_mul(factor));
    let sum = products.fold(0, u64::wrapping_add);
    // The checksum is never zero, so that the zeros of a hole are no slot.
    (sum ^ (sum >> 33)).wrapping_mul(LAST) | 1
}
