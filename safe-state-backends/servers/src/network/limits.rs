//! The limits of a backend on a network.

use std::time::Duration;

use super::{Connect, Session, Timeouts, Trouble};
use safe_state_backends::size::{SizeLimit, too_large};

/// The time for which requests before a run has begun are repeated: nothing is lost yet, and a wrong address should be reported
/// soon.
pub(super) const OPENING: Duration = Duration::from_secs(3);

/// The limits on time and size.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) lease: Duration,
    pub(super) retry: Duration,
    pub(super) timeouts: Timeouts,
    pub(super) size: SizeLimit,
}

impl Limits {
    /// Connects, and sets the limit on checkpoints that are loaded.
    pub(super) fn connect<C: Connect>(&self, connect: &C) -> Result<C::Session, Trouble> {
        let largest = self.largest()?;
        let mut session = connect.connect(self.timeouts)?;
        session.limit_size(largest);
        Ok(session)
    }

    fn largest(&self) -> Result<u64, Trouble> {
        self.size.bytes().map_err(Trouble::permanent)
    }

    /// Checks that a checkpoint may have `bytes` bytes.
    pub(super) fn check(&self, bytes: usize) -> Result<(), Trouble> {
        let (bytes, largest) = (bytes as u64, self.largest()?);
        if bytes > largest { Err(Trouble::permanent(too_large(bytes, largest))) } else { Ok(()) }
    }

    /// Checks the size of a loaded checkpoint, as not every session knows the limit.
    pub(super) fn checked(&self, loaded: Option<Vec<u8>>) -> Result<Option<Vec<u8>>, Trouble> {
        self.check(loaded.as_ref().map_or(0, Vec::len))?;
        Ok(loaded)
    }
}
