//! The records of effects that have to happen once.

use serde::{Deserialize, Serialize};
use serde_bytes::Bytes;

use super::FormatError;
use super::error::damaged;
use super::frame::{self, Frame, FramePlace, Frames};
use super::framed::{Framed, payload, push};
use super::kind::{EFFECT, EFFECTS, SEALED_SNAPSHOT, SNAPSHOT};
use crate::Carried;
use crate::effects::{EffectChange, Effects};
use crate::timestamp::Timestamp;

/// A record of all effects. The done ones are ordered from the oldest.
#[derive(Serialize)]
struct Snapshot<'a> {
    name: &'a str,
    done: Vec<(&'a Bytes, Timestamp, Option<&'a Carried>)>,
    begun: Vec<(&'a Bytes, Timestamp)>,
}

#[derive(Deserialize)]
struct Stored<'a> {
    name: &'a str,
    #[serde(borrow)]
    done: Vec<(&'a Bytes, Timestamp, Option<Box<Carried>>)>,
    begun: Vec<(&'a Bytes, Timestamp)>,
}

pub(crate) fn snapshot(effects: &Effects) -> Result<Vec<u8>, FormatError> {
    let done = effects.all_done().filter_map(|(key, done)| {
        let done = done?;
        Some((Bytes::new(key), done.at, done.value.as_deref()))
    });
    let begun = effects.all_begun().map(|(key, at)| (Bytes::new(key), at));
    let snapshot = Snapshot { name: &effects.name, done: done.collect(), begun: begun.collect() };
    let mut bytes = frame::header().to_vec();
    push(EFFECTS, &snapshot, FramePlace::FIRST, &mut bytes)?;
    Ok(bytes)
}

pub(crate) fn decode(bytes: &[u8]) -> Result<Effects, FormatError> {
    let mut frames = Frames::open(bytes)?;
    let mut effects = match frames.next_frame()? {
        Some(Frame { kind: EFFECTS, payload, offset, .. }) => stored(payload, offset)?,
        Some(Frame { kind: SNAPSHOT, .. }) => {
            return Err(FormatError::OtherKind("a checkpoint, and not an idempotency cache"));
        }
        Some(Frame { kind: SEALED_SNAPSHOT, .. }) => return Err(FormatError::Encrypted),
        Some(Frame { offset, .. }) => {
            return Err(damaged(offset, "the first record is no snapshot"));
        }
        None => return Err(damaged(frame::HEADER_LEN, "the snapshot is cut off or damaged")),
    };
    while let Some(frame) = frames.next_frame()? {
        let change = match frame.kind {
            EFFECT => payload(frame.payload, frame.offset)?,
            _ => return Err(damaged(frame.offset, "a record of unknown kind")),
        };
        effects.apply(change).map_err(|what| damaged(frame.offset, what))?;
    }
    Ok(effects)
}

fn stored(bytes: &[u8], offset: usize) -> Result<Effects, FormatError> {
    let Stored { name, done, begun } = payload(bytes, offset)?;
    let mut effects = Effects::new(name);
    let done = done.into_iter().map(|(key, at, value)| EffectChange::Done(key.to_vec(), at, value));
    let begun = begun.into_iter().map(|(key, at)| EffectChange::Begun(key.to_vec(), at));
    let mut count = 0;
    for change in done.chain(begun) {
        effects.apply(change).map_err(|what| damaged(offset, what))?;
        count += 1;
    }
    if effects.all_done().len() + effects.all_begun().len() < count {
        return Err(damaged(offset, "a key is there twice"));
    }
    Ok(effects)
}

impl Framed for EffectChange {
    fn write(&self, place: FramePlace, buffer: &mut Vec<u8>) -> Result<(), FormatError> {
        push(EFFECT, self, place, buffer)
    }
}
