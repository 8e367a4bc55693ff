//! Dead letters: items given up.

use std::fmt;

use serde::de::{Error, SeqAccess, Visitor};
use serde::ser::SerializeTuple;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::escape::Line;
use crate::limits::{DEAD_LETTER_LIMIT, NESTING_LIMIT};
use crate::{Failure, bounded};

/// An item that was given up, with its failure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeadLetter {
    pub(crate) loop_id: u16,
    #[serde(deserialize_with = "bounded::list::<NESTING_LIMIT, _, _>")]
    pub(crate) within: Vec<u64>,
    pub(crate) key: Option<u64>,
    pub(crate) fingerprint: Option<u32>,
    pub(crate) attempts: u32,
    pub(crate) failure: Failure,
}

/// The items that were given up, in the order in which it happened.
///
/// In memory, the letters are encoded as in the file. They are decoded one by one when they are read.
///
/// ```
/// # use safe_state_backends::{DeadLetter, DeadLetters, Failure, FailureKind};
/// # let failure = Failure::new(FailureKind::Error, "io::Error", "no such mailbox");
/// # let letters: DeadLetters = [DeadLetter::new(0, vec![], None, failure)].into_iter().collect();
/// for letter in &letters {
///     println!("{} after {} attempts", letter.failure(), letter.attempts());
/// }
/// ```
#[derive(Clone, Default, PartialEq)]
pub struct DeadLetters {
    count: usize,
    /// The letters, encoded as in the file.
    bytes: Vec<u8>,
}

/// An iterator that decodes the letters of [`DeadLetters`] one after another.
#[derive(Clone, Debug)]
pub struct DeadLettersIter<'a> {
    rest: &'a [u8],
}

impl DeadLetter {
    /// Creates the dead letter of an item of the loop `loop_id` that was tried once, within the items `within` of the loops
    /// around it.
    pub fn new(loop_id: u16, within: Vec<u64>, key: Option<u64>, failure: Failure) -> Self {
        DeadLetter { loop_id, within, key, fingerprint: None, attempts: 1, failure }
    }

    /// Returns the dead letter with the item's index increased by `before`, the number of items before its slice.
    #[must_use]
    pub fn behind(mut self, before: u64) -> DeadLetter {
        match self.within.first_mut() {
            Some(outermost) => *outermost = outermost.saturating_add(before),
            None => self.failure.index = self.failure.index.map(|it| it.saturating_add(before)),
        }
        self
    }

    /// Returns the dead letter with the item's index reduced by `before`, the number of items before its slice.
    pub(crate) fn after(mut self, before: u64) -> DeadLetter {
        match self.within.first_mut() {
            Some(outermost) => *outermost = outermost.saturating_sub(before),
            None => self.failure.index = self.failure.index.map(|it| it.saturating_sub(before)),
        }
        self
    }

    /// Sets the fingerprint of the item, if it was taken.
    pub fn with_fingerprint(self, fingerprint: Option<u32>) -> Self {
        DeadLetter { fingerprint, ..self }
    }

    /// Sets how often the item was tried, in all runs.
    pub fn with_attempts(self, attempts: u32) -> Self {
        DeadLetter { attempts, ..self }
    }

    /// Returns the number of the item's loop, counted from 0 in the function's text.
    pub fn loop_id(&self) -> u16 {
        self.loop_id
    }

    /// Returns the indices of the items of the loops around the item's loop, outermost first.
    pub fn within(&self) -> &[u64] {
        &self.within
    }

    /// Returns the item's index. In a loop that knows its items by key, it is the item's position in the input at that time.
    pub fn index(&self) -> u64 {
        self.failure.index().unwrap_or_default()
    }

    /// Returns the hash of the item's key, if its loop knows items by key.
    pub fn key_hash(&self) -> Option<u64> {
        self.key
    }

    /// Returns how often the item was tried, in all runs.
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// Returns how the item failed last: its error, with its causes, captured values and time.
    pub fn failure(&self) -> &Failure {
        &self.failure
    }
}

impl fmt::Display for DeadLetter {
    /// Writes for example `item 7, after 3 attempts: no such mailbox`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.attempts == 1 { "" } else { "s" };
        let DeadLetter { attempts, failure, .. } = self;
        write!(
            f,
            "item {}, after {attempts} attempt{plural}: {}",
            self.index(),
            Line(failure.message())
        )
    }
}

impl DeadLetters {
    /// Returns the number of dead letters.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Returns whether no item was given up.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Returns an iterator over the dead letters.
    pub fn iter(&self) -> DeadLettersIter<'_> {
        DeadLettersIter { rest: &self.bytes }
    }

    /// Adds a dead letter. Returns `false` if there are 10 000 already, and it was not added.
    pub fn push(&mut self, letter: &DeadLetter) -> bool {
        if self.count == DEAD_LETTER_LIMIT {
            return false;
        }
        let Ok(bytes) = postcard::to_stdvec(letter) else { return false };
        self.bytes.extend(bytes);
        self.count += 1;
        true
    }

    /// Returns whether `added` more dead letters can be added.
    pub fn has_room_for(&self, added: usize) -> bool {
        self.count + added <= DEAD_LETTER_LIMIT
    }

    pub(crate) fn add(&mut self, added: &DeadLetters) {
        self.bytes.extend(&added.bytes);
        self.count += added.count;
    }

    /// Decodes `count` dead letters from `bytes`; `None` if the bytes are anything else.
    fn read(count: u64, bytes: &[u8]) -> Option<Self> {
        let count = usize::try_from(count).ok().filter(|count| *count <= DEAD_LETTER_LIMIT)?;
        let mut rest = bytes;
        for _ in 0..count {
            rest = postcard::take_from_bytes::<DeadLetter>(rest).ok()?.1;
        }
        rest.is_empty().then(|| DeadLetters { count, bytes: bytes.to_vec() })
    }
}

impl Iterator for DeadLettersIter<'_> {
    type Item = DeadLetter;

    fn next(&mut self) -> Option<DeadLetter> {
        let (letter, rest) = postcard::take_from_bytes(self.rest).ok()?;
        self.rest = rest;
        Some(letter)
    }
}

impl<'a> IntoIterator for &'a DeadLetters {
    type Item = DeadLetter;
    type IntoIter = DeadLettersIter<'a>;

    fn into_iter(self) -> DeadLettersIter<'a> {
        self.iter()
    }
}

impl FromIterator<DeadLetter> for DeadLetters {
    /// Collects the first 10 000 letters, and drops the others.
    fn from_iter<I: IntoIterator<Item = DeadLetter>>(letters: I) -> Self {
        let mut collected = DeadLetters::default();
        let _ = letters.into_iter().all(|letter| collected.push(&letter));
        collected
    }
}

impl fmt::Debug for DeadLetters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// Serialises a count and bytes; in formats for people (JSON), a list.
impl Serialize for DeadLetters {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            return serializer.collect_seq(self.iter());
        }
        let mut tuple = serializer.serialize_tuple(2)?;
        tuple.serialize_element(&self.count)?;
        tuple.serialize_element(serde_bytes::Bytes::new(&self.bytes))?;
        tuple.end()
    }
}

impl<'de> Deserialize<'de> for DeadLetters {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            return bounded::list::<DEAD_LETTER_LIMIT, DeadLetter, _>(deserializer)
                .map(|letters| letters.into_iter().collect());
        }
        deserializer.deserialize_tuple(2, Flat)
    }
}

struct Flat;

impl<'de> Visitor<'de> for Flat {
    type Value = DeadLetters;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a count, and as many dead letters")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<DeadLetters, A::Error> {
        let missing = |at| A::Error::invalid_length(at, &self);
        let count = parts.next_element()?.ok_or_else(|| missing(0))?;
        let bytes: &[u8] = parts.next_element()?.ok_or_else(|| missing(1))?;
        DeadLetters::read(count, bytes).ok_or_else(|| A::Error::custom("no dead letters"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FailureKind;

    fn letter(index: u64) -> DeadLetter {
        let failure = Failure::new(FailureKind::Error, "E", "no").with_index(Some(index));
        DeadLetter::new(0, vec![1], Some(7), failure).with_attempts(3)
    }

    #[test]
    fn dead_letters_read_back_as_they_were() {
        let letters: DeadLetters = (0..3).map(letter).collect();
        let bytes = postcard::to_stdvec(&letters).unwrap();
        assert_eq!(postcard::from_bytes::<DeadLetters>(&bytes).unwrap(), letters);
        let json = serde_json::to_string(&letters).unwrap();
        assert_eq!(serde_json::from_str::<DeadLetters>(&json).unwrap(), letters);
        assert!(letters.iter().map(|letter| letter.index()).eq(0..3));
    }

    #[test]
    fn bytes_with_another_count_are_no_dead_letters() {
        let letters: DeadLetters = (0..3).map(letter).collect();
        for count in [0, 2, 4, u64::MAX] {
            assert!(DeadLetters::read(count, &letters.bytes).is_none());
        }
    }

    #[test]
    fn dead_letters_are_taken_up_to_a_limit() {
        let mut letters: DeadLetters = (0..20_000).map(letter).collect();
        assert_eq!(letters.len(), DEAD_LETTER_LIMIT);
        assert!(!letters.push(&letter(0)) && !letters.has_room_for(1));
    }
}
