//! The header and the frames: which bytes are one record, and whether they are whole.

use super::{FormatError, VERSION, damaged};

/// The first byte is no ASCII, and the line ends show a transfer that took the file for text.
const MAGIC: [u8; 8] = *b"\x89SAFE\r\n\x1a";

/// Magic, version, reserved, checksum of the twelve bytes before it. This layout is for ever:
/// it is what lets every release name a newer format.
pub(super) const HEADER_LEN: usize = 16;
/// Length of the payload, checksum, kind.
pub(super) const FRAME_LEN: usize = 4 + 4 + 1;

pub(super) struct Frame<'a> {
    pub(super) kind: u8,
    pub(super) payload: &'a [u8],
    pub(super) offset: usize,
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

/// Reserves a frame at the end of `buffer`; what is pushed after it is its payload.
pub(super) fn begin(buffer: &mut Vec<u8>) -> usize {
    let start = buffer.len();
    buffer.extend_from_slice(&[0; FRAME_LEN]);
    start
}

/// Completes the frame begun at `start`, to stand at byte `offset` of the checkpoint.
pub(super) fn end(
    buffer: &mut [u8],
    start: usize,
    offset: usize,
    kind: u8,
) -> Result<(), FormatError> {
    let (_, frame) = buffer.split_at_mut(start);
    let (head, payload) = frame.split_at_mut(FRAME_LEN);
    let len = u32::try_from(payload.len()).map_err(|_| FormatError::TooLarge(payload.len()))?;
    let crc = checksum(offset, len, kind, payload);
    let (len_field, rest) = head.split_at_mut(4);
    let (crc_field, kind_field) = rest.split_at_mut(4);
    len_field.copy_from_slice(&len.to_le_bytes());
    crc_field.copy_from_slice(&crc.to_le_bytes());
    kind_field.copy_from_slice(&[kind]);
    Ok(())
}

/// Covers the offset too, so that a record that moved is no record.
fn checksum(offset: usize, len: u32, kind: u8, payload: &[u8]) -> u32 {
    #[cfg(test)]
    if WITHOUT_CHECKSUMS.get() {
        return 0;
    }
    let mut head = [0; 13];
    let (offset_field, rest) = head.split_at_mut(8);
    let (len_field, kind_field) = rest.split_at_mut(4);
    offset_field.copy_from_slice(&(offset as u64).to_le_bytes());
    len_field.copy_from_slice(&len.to_le_bytes());
    kind_field.copy_from_slice(&[kind]);
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&head);
    hasher.update(payload);
    hasher.finalize()
}

/// The frames of a checkpoint, in order.
pub(super) struct Frames<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Frames<'a> {
    /// Checks the header.
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
            VERSION => Ok(Frames { bytes, at: HEADER_LEN }),
            0 => Err(damaged(0, "format version 0 never existed")),
            found => Err(FormatError::Newer { found }),
        }
    }

    /// The next whole frame; `None` at the end, be it clean or a torn tail.
    pub(super) fn next_frame(&mut self) -> Result<Option<Frame<'a>>, FormatError> {
        if let Some(frame) = frame_at(self.bytes, self.at) {
            self.at = frame.offset + FRAME_LEN + frame.payload.len();
            return Ok(Some(frame));
        }
        // A crash tears the last save only: whole records after the place are older damage.
        if self.holds_frames_after(self.at) {
            return Err(damaged(
                self.at,
                "a record's checksum is wrong, and whole records follow it",
            ));
        }
        Ok(None)
    }

    fn holds_frames_after(&self, at: usize) -> bool {
        // Bytes made to look like many overlapping records could cost the square of their
        // number to check; what exhausts the budget is no torn tail.
        let mut budget = 4 * self.bytes.len();
        // A frame's last head byte, its kind, is not zero; allocated space is.
        let used = self.bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        for offset in at + 1..(used + 1).saturating_sub(FRAME_LEN) {
            let Some((_, payload)) = head_at(self.bytes, offset) else { continue };
            if payload.len() > budget || frame_at(self.bytes, offset).is_some() {
                return true;
            }
            budget -= payload.len();
        }
        false
    }
}

struct Head {
    len: u32,
    crc: u32,
    kind: u8,
}

/// A frame's head and payload, if they lie within the bytes. Preallocated zeros are none.
fn head_at(bytes: &[u8], offset: usize) -> Option<(Head, &[u8])> {
    let (&[l0, l1, l2, l3, c0, c1, c2, c3, kind], rest) =
        bytes.get(offset..)?.split_first_chunk::<FRAME_LEN>()?;
    let head = Head {
        len: u32::from_le_bytes([l0, l1, l2, l3]),
        crc: u32::from_le_bytes([c0, c1, c2, c3]),
        kind,
    };
    let payload = rest.get(..usize::try_from(head.len).ok()?)?;
    (kind != 0).then_some((head, payload))
}

fn frame_at(bytes: &[u8], offset: usize) -> Option<Frame<'_>> {
    let (head, payload) = head_at(bytes, offset)?;
    let whole = checksum(offset, head.len, head.kind, payload) == head.crc;
    whole.then_some(Frame { kind: head.kind, payload, offset })
}

#[cfg(test)]
thread_local!(static WITHOUT_CHECKSUMS: std::cell::Cell<bool> = const { std::cell::Cell::new(false) });

/// Runs `test` with frames that anything fits, to show that checksums are what it needs.
#[cfg(test)]
pub(crate) fn without_checksums<T>(test: impl FnOnce() -> T) -> T {
    WITHOUT_CHECKSUMS.set(true);
    let result = test();
    WITHOUT_CHECKSUMS.set(false);
    result
}
