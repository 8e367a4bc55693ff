//! What is asked of a job's runs: one frame, and nothing behind it.

use serde::{Deserialize, Serialize};

use super::frame::{self, Frame, Frames, Place};
use super::record::{payload, push};
use super::{FormatError, damaged};
use crate::Request;

/// The only frame of what is no checkpoint.
pub(super) const REQUEST: u8 = 48;

#[derive(Serialize, Deserialize)]
struct Stored<'a> {
    job: &'a str,
    asked: Request,
}

pub(crate) fn encode(asked: Request, job: &str) -> Result<Vec<u8>, FormatError> {
    let mut bytes = frame::header().to_vec();
    push(REQUEST, &Stored { job, asked }, Place::FIRST, &mut bytes)?;
    Ok(bytes)
}

/// The request, and the job that it is made to.
pub(crate) fn decode(bytes: &[u8]) -> Result<(Request, &str), FormatError> {
    let mut frames = Frames::open(bytes)?;
    let Some(Frame { kind: REQUEST, payload: stored, offset, .. }) = frames.next_frame()? else {
        return Err(damaged(frame::HEADER_LEN, "this is no request to a job"));
    };
    if let Some(Frame { offset, .. }) = frames.next_frame()? {
        return Err(damaged(offset, "something follows a request"));
    }
    let Stored { job, asked } = payload(stored, offset)?;
    Ok((asked, job))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_bytes_are_those_that_are_described() {
        let bytes = encode(Request::Cancel, "ab").unwrap();
        assert_eq!(bytes[16..20], [4, 0, 0, 0]);
        assert_eq!(bytes[24..], [48, 2, b'a', b'b', 1]);
        assert_eq!(decode(&bytes), Ok((Request::Cancel, "ab")));
    }

    #[test]
    fn what_is_cut_off_or_goes_on_is_refused() {
        let bytes = encode(Request::Pause, "ab").unwrap();
        for length in 0..bytes.len() {
            decode(&bytes[..length]).unwrap_err();
        }
        decode(&crate::Checkpoint::new("ab", None).encode().unwrap()).unwrap_err();
        let allocated = [bytes, vec![0; 100]].concat();
        assert_eq!(decode(&allocated), Ok((Request::Pause, "ab")));
    }
}
