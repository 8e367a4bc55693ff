//! The header and the frames, which show the bounds of a record and whether it is whole.

use super::error::damaged;
use super::pieces::Pieces;
use super::{FormatError, VERSION};

/// The first byte is no ASCII, and the line ends show a transfer that took the file for text.
const MAGIC: [u8; 8] = *b"\x89SAFE\r\n\x1a";

/// The length of the header: magic, version, reserved bytes, and the checksum of the twelve bytes before it. This layout never
/// changes, so that every release can name a newer format.
pub(super) const HEADER_LEN: usize = 16;
/// The length of a frame's head: the payload's length, the checksum and the kind.
pub(super) const FRAME_LEN: usize = 4 + 4 + 1;

/// The place of a frame. Its checksum covers the place, so that a record that was moved, or that stands behind another snapshot
/// than it was written for, is no record.
#[derive(Clone, Copy)]
pub(crate) struct FramePlace {
    pub(super) offset: usize,
    /// The checksum of the snapshot's frame; 0 for that frame itself.
    snapshot: u32,
}

impl FramePlace {
    pub(super) const FIRST: FramePlace = FramePlace { offset: HEADER_LEN, snapshot: 0 };

    /// Returns a place that belongs to the snapshot with which the bytes of a checkpoint begin, for the caller to set its offset
    /// by [`at`](Self::at). Returns `None` if the head of the snapshot's frame is not in the bytes.
    pub(super) fn after(snapshot: &[u8]) -> Option<FramePlace> {
        let head = snapshot.get(HEADER_LEN..)?.first_chunk::<FRAME_LEN>()?;
        let [_, _, _, _, c0, c1, c2, c3, _] = *head;
        Some(FramePlace { snapshot: u32::from_le_bytes([c0, c1, c2, c3]), ..FramePlace::FIRST })
    }

    /// Returns `place` with the checksum of the frame `snapshot` if it is the place of the snapshot itself, else `place` as it
    /// is.
    pub(super) fn behind(snapshot: &[u8], place: FramePlace) -> FramePlace {
        match head_at(snapshot, 0) {
            Some((head, _)) if place.offset == HEADER_LEN => {
                FramePlace { snapshot: head.checksum, ..place }
            }
            _ => place,
        }
    }

    fn next(self, frame: &Frame<'_>) -> FramePlace {
        let first = self.offset == HEADER_LEN;
        let snapshot = if first { frame.checksum } else { self.snapshot };
        FramePlace { offset: frame.offset + FRAME_LEN + frame.payload.len(), snapshot }
    }

    pub(super) fn at(self, offset: usize) -> FramePlace {
        FramePlace { offset, ..self }
    }

    /// Returns the checksum of the snapshot, and the offset.
    #[cfg(target_os = "linux")]
    pub(super) fn numbers(self) -> (u32, u64) {
        (self.snapshot, self.offset as u64)
    }
}

pub(super) struct Frame<'a> {
    pub(super) kind: u8,
    pub(super) payload: &'a [u8],
    pub(super) offset: usize,
    checksum: u32,
}

pub(super) fn header() -> [u8; HEADER_LEN] {
    let mut header = [0; HEADER_LEN];
    let (magic, rest) = header.split_at_mut(8);
    let (version, rest) = rest.split_at_mut(2);
    magic.copy_from_slice(&MAGIC);
    version.copy_from_slice(&VERSION.to_le_bytes());
    let (_reserved, checksum) = rest.split_at_mut(2);
    checksum.copy_from_slice(&header_checksum(VERSION, 0).to_le_bytes());
    header
}

fn header_checksum(version: u16, reserved: u16) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&MAGIC);
    hasher.update(&version.to_le_bytes());
    hasher.update(&reserved.to_le_bytes());
    hasher.finalize()
}

/// Reserves a frame's head at the end of `buffer`. Bytes that are added after it are the payload.
pub(super) fn begin(buffer: &mut Vec<u8>) -> usize {
    let start = buffer.len();
    buffer.extend_from_slice(&[0; FRAME_LEN]);
    start
}

/// Completes the frame begun at `start`, for the place `place`.
pub(super) fn end(
    buffer: &mut [u8],
    start: usize,
    place: FramePlace,
    kind: u8,
) -> Result<(), FormatError> {
    let (_, frame) = buffer.split_at_mut(start);
    let (head, payload) = frame.split_at_mut(FRAME_LEN);
    let len = u32::try_from(payload.len()).map_err(|_| FormatError::TooLarge(payload.len()))?;
    let crc = checksum(place, len, kind, [&*payload]);
    let (len_field, rest) = head.split_at_mut(4);
    let (crc_field, kind_field) = rest.split_at_mut(4);
    len_field.copy_from_slice(&len.to_le_bytes());
    crc_field.copy_from_slice(&crc.to_le_bytes());
    kind_field.copy_from_slice(&[kind]);
    Ok(())
}

/// Completes the frame begun at `start` among the small pieces, for the place `place`.
pub(super) fn end_in_pieces(
    pieces: &mut Pieces,
    (start, before): (usize, usize),
    place: FramePlace,
    kind: u8,
) -> Result<(), FormatError> {
    let payload_len = pieces.len() - before - FRAME_LEN;
    let len = u32::try_from(payload_len).map_err(|_| FormatError::TooLarge(payload_len))?;
    let crc = checksum(place, len, kind, pieces.from(start + FRAME_LEN));
    let head = pieces.small_mut().get_mut(start..).unwrap_or_default();
    let values = len.to_le_bytes().into_iter().chain(crc.to_le_bytes()).chain([kind]);
    head.iter_mut().zip(values).for_each(|(byte, value)| *byte = value);
    Ok(())
}

fn checksum<'a>(
    place: FramePlace,
    len: u32,
    kind: u8,
    payload: impl IntoIterator<Item = &'a [u8]>,
) -> u32 {
    #[cfg(test)]
    if WITHOUT_CHECKSUMS.get() {
        return 0;
    }
    let mut head = [0; 13];
    let (offset_field, rest) = head.split_at_mut(8);
    let (len_field, kind_field) = rest.split_at_mut(4);
    offset_field.copy_from_slice(&(place.offset as u64).to_le_bytes());
    len_field.copy_from_slice(&len.to_le_bytes());
    kind_field.copy_from_slice(&[kind]);
    let mut hasher = crc32fast::Hasher::new_with_initial(place.snapshot);
    hasher.update(&head);
    payload.into_iter().for_each(|piece| hasher.update(piece));
    hasher.finalize()
}

/// An iterator over the frames of a checkpoint.
pub(super) struct Frames<'a> {
    bytes: &'a [u8],
    place: FramePlace,
}

impl<'a> Frames<'a> {
    /// Checks the header, and begins before the first frame.
    pub(super) fn open(bytes: &'a [u8]) -> Result<Self, FormatError> {
        let magic_len = bytes.len().min(MAGIC.len());
        if bytes.get(..magic_len) != MAGIC.get(..magic_len) {
            return Err(FormatError::Foreign);
        }
        let Some((header, _)) = bytes.split_first_chunk::<HEADER_LEN>() else {
            return Err(damaged(bytes.len(), "the header is cut off"));
        };
        let [.., v0, v1, r0, r1, c0, c1, c2, c3] = *header;
        let version = u16::from_le_bytes([v0, v1]);
        let reserved = u16::from_le_bytes([r0, r1]);
        if u32::from_le_bytes([c0, c1, c2, c3]) != header_checksum(version, reserved) {
            return Err(damaged(0, "the header's checksum is wrong"));
        }
        match version {
            1..=VERSION => Ok(Frames { bytes, place: FramePlace::FIRST }),
            0 => Err(damaged(0, "format version 0 never existed")),
            found => Err(FormatError::Newer { found }),
        }
    }

    /// Begins before the first frame without checking the header.
    pub(super) fn behind_header(bytes: &'a [u8]) -> Self {
        Frames { bytes, place: FramePlace::FIRST }
    }

    /// Returns the place of the next frame, whether it exists or not.
    #[cfg(target_os = "linux")]
    pub(super) fn place(&self) -> FramePlace {
        self.place
    }

    /// Returns the number of bytes behind the last frame.
    pub(super) fn rest_len(&self) -> usize {
        self.bytes.len().saturating_sub(self.place.offset)
    }

    /// Returns the number of bytes behind the last frame, without the zeros at the end.
    pub(super) fn rest_in_use(&self) -> u64 {
        let rest = self.bytes.get(self.place.offset..).unwrap_or_default();
        rest.iter().rposition(|byte| *byte != 0).map_or(0, |last| last as u64 + 1)
    }

    /// Returns the next whole frame; `None` at the end, whether it is clean or a torn tail.
    pub(super) fn next_frame(&mut self) -> Result<Option<Frame<'a>>, FormatError> {
        if let Some(frame) = frame_at(self.bytes, self.place) {
            self.place = self.place.next(&frame);
            return Ok(Some(frame));
        }
        // A crash tears only the last save, so whole records behind the place show older damage.
        if self.holds_frames_ahead() {
            return Err(damaged(
                self.place.offset,
                "a record's checksum is wrong, and whole records follow it",
            ));
        }
        Ok(None)
    }

    fn holds_frames_ahead(&self) -> bool {
        // Bytes made to look like many overlapping records could take time in the square of their number. Bytes that exhaust
        // the budget are treated as damage.
        let mut budget = 4 * self.bytes.len();
        // The last byte of a frame's head, its kind, is not zero; allocated space is.
        let used = self.bytes.len() - zeros_at_end(self.bytes);
        for offset in self.place.offset + 1..(used + 1).saturating_sub(FRAME_LEN) {
            let Some((_, payload)) = head_at(self.bytes, offset) else { continue };
            if payload.len() > budget || frame_at(self.bytes, self.place.at(offset)).is_some() {
                return true;
            }
            budget -= payload.len();
        }
        false
    }
}

/// Returns about how many zeros are at the end: whole chunks, as a chunk is compared at once.
fn zeros_at_end(bytes: &[u8]) -> usize {
    const ZEROS: [u8; 64] = [0; 64];
    let is_zero = |chunk: &&[u8]| ZEROS.starts_with(chunk);
    bytes.rchunks(ZEROS.len()).take_while(is_zero).map(<[u8]>::len).sum()
}

struct Head {
    len: u32,
    checksum: u32,
    kind: u8,
}

/// Returns a frame's head and payload, if they lie within the bytes. Preallocated zeros are no frame.
fn head_at(bytes: &[u8], offset: usize) -> Option<(Head, &[u8])> {
    let (&[l0, l1, l2, l3, c0, c1, c2, c3, kind], rest) =
        bytes.get(offset..)?.split_first_chunk::<FRAME_LEN>()?;
    let head = Head {
        len: u32::from_le_bytes([l0, l1, l2, l3]),
        checksum: u32::from_le_bytes([c0, c1, c2, c3]),
        kind,
    };
    let payload = rest.get(..usize::try_from(head.len).ok()?)?;
    (kind != 0).then_some((head, payload))
}

fn frame_at(bytes: &[u8], place: FramePlace) -> Option<Frame<'_>> {
    let offset = place.offset;
    let (Head { len, checksum: stored, kind }, payload) = head_at(bytes, offset)?;
    let whole = checksum(place, len, kind, [payload]) == stored;
    whole.then_some(Frame { kind, payload, offset, checksum: stored })
}

#[cfg(test)]
thread_local!(static WITHOUT_CHECKSUMS: std::cell::Cell<bool> = const { std::cell::Cell::new(false) });

/// Runs `test` with frames that accept any bytes, to show that the test needs checksums.
#[cfg(test)]
pub(crate) fn without_checksums<T>(test: impl FnOnce() -> T) -> T {
    WITHOUT_CHECKSUMS.set(true);
    let result = test();
    WITHOUT_CHECKSUMS.set(false);
    result
}
