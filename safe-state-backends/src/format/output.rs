//! The note on which job writes a file: one frame, and nothing behind it.

use serde::{Deserialize, Serialize};

use super::FormatError;
use super::error::damaged;
use super::frame::{self, Frame, FramePlace, Frames};
use super::framed::{payload, push};
use super::kind::OUTPUT;

#[derive(Serialize, Deserialize)]
struct Stored<'a> {
    job: &'a str,
}

pub(crate) fn encode(job: &str) -> Result<Vec<u8>, FormatError> {
    let mut bytes = frame::header().to_vec();
    push(OUTPUT, &Stored { job }, FramePlace::FIRST, &mut bytes)?;
    Ok(bytes)
}

/// Decodes the name of the job that writes the file.
pub(crate) fn decode(bytes: &[u8]) -> Result<&str, FormatError> {
    let mut frames = Frames::open(bytes)?;
    let Some(Frame { kind: OUTPUT, payload: stored, offset, .. }) = frames.next_frame()? else {
        return Err(damaged(frame::HEADER_LEN, "this does not say which job writes a file"));
    };
    if let Some(Frame { offset, .. }) = frames.next_frame()? {
        return Err(damaged(offset, "something follows the job that writes a file"));
    }
    let Stored { job } = payload(stored, offset)?;
    Ok(job)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_of_the_writer_has_the_bytes_that_are_described() {
        let bytes = encode("ab").unwrap();
        assert_eq!(bytes[16..20], [3, 0, 0, 0]);
        assert_eq!(bytes[24..], [64, 2, b'a', b'b']);
        assert_eq!(decode(&bytes), Ok("ab"));
        let allocated = [bytes.clone(), vec![0; 100]].concat();
        assert_eq!(decode(&allocated), Ok("ab"));
        for length in 0..bytes.len() {
            decode(&bytes[..length]).unwrap_err();
        }
        decode(&crate::Checkpoint::new("ab", None).encode().unwrap()).unwrap_err();
    }
}
