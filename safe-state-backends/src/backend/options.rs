//! The options for taking a lease, and the failures that its saves survive.

use std::time::Duration;

/// Options for taking a lease.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct LeaseOptions {
    /// The failures that the saves under the lease have to survive.
    pub durability: Durability,
    /// The longest time to wait for a lease that another run holds; `None` does not wait. A backend may ignore it:
    /// [`Store::open`](crate::Store::open) asks the backend again until the time is up.
    pub wait: Option<Duration>,
}

impl LeaseOptions {
    /// Creates options for a lease whose saves survive what `durability` says, without waiting for a held lease.
    pub fn new(durability: Durability) -> Self {
        LeaseOptions { durability, wait: None }
    }

    /// Sets how long to wait for a lease that another run holds.
    pub fn wait(mut self, wait: Option<Duration>) -> Self {
        self.wait = wait;
        self
    }
}

/// The failures that a save survives once it has returned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// A power cut: the save is synced to the disk.
    #[default]
    Power,
    /// The death of the process: the save has been handed to the operating system. No sync is issued, and after a power cut the
    /// checkpoint may be an older one, or damaged, which loading reports.
    Process,
}
