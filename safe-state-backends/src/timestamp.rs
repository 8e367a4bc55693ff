//! Points in time in their stored form: whole microseconds since the Unix epoch.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A point in time in its stored form: microseconds since the Unix epoch. A time before the epoch is stored as the epoch.
///
/// A timestamp prints in UTC and whole seconds, and serialises as RFC 3339 for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(u64);

impl Timestamp {
    /// Returns the present time.
    pub fn now() -> Self {
        SystemTime::now().into()
    }

    pub(crate) fn from_micros(micros: u64) -> Self {
        Timestamp(micros)
    }

    pub(crate) fn micros(self) -> u64 {
        self.0
    }

    pub(crate) fn micros_since(self, earlier: Timestamp) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    pub(crate) fn plus_micros(self, micros: u64) -> Timestamp {
        Timestamp(self.0.saturating_add(micros))
    }
}

impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        let since_epoch = time.duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp(u64::try_from(since_epoch.as_micros()).unwrap_or(u64::MAX))
    }
}

impl From<Timestamp> for SystemTime {
    /// Converts a stored time. A time that the platform can't hold becomes the epoch.
    fn from(time: Timestamp) -> Self {
        UNIX_EPOCH.checked_add(Duration::from_micros(time.0)).unwrap_or(UNIX_EPOCH)
    }
}

/// Serialises the number; in formats for people (JSON), RFC 3339.
impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() && self.is_readable() {
            let rfc3339 = humantime::format_rfc3339_micros(SystemTime::from(*self));
            return serializer.collect_str(&rfc3339);
        }
        serializer.serialize_u64(self.0)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let rfc3339 = String::deserialize(deserializer)?;
            return humantime::parse_rfc3339(&rfc3339).map(Into::into).map_err(D::Error::custom);
        }
        u64::deserialize(deserializer).map(Timestamp)
    }
}

impl Timestamp {
    /// Returns whether the time can be formatted. `humantime` panics from the year 10000 on, which only a broken clock or file
    /// can name.
    fn is_readable(self) -> bool {
        const YEAR_10000: u64 = 253_402_300_800_000_000;
        self.0 < YEAR_10000
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.is_readable() {
            return f.write_str("an impossible time");
        }
        humantime::format_rfc3339_seconds(SystemTime::from(*self)).fmt(f)
    }
}
