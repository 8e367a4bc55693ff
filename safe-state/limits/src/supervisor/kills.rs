//! What the kernel has killed because the memory of the control group was all in use.

use crate::cgroup::Cgroup;

/// How many processes of this process's group the kernel had killed when a program began, if that can be known.
#[derive(Debug)]
pub(super) struct Kills(Option<(Cgroup, u64)>);

impl Kills {
    pub(super) fn so_far() -> Self {
        Kills(Cgroup::of_this_process().ok().and_then(|cgroup| {
            let killed = cgroup.killed()?;
            Some((cgroup, killed))
        }))
    }

    /// What the group may have, in bytes, if the kernel has killed in it meanwhile. (Where a group around it has the limit,
    /// version 1 counts there.)
    pub(super) fn since(&self) -> Option<u64> {
        let (cgroup, before) = self.0.as_ref()?;
        if cgroup.killed()? <= *before {
            return None;
        }
        cgroup.limit()
    }
}
