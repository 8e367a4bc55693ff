//! Escapes text from outside, so that it is harmless in a terminal, as a report does.

use safe_state_backends::escape::Line;

/// Returns the text on one line.
pub(super) fn line(text: &str) -> String {
    Line(text).to_string()
}

/// Returns the text with its lines, each but the first behind `indent`.
pub(super) fn block(text: &str, indent: &str) -> String {
    let lines: Vec<String> = text.lines().map(line).collect();
    lines.join(&format!("\n{indent}"))
}
