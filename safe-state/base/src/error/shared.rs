//! The sentences of errors about a job that many workers share.

use safe_state_backends::escape::Line;

use super::advice::start_over;

pub(super) fn worker_differs(job: &str, found: &str, stored: &str) -> String {
    format!(
        "a worker of job `{}` has {}, and those before it had {}; give all workers of a job the same, or {}",
        Line(job),
        Line(found),
        Line(stored),
        start_over(job)
    )
}

pub(super) fn length_unknown(job: &str) -> String {
    format!(
        "the input of a loop of job `{}` does not tell how many items it has, by which it would be cut into slices for many \
         workers; collect it into a `Vec` before the loop",
        Line(job)
    )
}

pub(super) fn slice_lost(job: &str, slice: u32) -> String {
    format!(
        "the checkpoint of slice {slice} of job `{}` is gone, and the values of its variables with it; put it back where it was, \
         or {}",
        Line(job),
        start_over(job)
    )
}

pub(super) fn returned_from_slice(job: &str) -> String {
    format!(
        "the function of job `{}` returned in the middle of a slice, while other workers are at other items, so what it returned \
         is no result of the job; end with an error there, also where a macro hides a `return`, or remove `shared`",
        Line(job)
    )
}
