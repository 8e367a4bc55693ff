//! The list of a job's pressed buttons: one frame, and nothing behind it.

use serde::{Deserialize, Serialize};

use super::FormatError;
use super::error::damaged;
use super::frame::{self, Frame, FramePlace, Frames};
use super::framed::{payload, push};
use super::kind::PRESSES;
use crate::bounded;
use crate::requests::press::{MOST, Press};

#[derive(Serialize, Deserialize)]
struct Stored {
    job: String,
    #[serde(deserialize_with = "bounded::list::<MOST, _, _>")]
    presses: Vec<Press>,
}

pub(crate) fn encode(job: &str, presses: Vec<Press>) -> Result<Vec<u8>, FormatError> {
    let mut bytes = frame::header().to_vec();
    push(PRESSES, &Stored { job: job.to_owned(), presses }, FramePlace::FIRST, &mut bytes)?;
    Ok(bytes)
}

/// Decodes the job's name, and the presses, oldest first.
pub(crate) fn decode(bytes: &[u8]) -> Result<(String, Vec<Press>), FormatError> {
    let mut frames = Frames::open(bytes)?;
    let Some(Frame { kind: PRESSES, payload: stored, offset, .. }) = frames.next_frame()? else {
        return Err(damaged(frame::HEADER_LEN, "this does not say who pressed a button"));
    };
    if let Some(Frame { offset, .. }) = frames.next_frame()? {
        return Err(damaged(offset, "something follows who pressed a button"));
    }
    let Stored { job, presses } = payload(stored, offset)?;
    Ok((job, presses))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Timestamp;

    #[test]
    fn a_list_of_presses_has_the_bytes_that_are_described() {
        let press = Press {
            at: Timestamp::from_micros(5),
            verb: "c".to_owned(),
            who: "de".to_owned(),
            done: "f".to_owned(),
        };
        let bytes = encode("ab", vec![press.clone()]).unwrap();
        let expected = [96, 2, b'a', b'b', 1, 5, 1, b'c', 2, b'd', b'e', 1, b'f'];
        assert_eq!(bytes[24..], expected);
        assert_eq!(decode(&bytes), Ok(("ab".to_owned(), vec![press.clone()])));
        for length in 0..bytes.len() {
            decode(&bytes[..length]).unwrap_err();
        }
        decode(&encode("ab", vec![press; MOST + 1]).unwrap()).unwrap_err();
        decode(&crate::Checkpoint::new("ab", None).encode().unwrap()).unwrap_err();
    }
}
