//! The request to a job's runs: one frame, and nothing behind it.

use serde::{Deserialize, Serialize};

use super::FormatError;
use super::error::damaged;
use super::frame::{self, Frame, FramePlace, Frames};
use super::framed::{payload, push};
use super::kind::REQUEST;
use crate::Request;

#[derive(Serialize, Deserialize)]
struct Stored<'a> {
    job: &'a str,
    asked: Request,
    reason: Option<&'a str>,
}

/// The contents of a request that version 1 wrote.
#[derive(Serialize, Deserialize)]
struct WithoutReason<'a> {
    job: &'a str,
    asked: Request,
}

pub(crate) fn encode(
    asked: Request,
    job: &str,
    reason: Option<&str>,
) -> Result<Vec<u8>, FormatError> {
    let mut bytes = frame::header().to_vec();
    push(REQUEST, &Stored { job, asked, reason }, FramePlace::FIRST, &mut bytes)?;
    Ok(bytes)
}

/// Decodes the request, the job that it is made to, and the reason.
pub(crate) fn decode(bytes: &[u8]) -> Result<(Request, &str, Option<&str>), FormatError> {
    let mut frames = Frames::open(bytes)?;
    let Some(Frame { kind: REQUEST, payload: stored, offset, .. }) = frames.next_frame()? else {
        return Err(damaged(frame::HEADER_LEN, "this is no request to a job"));
    };
    if let Some(Frame { offset, .. }) = frames.next_frame()? {
        return Err(damaged(offset, "something follows a request"));
    }
    if let Ok(WithoutReason { job, asked }) = payload(stored, offset) {
        return Ok((asked, job, None));
    }
    let Stored { job, asked, reason } = payload(stored, offset)?;
    Ok((asked, job, reason))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_has_the_bytes_that_are_described() {
        let bytes = encode(Request::Cancel, "ab", None).unwrap();
        assert_eq!(bytes[16..20], [5, 0, 0, 0]);
        assert_eq!(bytes[24..], [48, 2, b'a', b'b', 1, 0]);
        assert_eq!(decode(&bytes), Ok((Request::Cancel, "ab", None)));
        let bytes = encode(Request::Abandon, "ab", Some("c")).unwrap();
        assert_eq!(bytes[24..], [48, 2, b'a', b'b', 3, 1, 1, b'c']);
        assert_eq!(decode(&bytes), Ok((Request::Abandon, "ab", Some("c"))));
    }

    #[test]
    fn a_request_of_version_1_is_read() {
        let mut bytes = frame::header().to_vec();
        let stored = WithoutReason { job: "ab", asked: Request::Pause };
        push(REQUEST, &stored, FramePlace::FIRST, &mut bytes).unwrap();
        assert_eq!(decode(&bytes), Ok((Request::Pause, "ab", None)));
    }

    #[test]
    fn a_request_that_is_cut_off_is_refused() {
        let bytes = encode(Request::Pause, "ab", None).unwrap();
        for length in 0..bytes.len() {
            decode(&bytes[..length]).unwrap_err();
        }
        decode(&crate::Checkpoint::new("ab", None).encode().unwrap()).unwrap_err();
        let allocated = [bytes, vec![0; 100]].concat();
        assert_eq!(decode(&allocated), Ok((Request::Pause, "ab", None)));
    }
}
