//! The sentences of errors about a program that has changed since the job began, or does not fit the job.

use std::path::Path;

use safe_state_backends::CarriedError;
use safe_state_backends::escape::Line;

use super::advice;
use super::advice::{accept, start_over};

pub(super) fn version(job: &str, stored: Option<&str>, current: Option<&str>) -> String {
    format!(
        "job `{}` has a checkpoint of {}, but is now {}; finish it with the program that began it, {}, or {}",
        Line(job),
        advice::version(stored),
        advice::version(current),
        accept(job),
        start_over(job)
    )
}

pub(super) fn not_migrated(job: &str, from: Option<&str>, carried: &CarriedError) -> String {
    format!(
        "job `{}` can't be taken over from {}: {carried}; let `migrate(from = .., with = ..)` take what is stored, or {}",
        Line(job),
        advice::version(from),
        start_over(job)
    )
}

pub(super) fn code(job: &str) -> String {
    format!(
        "the code of job `{}` has changed since its checkpoint was made; finish with the program that began it, {}, or {}",
        Line(job),
        accept(job),
        start_over(job)
    )
}

pub(super) fn argument(job: &str, argument: &str) -> String {
    let argument = Line(argument);
    format!(
        "`{argument}` of job `{}` has changed since the job began; call it with the earlier value, put it into the job's name if \
         each value is a job of its own, as in `name = format!(\"import-{{}}\", ..)`, name it in `fresh({argument})` if it does \
         not matter, {}, or {}",
        Line(job),
        accept(job),
        start_over(job)
    )
}

pub(super) fn file(job: &str, name: &str, path: &Path) -> String {
    let name = Line(name);
    format!(
        "`{name}` in job `{}` has made `{}` anew, and what complete items wrote there is gone; name it in `reconnect({name})`, or \
         open the file to append; if nothing of it is missed, {}, or {}",
        Line(job),
        Line(&path.display().to_string()),
        accept(job),
        start_over(job)
    )
}

pub(super) fn function(job: &str, function: &str) -> String {
    format!(
        "job `{}` was begun by another function than `{}`; give each function a name of its own, or if it was only renamed or \
         moved, {}, or {}",
        Line(job),
        Line(function),
        accept(job),
        start_over(job)
    )
}

pub(super) fn shared_name(job: &str, place: &str, other: &str) -> String {
    format!(
        "two functions have the job name `{}`, at {} and at {}; give each a name of its own: `#[resumable(name = \"..\")]`",
        Line(job),
        Line(place),
        Line(other)
    )
}

pub(super) fn not_carried(job: &str, name: &str, completed: u64) -> String {
    format!(
        "job `{}` has {completed} items complete, but `{}` was not carried with them; finish with the program that began it, or {}",
        Line(job),
        Line(name),
        start_over(job)
    )
}

pub(super) fn not_kept(job: &str, name: &str, place: &str) -> String {
    format!(
        "job `{}` has no stored value of `{}` {place}, where the function reads it; finish with the program that began it, or {}",
        Line(job),
        Line(name),
        start_over(job)
    )
}
