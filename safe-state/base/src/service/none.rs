//! Messages to a service manager do nothing here: the feature `systemd` is off, or this is not Linux.

/// Does nothing.
#[inline]
pub fn comes_on<S: AsRef<str>>(_: impl FnOnce() -> S) {}

/// Does nothing.
#[inline]
pub fn turns_to<S: AsRef<str>>(_: impl FnOnce() -> S) {}

/// Does nothing.
#[inline]
pub fn stops<S: AsRef<str>>(_: impl FnOnce() -> S) {}
