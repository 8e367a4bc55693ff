//! What to do, for those who read a message and know no more.

use safe_state_backends::CarriedError;
use safe_state_backends::escape::Line;

pub(super) fn version(version: Option<&str>) -> String {
    version
        .map_or_else(|| "no version".to_owned(), |version| format!("version `{}`", Line(version)))
}

/// Which call accepts what has changed.
pub(super) fn accept(job: &str) -> String {
    format!(
        "let the next run go on with that by `safe-state accept`, or `Job::new({job:?}).accept()`"
    )
}

/// Which call lets the job run once more.
pub(super) fn accept_another(job: &str) -> String {
    format!("allow one more by `safe-state accept`, or `Job::new({job:?}).accept()`")
}

/// How to begin the job anew, for those who read a message and know no more.
pub fn start_over(job: &str) -> String {
    format!(
        "clear the checkpoint to start over, by `clear_checkpoint()` beside the function, or of `Job::new({job:?})`"
    )
}

/// The same where it is a stored value that is wrong.
pub(super) fn or_start_over(job: &str, carried: &CarriedError) -> String {
    match carried {
        CarriedError::TypeChanged { .. } | CarriedError::ShapeChanged { .. } => {
            format!(", or {}", start_over(job))
        }
        _ => String::new(),
    }
}

/// `1 item`, `2 items`.
pub fn items(count: u64) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} item{plural}")
}
