//! Tests of the file format: files of earlier releases, bytes that anyone may have made, and the formats of reports and effects.

mod effects;
mod framing;
mod golden;
mod hostile;
mod reports;
