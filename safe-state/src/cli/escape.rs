//! Text that comes from outside, made harmless for a terminal as a report's is.

pub(super) use crate::report::escape::one_line as line;

/// The text with its lines, each but the first behind `indent`.
pub(super) fn block(text: &str, indent: &str) -> String {
    let lines: Vec<String> = text.lines().map(line).collect();
    lines.join(&format!("\n{indent}"))
}
