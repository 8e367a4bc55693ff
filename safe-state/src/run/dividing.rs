//! The rate of a job that many workers share, which they divide.

use std::time::Instant;

use safe_state_backends::SharedJob;

use super::stages::Stages;
use crate::shared::hunt::share_of;

/// Looks among how many workers the job's rate is divided, if it is time. Where the backend can't be asked, it says so when it
/// has to save.
pub(super) fn divide_rate(stages: &mut Stages) {
    if let Some(job) = asks_for_share(stages)
        && let Ok(Some(head)) = job.head()
    {
        stages.control.divide_rate(share_of(&head));
    }
}

/// Looks without blocking, where the carried variables have been taken: the run may be dropped while it waits.
pub(super) async fn divide_rate_async(stages: &mut Stages) {
    let Some(job) = asks_for_share(stages) else { return };
    stages.progress.waits_at_head(true);
    let head = stages.on_thread(move || job.head()).await;
    stages.progress.waits_at_head(false);
    if let Ok(Some(head)) = head {
        stages.control.divide_rate(share_of(&head));
    }
}

fn asks_for_share(stages: &mut Stages) -> Option<SharedJob> {
    stages.session.sharing.as_deref_mut()?.asks_for_share(Instant::now())
}
