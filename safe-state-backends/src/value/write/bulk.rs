//! Lists of numbers with a fixed length in bytes, which are written at once. They are recognised by their types, as `serde`
//! passes numbers one by one.

use std::any::type_name;

use castaway::cast;
use serde::Serialize;

use super::super::scalar::Scalar;
use super::super::schema::{Kind, NodeId, ROOT, Schema};
use super::state::{State, push_varint};
use super::{Bytes, WriteError, Writer};

/// The number of numbers that are converted to bytes at once.
const AT_ONCE: usize = 2048;

/// A list of numbers that can be written at once.
#[derive(Clone, Copy)]
pub(super) enum Numbers<'a> {
    Bytes(&'a [u8]),
    Singles(&'a [f32]),
    Doubles(&'a [f64]),
}

/// Returns the numbers, if the value is a list of them.
#[inline]
pub(super) fn numbers<T: ?Sized>(value: &T) -> Option<Numbers<'_>> {
    // Most values have another size than a `Vec`.
    if size_of_val(value) != size_of::<Vec<u8>>() {
        return None;
    }
    if let Ok(list) = cast!(value, &Vec<f32>) {
        Some(Numbers::Singles(list))
    } else if let Ok(list) = cast!(value, &Vec<f64>) {
        Some(Numbers::Doubles(list))
    } else {
        cast!(value, &Vec<u8>).ok().map(|list| Numbers::Bytes(list))
    }
}

/// Returns whether a type is a list whose order is a part of its value. The compiler knows the answer.
#[inline]
pub(super) fn is_ordered<T: ?Sized>() -> bool {
    const LISTS: [&str; 2] = ["alloc::vec::Vec<", "alloc::collections::vec_deque::VecDeque<"];
    LISTS.iter().any(|list| type_name::<T>().starts_with(list))
}

/// Returns whether the value is a list of numbers that can be written at once. These lists are known to read back.
pub(in super::super) fn is_numbers<T: ?Sized>(value: &T) -> bool {
    numbers(value).is_some()
}

/// The number of positions at which two lists are compared, to see whether they have something in common.
const LOOKED_AT: usize = 64;
/// The number of bytes that are compared at each position.
const LOOKED_AT_ONCE: usize = 32;

/// Writes a list of numbers over the bytes of another one. Does nothing if both may have something in common, so that a save
/// can store the difference instead.
pub(in super::super) fn overwrite<T: ?Sized>(value: &T, schema: &Schema, bytes: &mut [u8]) -> bool {
    let Some(numbers) = numbers(value) else { return false };
    let kind = |at: NodeId| schema.node(at).filter(|it| it.tagged_since == 0).map(|it| it.kind);
    let is_like = matches!(
        kind(ROOT),
        Some(Kind::Seq(of)) if kind(of) == Some(Kind::Scalar(numbers.scalar()))
    );
    let mut count = Bytes::default();
    push_varint(&mut count, numbers.len() as u64);
    let count = count.finish().unwrap_or_default();
    let stored = if bytes.starts_with(&count) { bytes.get_mut(count.len()..) } else { None };
    let Some(stored) = stored.filter(|_| is_like) else { return false };
    match numbers {
        Numbers::Bytes(list) => over(stored, list, u8::to_le_bytes),
        Numbers::Singles(list) => over(stored, list, f32::to_le_bytes),
        Numbers::Doubles(list) => over(stored, list, f64::to_le_bytes),
    }
}

fn over<T: Copy, const N: usize>(
    stored: &mut [u8],
    numbers: &[T],
    to_bytes: impl Fn(T) -> [u8; N],
) -> bool {
    let (stored, rest) = stored.as_chunks_mut::<N>();
    if stored.len() != numbers.len() || !rest.is_empty() {
        return false;
    }
    let (some, step) = (LOOKED_AT_ONCE / N, numbers.len() / LOOKED_AT);
    let is_same = |from: usize| {
        let pairs = stored.iter().zip(numbers).skip(from).take(some);
        pairs.into_iter().all(|(stored, number)| *stored == to_bytes(*number))
    };
    if step < some || (0..LOOKED_AT).any(|at| is_same(at * step)) {
        return false;
    }
    stored.iter_mut().zip(numbers).for_each(|(to, number)| *to = to_bytes(*number));
    true
}

impl State<'_> {
    /// Writes a value at a place.
    #[inline]
    pub(super) fn value<T: Serialize + ?Sized>(
        &mut self,
        at: NodeId,
        value: &T,
    ) -> Result<(), WriteError> {
        if is_ordered::<T>() {
            self.note_order(at);
        }
        match numbers(value).filter(|numbers| self.takes_at_once(at, numbers)) {
            Some(numbers) => self.numbers(&numbers),
            None => value.serialize(Writer { state: self, at }),
        }
    }

    /// Returns whether the schema already has a list of this kind of numbers at the place, so that no element needs a tag.
    fn takes_at_once(&mut self, at: NodeId, numbers: &Numbers<'_>) -> bool {
        let element = match self.kind(at) {
            Some(Kind::Seq(element)) if numbers.len() > 0 => self.kind(element),
            _ => None,
        };
        element == Some(Kind::Scalar(numbers.scalar()))
    }

    fn numbers(&mut self, numbers: &Numbers<'_>) -> Result<(), WriteError> {
        self.enter()?;
        push_varint(&mut self.bytes, numbers.len() as u64);
        match numbers {
            Numbers::Bytes(list) => self.bytes.extend_from_slice(list),
            Numbers::Singles(list) => in_pieces(&mut self.bytes, list, f32::to_le_bytes),
            Numbers::Doubles(list) => in_pieces(&mut self.bytes, list, f64::to_le_bytes),
        }
        self.depth -= 1;
        Ok(())
    }
}

impl Numbers<'_> {
    /// Copies the numbers to the start of a buffer. Returns how many bytes they take; `None` if there is no room.
    pub(super) fn copy(self, room: &mut [u8]) -> Option<usize> {
        match self {
            Numbers::Bytes(list) => copy(room, list, u8::to_le_bytes),
            Numbers::Singles(list) => copy(room, list, f32::to_le_bytes),
            Numbers::Doubles(list) => copy(room, list, f64::to_le_bytes),
        }
    }

    pub(super) fn scalar(self) -> Scalar {
        match self {
            Numbers::Bytes(_) => Scalar::U8,
            Numbers::Singles(_) => Scalar::F32,
            Numbers::Doubles(_) => Scalar::F64,
        }
    }

    pub(super) fn len(self) -> usize {
        match self {
            Numbers::Bytes(list) => list.len(),
            Numbers::Singles(list) => list.len(),
            Numbers::Doubles(list) => list.len(),
        }
    }
}

fn copy<T: Copy, const N: usize>(
    room: &mut [u8],
    numbers: &[T],
    to_bytes: impl Fn(T) -> [u8; N],
) -> Option<usize> {
    let room = room.get_mut(..N * numbers.len())?;
    let (chunks, _) = room.as_chunks_mut::<N>();
    chunks.iter_mut().zip(numbers).for_each(|(to, number)| *to = to_bytes(*number));
    Some(room.len())
}

/// Appends the bytes of the numbers, many at once, which are faster to compare and copy.
fn in_pieces<T: Copy, const N: usize>(
    bytes: &mut Bytes<'_>,
    numbers: &[T],
    to_bytes: impl Fn(T) -> [u8; N],
) {
    let mut piece = [[0; N]; AT_ONCE];
    for some in numbers.chunks(AT_ONCE) {
        piece.iter_mut().zip(some).for_each(|(to, number)| *to = to_bytes(*number));
        let filled = piece.get(..some.len()).unwrap_or_default();
        bytes.extend_from_slice(filled.as_flattened());
    }
}
