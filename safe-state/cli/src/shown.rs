//! The look of a job's state.

use anstyle::Style;
use safe_state_base::status::{State, Status};

use super::screen::{BAD, GOOD, WARN};

/// Returns the style of a state.
pub(super) fn style(state: State) -> Style {
    match state {
        State::Running | State::Finished => GOOD,
        State::Failed | State::Unreadable => BAD,
        _ => WARN,
    }
}

/// Returns a text such as `paused`, or `failed, paused` for a job that is to wait when it runs again.
pub(super) fn state_text(status: &Status) -> String {
    let is_to_wait = status.asked.asked == Some("pause") && status.state != State::Paused;
    let paused = if is_to_wait { ", paused" } else { "" };
    let slow = match status.progress.stragglers {
        0 => String::new(),
        1 => ", 1 straggler".to_owned(),
        count => format!(", {count} stragglers"),
    };
    format!("{}{paused}{slow}", status.state.name())
}

/// Returns a text such as `64 %`, if the input told its length.
pub(super) fn percent(status: &Status) -> Option<String> {
    let total = status.progress.total?.max(1);
    Some(format!("{} %", u128::from(status.progress.completed) * 100 / u128::from(total)))
}
