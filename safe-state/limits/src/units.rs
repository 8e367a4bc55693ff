//! Times and sizes, as types or as texts.

use std::time::{Duration, Instant};

use bytesize::ByteSize;

/// A time: a [`Duration`], or a text such as `"90s"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Time(Duration);

impl From<Duration> for Time {
    fn from(time: Duration) -> Self {
        Time(time)
    }
}

impl From<&str> for Time {
    /// Reads a time from a text.
    ///
    /// # Panics
    ///
    /// Panics if the text is no time.
    fn from(text: &str) -> Self {
        let time = humantime::parse_duration(text);
        Time(time.unwrap_or_else(|error| {
            panic!("`{text}` is no time ({error}); write one such as \"90s\"")
        }))
    }
}

impl From<Time> for Duration {
    fn from(time: Time) -> Self {
        time.0
    }
}

/// A size of memory: a [`ByteSize`], a number of bytes, or a text such as `"2GiB"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size(u64);

impl From<ByteSize> for Size {
    fn from(size: ByteSize) -> Self {
        Size(size.0)
    }
}

impl From<u64> for Size {
    fn from(bytes: u64) -> Self {
        Size(bytes)
    }
}

impl From<&str> for Size {
    /// Reads a size from a text.
    ///
    /// # Panics
    ///
    /// Panics if the text is no size.
    fn from(text: &str) -> Self {
        let size: Result<ByteSize, _> = text.parse();
        Size(
            size.unwrap_or_else(|error| {
                panic!("`{text}` is no size ({error}); write one such as \"2GiB\"")
            })
            .0,
        )
    }
}

impl From<Size> for u64 {
    fn from(size: Size) -> Self {
        size.0
    }
}

/// Returns the time `time` after `instant`; if the clock can't hold that, a time so far off that it never comes.
pub(crate) fn after(instant: Instant, time: Duration) -> Instant {
    const NEVER: Duration = Duration::from_secs(1 << 32);
    instant.checked_add(time).unwrap_or_else(|| instant + NEVER)
}

/// Shows a size as people write it: `2.0 GiB`.
pub(crate) fn readable(bytes: u64) -> impl std::fmt::Display {
    ByteSize(bytes).display().iec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_and_types_mean_the_same() {
        assert_eq!(Time::from("90s"), Time::from(Duration::from_secs(90)));
        assert_eq!(Size::from("2GiB"), Size::from(ByteSize::gib(2)));
        assert_eq!(Size::from("64 kB"), Size::from(64_000));
        assert_eq!(readable(3 << 29).to_string(), "1.5 GiB");
    }

    #[test]
    #[should_panic(expected = "`soon` is no time")]
    fn what_is_no_time_is_said() {
        let _ = Time::from("soon");
    }

    #[test]
    #[should_panic(expected = "`much` is no size")]
    fn what_is_no_size_is_said() {
        let _ = Size::from("much");
    }
}
