//! Text that comes from outside, made harmless for a terminal as a report's is.

use safe_state_backends::escape::Line;

/// The text on one line.
pub(super) fn line(text: &str) -> String {
    Line(text).to_string()
}

/// The text with its lines, each but the first behind `indent`.
pub(super) fn block(text: &str, indent: &str) -> String {
    let lines: Vec<String> = text.lines().map(line).collect();
    lines.join(&format!("\n{indent}"))
}
