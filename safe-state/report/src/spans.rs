//! The active `tracing` spans. Their fields are known if the program's subscriber has the `ErrorLayer` of
//! `tracing-error`.

use safe_state_backends::details::{Place, Span};
use safe_state_base::secrets::masked;
use tracing_error::SpanTrace;

/// The most spans in a report.
const SPANS: usize = 32;

/// Returns the spans of this thread, innermost first.
pub fn active() -> Vec<Span> {
    let mut spans = Vec::new();
    SpanTrace::capture().with_spans(|metadata, fields| {
        let place = metadata.file().zip(metadata.line());
        spans.push(Span {
            name: format!("{}::{}", metadata.target(), metadata.name()),
            fields: masked(fields),
            place: place.map(|(file, line)| Place { file: file.to_owned(), line, column: 0 }),
        });
        spans.len() < SPANS
    });
    spans
}
