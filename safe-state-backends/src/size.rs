//! The largest size of a checkpoint, in bytes. A larger one is not read, whoever wrote it.

use std::io::{self, ErrorKind};

use crate::Error;

const VARIABLE: &str = "SAFE_STATE_MAX_CHECKPOINT";
/// The limit by default: 1 GiB. In memory, a checkpoint takes several times its size.
const DEFAULT: u64 = 1 << 30;

/// The limit that the backend was given, or else the environment's.
#[derive(Clone, Copy, Debug, Default)]
pub struct SizeLimit(Option<u64>);

impl SizeLimit {
    pub fn of(bytes: u64) -> Self {
        SizeLimit(Some(bytes))
    }

    pub fn bytes(self) -> Result<u64, Error> {
        let set = || std::env::var_os(VARIABLE).filter(|value| !value.is_empty());
        match (self.0, set()) {
            (Some(bytes), _) => Ok(bytes),
            (None, None) => Ok(DEFAULT),
            (None, Some(value)) => value.to_str().and_then(parse).ok_or_else(|| Error::Setting {
                variable: VARIABLE,
                value: value.to_string_lossy().into_owned(),
                expected: "it has to be a number of bytes, or such as `512MiB` or `4GiB`",
            }),
        }
    }
}

fn parse(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let unit = match text.get(digits.len()..)?.trim() {
        "" | "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        "TiB" => 1 << 40,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(unit)
}

pub fn too_large(found: u64, limit: u64) -> io::Error {
    let text = format!(
        "it has {found} bytes or more, and a checkpoint may have {limit}; \
         if it is to be that large, raise `${VARIABLE}`, or the backend's `max_checkpoint`"
    );
    io::Error::new(ErrorKind::FileTooLarge, text)
}

/// Returns the largest size, in bytes, that the system lets this process give a file.
#[cfg(unix)]
pub fn rlimit() -> Option<u64> {
    rustix::process::getrlimit(rustix::process::Resource::Fsize).current
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_with_their_units() {
        let sizes = [("7", Some(7)), ("512MiB", Some(512 << 20)), (" 4 GiB ", Some(4 << 30))];
        for (text, bytes) in sizes {
            assert_eq!(parse(text), bytes, "{text}");
        }
        for text in ["", "GiB", "-1", "1.5GiB", "4gb", "99999999TiB"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
