//! The difference between two byte strings: bytes that both have are stored as a length, the others as they are.

/// The number of bytes that are compared at once.
const AT_ONCE: usize = 64;
/// The number of equal bytes in a row that are taken for a match.
const BLOCK: usize = 32;
/// The distance, in bytes, behind a difference within which a match at the same distance is looked for.
const NEAR: usize = 256;
/// The largest number of blocks of the base that are indexed.
const BLOCKS: usize = 1 << 16;
/// The length in bytes from which sample positions are compared before all bytes are.
const LARGE: usize = 1 << 20;
/// The number of sample positions.
const LOOKED_AT: usize = 64;

/// Bytes that both have: their start in the base, their start in the own bytes, and their length.
#[derive(Clone, Copy)]
struct Same {
    base: usize,
    own: usize,
    len: usize,
}

/// Returns the parts that make `own` from `base`; `None` if they would be more than half as long as `own`.
pub(super) fn parts(base: &[u8], own: &[u8]) -> Option<Vec<u8>> {
    let limit = own.len() / 2;
    let front = common(base, own);
    let (base_rest, own_rest) = (base.get(front..)?, own.get(front..)?);
    let back = common_back(base_rest, own_rest);
    let (base_end, own_end) = (base.len() - back, own.len() - back);
    let mut same = vec![Same { base: 0, own: 0, len: front }];
    find(base.get(..base_end)?, own.get(..own_end)?, limit, &mut same)?;
    same.push(Same { base: base_end, own: own_end, len: back });
    let mut written = Vec::new();
    let (mut base_at, mut own_at) = (0, 0);
    let mut each = same.into_iter().filter(|it| it.len > 0 || it.own == 0).peekable();
    while let Some(Same { base, own: at, len }) = each.next() {
        let next = each.peek().map_or(own.len(), |next| next.own);
        let literal = own.get(at + len..next)?;
        debug_assert!(at == own_at, "no byte is left out");
        for number in [base - base_at, len, literal.len()] {
            push_varint(&mut written, number);
        }
        written.extend_from_slice(literal);
        (base_at, own_at) = (base + len, next);
        if written.len() > limit {
            return None;
        }
    }
    Some(written)
}

/// Returns how many bytes the parts make from a base of `base` bytes; `None` if they do not fit that length.
pub(super) fn whole_len(parts: &[u8], base: usize) -> Option<usize> {
    let (mut at, mut len) = (0_usize, 0_usize);
    for part in Parts(parts) {
        let (skipped, taken, own) = part?;
        at = at.checked_add(skipped)?.checked_add(taken).filter(|at| *at <= base)?;
        len = len.checked_add(taken)?.checked_add(own.len())?;
    }
    Some(len)
}

/// Returns whether the parts make exactly the base, of `base` bytes.
pub(super) fn is_all(parts: &[u8], base: usize) -> bool {
    let mut all = Parts(parts);
    all.next() == Some(Some((0, base, &[]))) && all.0.is_empty()
}

/// Returns the bytes that the parts make from `base`; `None` if they do not fit it.
pub(super) fn whole(parts: &[u8], base: &[u8]) -> Option<Vec<u8>> {
    let mut whole = Vec::with_capacity(whole_len(parts, base.len())?);
    let mut left = base;
    for part in Parts(parts) {
        let (skipped, taken, own) = part?;
        let (same, behind) = left.get(skipped..)?.split_at_checked(taken)?;
        whole.extend_from_slice(same);
        whole.extend_from_slice(own);
        left = behind;
    }
    Some(whole)
}

/// The decoded parts. Each has the number of base bytes to skip, the number to copy, and the own bytes behind these; `None` for
/// bytes that are no part, which ends the iteration.
struct Parts<'a>(&'a [u8]);

impl<'a> Iterator for Parts<'a> {
    type Item = Option<(usize, usize, &'a [u8])>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let part = self.read();
        if part.is_none() {
            self.0 = &[];
        }
        Some(part)
    }
}

impl<'a> Parts<'a> {
    fn read(&mut self) -> Option<(usize, usize, &'a [u8])> {
        let ([skipped, taken, len], left) = postcard::take_from_bytes::<[u64; 3]>(self.0).ok()?;
        let (own, left) = left.split_at_checked(usize::try_from(len).ok()?)?;
        self.0 = left;
        Some((usize::try_from(skipped).ok()?, usize::try_from(taken).ok()?, own))
    }
}

fn push_varint(bytes: &mut Vec<u8>, number: usize) {
    let mut room = [0; 10];
    // Ten bytes are enough for any number.
    let number = postcard::to_slice(&(number as u64), &mut room).map(|it| &*it);
    bytes.extend_from_slice(number.unwrap_or_default());
}

/// Returns the number of bytes with which both begin.
fn common(one: &[u8], other: &[u8]) -> usize {
    let pieces = one.chunks_exact(AT_ONCE).zip(other.chunks_exact(AT_ONCE));
    let front = pieces.take_while(|(one, other)| one == other).count() * AT_ONCE;
    let one = one.get(front..).unwrap_or_default().iter();
    let other = other.get(front..).unwrap_or_default();
    front + one.zip(other).take_while(|(one, other)| one == other).count()
}

/// Returns the number of bytes with which both end.
fn common_back(one: &[u8], other: &[u8]) -> usize {
    let pieces = one.rchunks_exact(AT_ONCE).zip(other.rchunks_exact(AT_ONCE));
    let back = pieces.take_while(|(one, other)| one == other).count() * AT_ONCE;
    let one = one.get(..one.len() - back).unwrap_or_default().iter().rev();
    let other = other.get(..other.len() - back).unwrap_or_default().iter().rev();
    back + one.zip(other).take_while(|(one, other)| one == other).count()
}

/// Finds the matches behind the common front, in the order in which they are in both. Returns `None` if more than `limit` bytes
/// have no match.
fn find(base: &[u8], own: &[u8], limit: usize, same: &mut Vec<Same>) -> Option<()> {
    let front = same.last().map_or(0, |it| it.len);
    let (mut base_at, mut own_at) = (front, front);
    if own.len() - front >= LARGE && !look_alike(base, own, front) {
        return None;
    }
    let mut blocks = None;
    let mut others = 0;
    loop {
        let begin = own_at;
        let (base_left, own_left) = (base.get(base_at..)?, own.get(own_at..)?);
        if let Some(near) = near(base_left, own_left) {
            (base_at, own_at) = (base_at + near, own_at + near);
        } else {
            let blocks = blocks.get_or_insert_with(|| Blocks::of(base, front));
            let Some((in_base, in_own)) = blocks.find(base, own, (base_at, own_at)) else { break };
            (base_at, own_at) = (in_base, in_own);
        }
        others += own_at - begin;
        if others > limit {
            return None;
        }
        let len = common(base.get(base_at..)?, own.get(own_at..)?);
        same.push(Same { base: base_at, own: own_at, len });
        (base_at, own_at) = (base_at + len, own_at + len);
    }
    Some(())
}

/// Returns whether both have the same block at one of the sample positions.
fn look_alike(base: &[u8], own: &[u8], front: usize) -> bool {
    let step = (base.len().min(own.len()) - front) / LOOKED_AT;
    (0..LOOKED_AT).map(|at| front + at * step).any(|at| {
        let block = base.get(at..at + BLOCK);
        block.is_some() && block == own.get(at..at + BLOCK)
    })
}

/// Returns the distance ahead at which both match again, without a shift between them.
fn near(base: &[u8], own: &[u8]) -> Option<usize> {
    let windows = base.windows(BLOCK / 2).zip(own.windows(BLOCK / 2)).take(NEAR);
    windows.enumerate().skip(1).find(|(_, (base, own))| base == own).map(|(at, _)| at)
}

/// An index of a value's blocks: the position of each, by a hash of its bytes.
struct Blocks {
    places: Vec<u32>,
    bits: u32,
}

/// The factor of a rolling hash: a polynomial of a block's bytes, from which the next block's hash is computed.
const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;
const LAST: u64 = power(BLOCK - 1);

const fn power(exponent: usize) -> u64 {
    let (mut power, mut left) = (1_u64, exponent);
    while left > 0 {
        power = power.wrapping_mul(FACTOR);
        left -= 1;
    }
    power
}

fn hash(block: &[u8]) -> u64 {
    block.iter().fold(0, |hash, byte| hash.wrapping_mul(FACTOR).wrapping_add(u64::from(*byte)))
}

impl Blocks {
    fn of(bytes: &[u8], front: usize) -> Blocks {
        let bytes = bytes.get(front..).unwrap_or_default();
        let step = BLOCK.max(bytes.len().div_ceil(BLOCKS));
        let count = bytes.len() / step;
        let bits = (count * 2).next_power_of_two().max(2).trailing_zeros();
        let mut blocks = Blocks { places: vec![u32::MAX; 1 << bits], bits };
        for (at, block) in bytes.chunks_exact(step).enumerate() {
            let slot = blocks.slot(hash(block.get(..BLOCK).unwrap_or_default()));
            let place = u32::try_from(front + at * step).unwrap_or(u32::MAX);
            if let Some(known) = blocks.places.get_mut(slot).filter(|known| **known == u32::MAX) {
                *known = place;
            }
        }
        blocks
    }

    fn slot(&self, hash: u64) -> usize {
        // Only the upper bits depend on all bits of the hash.
        let upper = hash.wrapping_mul(FACTOR) >> (64 - self.bits);
        usize::try_from(upper).unwrap_or(usize::MAX)
    }

    /// Finds the next block of `base` behind `base_from` that is in `own` behind `own_from`. Returns its position in both.
    fn find(
        &self,
        base: &[u8],
        own: &[u8],
        (base_from, own_from): (usize, usize),
    ) -> Option<(usize, usize)> {
        let left = own.get(own_from..)?;
        let mut rolled = hash(left.get(..BLOCK)?);
        let leaving = left.iter();
        let mut coming = left.get(BLOCK..)?.iter();
        for ((at, block), leaves) in left.windows(BLOCK).enumerate().zip(leaving) {
            let place = self.places.get(self.slot(rolled)).map_or(usize::MAX, |it| *it as usize);
            let is_behind = place >= base_from && place != u32::MAX as usize;
            if is_behind && base.get(place..).is_some_and(|rest| rest.starts_with(block)) {
                let (before_base, before_own) = (base.get(base_from..place)?, left.get(..at)?);
                let more = common_back(before_base, before_own);
                return Some((place - more, own_from + at - more));
            }
            let left = rolled.wrapping_sub(u64::from(*leaves).wrapping_mul(LAST));
            rolled = left.wrapping_mul(FACTOR).wrapping_add(u64::from(*coming.next()?));
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::dice::Dice;

    fn some(dice: &mut Dice, len: usize, range: usize) -> Vec<u8> {
        (0..len).map(|_| u8::try_from(dice.up_to(range) - 1).unwrap()).collect()
    }

    /// Returns two byte strings, the second made from the first by random changes.
    fn pair(dice: &mut Dice) -> (Vec<u8>, Vec<u8>) {
        let range = if dice.one_in(2) { 2 } else { 256 };
        let len = dice.up_to(6000);
        let base = some(dice, len, range);
        let mut own = base.clone();
        for _ in 0..dice.up_to(7) {
            let (at, len) = (dice.up_to(own.len() + 1) - 1, dice.up_to(60));
            let (insert, end) = (some(dice, len, range), (at + dice.up_to(80)).min(own.len()));
            match dice.up_to(3) {
                1 => drop(own.splice(at..at, insert)),
                2 => drop(own.drain(at..end)),
                _ => own[at..end].iter_mut().zip(insert).for_each(|(to, byte)| *to = byte),
            }
        }
        (base, own)
    }

    #[test]
    fn parts_make_the_whole_again() {
        let mut told = 0;
        for seed in 0..3000 {
            let (base, own) = pair(&mut Dice::new(seed));
            let Some(parts) = parts(&base, &own) else { continue };
            told += 1;
            assert!(parts.len() <= own.len() / 2, "{seed}");
            assert_eq!(whole_len(&parts, base.len()), Some(own.len()), "{seed}");
            assert_eq!(whole(&parts, &base), Some(own), "{seed}");
        }
        assert!(told > 2000, "{told}");
    }

    #[test]
    fn a_change_is_as_short_as_what_changed() {
        let mut dice = Dice::new(7);
        let base = some(&mut dice, 1_000_000, 256);
        let mut own = base.clone();
        for _ in 0..100 {
            let at = dice.up_to(own.len()) - 1;
            match dice.up_to(3) {
                1 => own.insert(at, 7),
                2 => drop(own.remove(at)),
                _ => own[at] ^= 1,
            }
        }
        let parts = parts(&base, &own).unwrap();
        assert!(parts.len() < 100 * 100, "{}", parts.len());
        assert_eq!(whole(&parts, &base).unwrap(), own);
    }

    #[test]
    fn values_with_nothing_in_common_have_no_difference() {
        let mut dice = Dice::new(7);
        for len in [1, 40, 5000, 3 << 20] {
            let (base, own) = (some(&mut dice, len, 256), some(&mut dice, len, 256));
            assert_eq!(parts(&base, &own), None, "{len}");
        }
    }

    #[test]
    fn bytes_that_are_no_parts_are_refused() {
        let mut dice = Dice::new(7);
        for _ in 0..20_000 {
            let len = dice.up_to(12);
            let hostile = some(&mut dice, len, 256);
            let base = vec![7; dice.up_to(300)];
            let made = whole(&hostile, &base);
            assert_eq!(made.as_ref().map(Vec::len), whole_len(&hostile, base.len()));
            assert!(made.is_none_or(|made| made.len() <= base.len() + hostile.len()));
        }
        let far = postcard::to_stdvec(&[1_u64, u64::MAX, 0]).unwrap();
        assert_eq!(whole_len(&far, 9), None);
    }
}
