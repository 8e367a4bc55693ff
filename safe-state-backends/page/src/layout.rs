//! The layout of a page. Other processes read a page, also after its writer's death: `docs/format.md` has the layout byte by
//! byte.

use std::ops::Range;

/// The first byte is no ASCII. The version of the layout follows.
const MAGIC: [u8; 7] = *b"\x89SSPAGE";
const VERSION: u8 = 5;
/// The versions before, which are read as well. They have no window. The first of them has neither keys nor cursors, so its
/// records may end where the page does.
const VERSIONS_BEFORE: [u8; 2] = [3, 4];
/// The length of the text in `/proc/sys/kernel/random/boot_id`.
pub(super) const BOOT_LEN: usize = 36;
/// The length of the magic, the boot and the checksum of both.
pub(super) const HEADER_LEN: usize = 8 + BOOT_LEN + 4;

/// The size of a slot: a cache line of its own.
const SLOT_BYTES: usize = 64;
const FIRST_SLOT: usize = 64;
/// The number of words in a slot before its checksum.
pub(super) const WORDS: usize = 7;

/// The most items that a slot counts behind the one with the fingerprint.
pub(super) const MOST_BEHIND: u16 = (1 << 15) - 1;

const FIRST_OF_WINDOW: usize = 256;
/// The number of items that a word of a window has: each has a bit in the lower half.
pub(super) const WORD_ITEMS: u64 = 32;
/// The number of words of a window.
pub(super) const WINDOW_WORDS: u64 = 32;
/// The number of words of a window, as the length of an array.
pub(super) const WINDOW_LEN: usize = 32;
/// The number of items in a window.
pub(super) const WINDOW: u64 = WORD_ITEMS * WINDOW_WORDS;

const FIRST_VALUE: usize = 4096;
/// The room for the values of a slot in bytes.
pub const VALUE_ROOM: usize = 4096;
/// The number of words that the room for values has.
const VALUE_WORDS: usize = VALUE_ROOM / 8;
const FIRST_RECORD: usize = FIRST_VALUE + 2 * VALUE_ROOM;
/// The length of the file in bytes.
pub(super) const LEN: usize = 1 << 16;
/// The most keys in a page.
pub const KEY_LIMIT: usize = 1024;
const FIRST_KEY: usize = LEN - 8 * KEY_LIMIT;
/// The room for records in bytes.
pub const RECORD_ROOM: usize = FIRST_KEY - FIRST_RECORD;

/// Returns the range of a slot's bytes in the page. The slots of even and of odd numbers share one place each.
pub(super) fn slot(index: u64) -> Range<usize> {
    let start = FIRST_SLOT + if index & 1 == 0 { 0 } else { SLOT_BYTES };
    start..start + 8 * (WORDS + 1)
}

/// Returns the place of the word that has the items from `word` times [`WORD_ITEMS`] on. All that are apart by [`WINDOW`] share it.
pub(super) fn window_word(word: u64) -> usize {
    FIRST_OF_WINDOW + 8 * (word % WINDOW_WORDS) as usize
}

/// Returns a word of the window `window`, with its checksum in the upper half.
#[inline]
pub(super) fn checked(window: u32, word: u64, items: u32) -> u64 {
    let sum = checksum(&[window.into(), word, items.into(), 0, 0, 0, 0], 0);
    sum >> 32 << 32 | u64::from(items)
}

/// Returns the items of a stored word, if its checksum fits.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "the checksum has the upper half")]
pub(super) fn items_of(stored: u64, window: u32, word: u64) -> Option<u32> {
    let items = stored as u32;
    (checked(window, word, items) == stored).then_some(items)
}

/// Returns the range of the values that belong to a slot. Those of even and of odd numbers share one place each.
pub(super) fn values(index: u64) -> Range<usize> {
    let start = FIRST_VALUE + if index & 1 == 0 { 0 } else { VALUE_ROOM };
    start..start + VALUE_ROOM
}

/// Returns the range of the records, which lie one behind the other.
pub(super) fn records() -> Range<usize> {
    FIRST_RECORD..FIRST_KEY
}

/// Returns the range in which a page of any version has its records.
pub(super) fn records_of_any_version() -> Range<usize> {
    FIRST_RECORD..LEN
}

/// Returns the range of the bytes of the keys from `from` to `to`.
pub(super) fn keys(from: usize, to: usize) -> Range<usize> {
    FIRST_KEY + 8 * from..FIRST_KEY + 8 * to
}

/// Returns the header of a page that is written during `boot`.
pub(super) fn header(boot: &[u8; BOOT_LEN]) -> [u8; HEADER_LEN] {
    header_of(VERSION, boot)
}

fn header_of(version: u8, boot: &[u8; BOOT_LEN]) -> [u8; HEADER_LEN] {
    let mut header = [0; HEADER_LEN];
    let (covered, checksum) = header.split_at_mut(8 + BOOT_LEN);
    let (magic, of_boot) = covered.split_at_mut(8);
    let (name, number) = magic.split_at_mut(MAGIC.len());
    name.copy_from_slice(&MAGIC);
    number.fill(version);
    of_boot.copy_from_slice(boot);
    checksum.copy_from_slice(&crc32fast::hash(covered).to_le_bytes());
    header
}

/// Returns the boot in a header, if the header is whole and of a version that is read.
pub(super) fn boot(found: &[u8; HEADER_LEN]) -> Option<[u8; BOOT_LEN]> {
    let boot = found.get(8..)?.first_chunk()?;
    let is_header = |version| header_of(version, boot) == *found;
    VERSIONS_BEFORE.into_iter().chain([VERSION]).any(is_header).then_some(*boot)
}

/// The number of factors.
const FACTOR_COUNT: usize = WORDS + VALUE_WORDS + KEY_LIMIT;
/// Factors without a pattern, all odd: one for each word of a slot, and behind them one for each word of its values, and one for
/// each key.
const FACTORS: [u64; FACTOR_COUNT] = factors();

const fn factors() -> [u64; FACTOR_COUNT] {
    let mut factors = [0; FACTOR_COUNT];
    let mut state = 0_u64;
    let mut left = factors.as_mut_slice();
    while let [factor, rest @ ..] = left {
        // One step of SplitMix64.
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        *factor = (mixed ^ (mixed >> 31)) | 1;
        left = rest;
    }
    factors
}

/// Returns the sum of the products of words with their factors, which a processor computes in parallel.
#[inline]
fn sum(words: impl IntoIterator<Item = u64>, factors: &[u64]) -> u64 {
    let products = words.into_iter().zip(factors).map(|(word, factor)| word.wrapping_mul(*factor));
    products.fold(0, u64::wrapping_add)
}

/// Returns the part of a slot's checksum that is of its values.
#[inline]
pub(super) fn sum_of_values(words: impl IntoIterator<Item = u64>) -> u64 {
    sum(words, FACTORS.get(WORDS..).unwrap_or_default())
}

/// Returns the part of a slot's checksum that is of the keys from the number `first` on.
#[inline]
pub(super) fn sum_of_keys(keys: impl IntoIterator<Item = u64>, first: usize) -> u64 {
    sum(keys, FACTORS.get(WORDS + VALUE_WORDS + first..).unwrap_or_default())
}

/// Returns the checksum of a slot's words, with the parts of its values and keys. The checksum fits words that are partly another
/// slot's with a chance of one in 2^64.
#[inline]
pub(super) fn checksum(words: &[u64; WORDS], of_others: u64) -> u64 {
    const LAST: u64 = 0xff51_afd7_ed55_8ccd;
    let sum = sum(words.iter().copied(), &FACTORS).wrapping_add(of_others);
    // The checksum is never zero, so that the zeros of a hole are no slot.
    (sum ^ (sum >> 33)).wrapping_mul(LAST) | 1
}
