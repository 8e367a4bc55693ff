//! Advice in messages, for readers who know nothing but the message.

use safe_state_backends::CarriedError;
use safe_state_backends::escape::{Line, argument};

pub(super) fn version(version: Option<&str>) -> String {
    version
        .map_or_else(|| "no version".to_owned(), |version| format!("version `{}`", Line(version)))
}

/// Returns the calls that accept what has changed.
pub(super) fn accept(job: &str) -> String {
    format!(
        "resume anyway by `safe-state accept {}` or `Job::new({job:?}).accept()`",
        argument(job)
    )
}

/// Returns the calls that let the job run once more.
pub(super) fn accept_another(job: &str) -> String {
    format!(
        "allow one more by `safe-state accept {}` or `Job::new({job:?}).accept()`",
        argument(job)
    )
}

/// Returns how to start the job over.
pub fn start_over(job: &str) -> String {
    format!(
        "start over by `safe-state clear {}` or `Job::new({job:?}).clear_checkpoint()`",
        argument(job)
    )
}

/// Returns how to start the job over, if a stored value is the problem; else nothing.
pub(super) fn or_start_over(job: &str, carried: &CarriedError) -> String {
    match carried {
        CarriedError::TypeChanged { .. } | CarriedError::ShapeChanged { .. } => {
            format!(", or {}", start_over(job))
        }
        _ => String::new(),
    }
}

/// Returns for example `1 item` or `2 items`.
pub fn items(count: u64) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} item{plural}")
}
