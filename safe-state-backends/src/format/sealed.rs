//! The format of an encrypted checkpoint: a header, a frame with the sealed snapshot, and a frame for each sealed record.

use super::FormatError;
use super::error::damaged;
use super::frame::{self, Frame, FramePlace, Frames};
use super::framed::Framed;
use super::kind::{SEALED_RECORD, SEALED_SNAPSHOT};
use super::pieces::Pieces;
use super::tail::Tail;

/// Returns whether the bytes are not encrypted, which only the first frame shows: bytes whose first frame is damaged may have
/// been encrypted.
pub(crate) fn is_plain(bytes: &[u8]) -> bool {
    let first = Frames::open(bytes).and_then(|mut frames| frames.next_frame());
    first.is_ok_and(|frame| frame.is_some_and(|frame| frame.kind != SEALED_SNAPSHOT))
}

/// Returns the file's bytes with a sealed snapshot, which is stored under the name `name`.
pub(crate) fn snapshot(name: &str, sealed: &[u8]) -> Result<Pieces, FormatError> {
    let mut bytes = frame::header().to_vec();
    let named = [&(name.len() as u64).to_le_bytes()[..], name.as_bytes(), sealed].concat();
    Sealed(SEALED_SNAPSHOT, &named).write(FramePlace::FIRST, &mut bytes)?;
    Ok(bytes.into())
}

/// Returns the name under which an encrypted checkpoint is stored; `None` if the bytes are not encrypted, or damaged.
pub(crate) fn name(bytes: &[u8]) -> Option<String> {
    let first = Frames::open(bytes).ok()?.next_frame().ok()??;
    let (name, _) = named(first.payload).filter(|_| first.kind == SEALED_SNAPSHOT)?;
    String::from_utf8(name.to_vec()).ok()
}

/// Splits a sealed snapshot's payload into the name in front and the rest.
fn named(payload: &[u8]) -> Option<(&[u8], &[u8])> {
    let (len, rest) = payload.split_first_chunk()?;
    rest.split_at_checked(usize::try_from(u64::from_le_bytes(*len)).ok()?)
}

/// Frames a sealed record for the end of `tail`. Returns it and the tail behind it; `None` if it has no room.
pub(crate) fn record(tail: Tail, sealed: &[u8]) -> Result<Option<(Pieces, Tail)>, FormatError> {
    let mut pieces = Pieces::default();
    tail.frame(&Sealed(SEALED_RECORD, sealed), &mut pieces)?;
    Ok(tail.with(&pieces).map(|longer| (pieces, longer)))
}

/// Returns the sealed parts of an encrypted checkpoint, each with its offset: the snapshot, and the records behind it.
pub(crate) fn frames(bytes: &[u8]) -> Result<Vec<(u64, &[u8])>, FormatError> {
    let mut frames = Frames::open(bytes)?;
    let mut sealed = Vec::new();
    while let Some(Frame { kind, payload, offset, .. }) = frames.next_frame()? {
        match (kind, sealed.is_empty()) {
            (SEALED_SNAPSHOT, true) => {
                let (_, snapshot) =
                    named(payload).ok_or_else(|| damaged(offset, "its name is cut off"))?;
                sealed.push((offset as u64, snapshot));
            }
            (SEALED_RECORD, false) => sealed.push((offset as u64, payload)),
            (_, true) => return Err(FormatError::NotEncrypted),
            (_, false) => return Err(damaged(offset, "a record that is not encrypted follows")),
        }
    }
    if sealed.is_empty() {
        return Err(damaged(frame::HEADER_LEN, "the snapshot is cut off or damaged"));
    }
    Ok(sealed)
}

/// The kind and the payload of a frame.
struct Sealed<'a>(u8, &'a [u8]);

impl Framed for Sealed<'_> {
    fn write(&self, place: FramePlace, buffer: &mut Vec<u8>) -> Result<(), FormatError> {
        let Sealed(kind, sealed) = *self;
        let start = frame::begin(buffer);
        buffer.extend_from_slice(sealed);
        frame::end(buffer, start, place, kind)
    }
}
