//! The sentences of errors about the input of a loop, and the items in it.

use safe_state_backends::escape::Line;

use super::advice::{accept, items, start_over};

pub(super) fn shrank(job: &str, completed: u64, found: Option<u64>) -> String {
    let found = found.map_or_else(|| "fewer items than before".to_owned(), items);
    format!(
        "the input of job `{}` has changed: it has {found}, but {completed} are complete; give it the input it began with, mark \
         the loop `#[resume(consumed)]` if what is complete does not come again, {}, or {}",
        Line(job),
        accept(job),
        start_over(job)
    )
}

pub(super) fn changed(job: &str, index: u64) -> String {
    format!(
        "the input of job `{}` has changed: item {index} is not the one that was completed; give it the input it began with \
         (`key`, `consumed` and `on_input_change` are for inputs that change), {}, or {}",
        Line(job),
        accept(job),
        start_over(job)
    )
}

pub(super) fn not_compared(job: &str) -> String {
    format!(
        "the items of a loop of job `{}` hold a pointer or a function, whose address is another one in every process; say what \
         of an item is compared by `check = |item| ..`, know items by `key = |item| ..`, or go by the index alone with \
         `on_input_change = \"continue\"`",
        Line(job)
    )
}

pub(super) fn not_serializable(job: &str) -> String {
    format!(
        "the first item of a loop of job `{}` cannot be compared with what it is in a later run, as its `Serialize` fails; say \
         what of an item is compared by `check = |item| ..`, know items by `key = |item| ..`, `#[derive(Hash)]` on its type, or \
         go by the index alone with `on_input_change = \"continue\"`",
        Line(job)
    )
}

pub(super) fn key_not_serializable(job: &str, index: u64, reason: &str) -> String {
    format!(
        "in job `{}`, the key of item {index} cannot be serialised ({}); leave that item out of the input for now, which keeps \
         what is complete, or let `key` give something else, and clear the checkpoint",
        Line(job),
        Line(reason)
    )
}

pub(super) fn gives_once(job: &str) -> String {
    format!(
        "a loop of job `{}` receives from a channel, which gives each item once, and would give new ones in place of those that \
         are complete; mark it `#[resume(consumed)]` if what is complete does not come again, or know items by `key = |item| \
         ..` if all are sent again",
        Line(job)
    )
}

pub(super) fn identity_changed(job: &str, before: &str) -> String {
    format!(
        "job `{}` identified its completed items by {before}, and now identifies them differently; put `key`, `cursor` and \
         `consumed` back as they were, or {}",
        Line(job),
        start_over(job)
    )
}

pub(super) fn inner_loop_interrupted(job: &str) -> String {
    format!(
        "job `{}` was in the middle of an item's inner loop, and its input now gives another new item first; put that item in \
         front of new ones, or {}",
        Line(job),
        start_over(job)
    )
}
