//! The bitmap's stored form: the portable serialisation of 64-bit Roaring bitmaps.
//!
//! The `roaring` crate allocates by the counts that it reads, before it has read what they count. So the length of a bitmap is
//! checked before the crate reads it.

use std::fmt;
use std::io;

use roaring::RoaringBitmap;
use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};

use super::bitmap::Bitmap;

/// The first four bytes of a bitmap of 32-bit indices that has no container of runs.
const WITHOUT_RUNS: u32 = 12_346;
/// The lower half of the first four bytes of a bitmap that has containers of runs.
const WITH_RUNS: u32 = 12_347;
/// The number of containers from which a bitmap with runs has offsets.
const OFFSETS_FROM: usize = 4;
/// The most indices in a container that is a list of 16-bit indices. A larger container is 8 KiB of bits.
const LONGEST_LIST: usize = 4096;
/// The length of the shortest chunk: upper half, cookie with the container count, run flag, key and cardinality, one run.
const SHORTEST_CHUNK: usize = 4 + 4 + 1 + 4 + 2 + 4;

/// Writes no bytes for the empty set.
impl Serialize for Bitmap {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.is_empty() {
            return serializer.serialize_bytes(&[]);
        }
        serializer.serialize_bytes(&write(self).map_err(ser::Error::custom)?)
    }
}

impl<'de> Deserialize<'de> for Bitmap {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_bytes(BitmapVisitor)
    }
}

struct BitmapVisitor;

impl Visitor<'_> for BitmapVisitor {
    type Value = Bitmap;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a bitmap of indices")
    }

    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Bitmap, E> {
        let bitmap = if bytes.is_empty() { Some(Bitmap::default()) } else { read(bytes) };
        bitmap.ok_or_else(|| E::custom("the bitmap is damaged"))
    }
}

/// Writes each container in its shortest form, so that equal sets have equal bytes.
fn write(bitmap: &Bitmap) -> io::Result<Vec<u8>> {
    let mut bytes = (bitmap.chunks.len() as u64).to_le_bytes().to_vec();
    for (high, chunk) in &bitmap.chunks {
        let mut shortest = chunk.clone();
        shortest.optimize();
        bytes.extend_from_slice(&high.to_le_bytes());
        shortest.serialize_into(&mut bytes)?;
    }
    Ok(bytes)
}

/// Reads a bitmap. Returns `None` if the bytes are no bitmap, or if anything follows it.
fn read(mut bytes: &[u8]) -> Option<Bitmap> {
    let count = usize::try_from(u64::from_le_bytes(take_chunk(&mut bytes)?)).ok()?;
    if count > bytes.len() / SHORTEST_CHUNK {
        return None;
    }
    let mut chunks = Vec::with_capacity(count);
    let mut least = 0;
    for _ in 0..count {
        let high = u32::from_le_bytes(take_chunk(&mut bytes)?);
        let len = measure(bytes)?;
        let chunk = RoaringBitmap::deserialize_from(take(&mut bytes, len)?).ok()?;
        if u64::from(high) < least || chunk.is_empty() {
            return None;
        }
        least = u64::from(high) + 1;
        chunks.push((high, chunk));
    }
    bytes.is_empty().then_some(Bitmap { chunks })
}

/// Returns the length of the bitmap of 32-bit indices with which `bytes` begin, if all of it is there.
fn measure(bytes: &[u8]) -> Option<usize> {
    let mut rest = bytes;
    let cookie = u32::from_le_bytes(take_chunk(&mut rest)?);
    let has_runs = cookie & 0xffff == WITH_RUNS;
    let count = match cookie {
        WITHOUT_RUNS => u32::from_le_bytes(take_chunk(&mut rest)?),
        _ if has_runs => (cookie >> 16) + 1,
        _ => return None,
    };
    let count = usize::try_from(count).ok()?;
    let run_flags = take(&mut rest, if has_runs { count.div_ceil(8) } else { 0 })?;
    let heads = take(&mut rest, count.checked_mul(4)?)?;
    if !has_runs || count >= OFFSETS_FROM {
        take(&mut rest, heads.len())?;
    }
    for (at, head) in heads.chunks_exact(4).enumerate() {
        let is_runs = run_flags.get(at / 8).is_some_and(|flags| flags >> (at % 8) & 1 == 1);
        skip_container(&mut rest, head, is_runs)?;
    }
    Some(bytes.len() - rest.len())
}

fn skip_container(rest: &mut &[u8], head: &[u8], is_runs: bool) -> Option<()> {
    let &[_, _, c0, c1] = head else { return None };
    let cardinality = usize::from(u16::from_le_bytes([c0, c1])) + 1;
    let len = match cardinality {
        _ if is_runs => usize::from(u16::from_le_bytes(take_chunk(rest)?)) * 4,
        short if short <= LONGEST_LIST => short * 2,
        _ => LONGEST_LIST * 2,
    };
    take(rest, len).map(|_| ())
}

fn take<'a>(bytes: &mut &'a [u8], len: usize) -> Option<&'a [u8]> {
    let (taken, rest) = bytes.split_at_checked(len)?;
    *bytes = rest;
    Some(taken)
}

fn take_chunk<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(*taken)
}
