//! Counts the processes that the kernel has killed because the memory of the control group was all in use.

use crate::cgroup::Cgroup;

/// The number of processes of this control group that the kernel had killed when a program began, if it is known.
#[derive(Debug)]
pub(super) struct Kills(Option<(Cgroup, u64)>);

impl Kills {
    pub(super) fn so_far() -> Self {
        Kills(Cgroup::of_this_process().ok().and_then(|cgroup| {
            let killed = cgroup.killed()?;
            Some((cgroup, killed))
        }))
    }

    /// Returns the group's limit, in bytes, if the kernel has killed in the group meanwhile. (If a group around it has
    /// the limit, version 1 counts the kill there, and this does not see it.)
    pub(super) fn since(&self) -> Option<u64> {
        let (cgroup, before) = self.0.as_ref()?;
        if cgroup.killed()? <= *before {
            return None;
        }
        cgroup.limit()
    }
}
