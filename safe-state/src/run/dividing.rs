//! Divides the rate of a shared job among its workers.

use std::time::Instant;

use safe_state_backends::SharedJob;

use super::stages::Stages;
use crate::shared::hunt::share_of;

/// Asks the head how many workers divide the job's rate, if it is time. An error of the backend is ignored here: the
/// next save returns it.
pub(super) fn divide_rate(stages: &mut Stages) {
    if let Some(job) = asks_for_share(stages)
        && let Ok(Some(head)) = job.head()
    {
        stages.control.divide_rate(share_of(&head));
    }
}

/// Asks the head without blocking. The carried variables must have been taken, because the run may be dropped while it
/// waits.
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
