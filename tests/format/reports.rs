//! Tests of reports: they read back, and reading bytes that anyone may have made causes no panic and takes no more memory than
//! a report may.

use proptest::prelude::*;
use safe_state_backends::details::{
    Details, Excerpt, Fact, Frame, Link, Origin, Place, Span, Step, Value,
};
use safe_state_backends::format::{FormatError, Report};
use safe_state_backends::{Checkpoint, Failure, FailureKind};

use super::framing;

const REPORT: u8 = 32;

fn details() -> Details {
    let place = || Place { file: "src/main.rs".to_owned(), line: 14, column: 9 };
    let text = || "text".to_owned();
    let lines = vec!["for order in orders {".to_owned(), String::new()];
    Details {
        links: vec![Link { error_type: Some(text()), debug: Some(text()) }, Link::default()],
        trail: vec![Step { place: place(), expression: text(), error_type: text() }],
        frames: vec![Frame { address: 9, function: None, place: Some(place()), is_own: true }],
        excerpts: vec![Excerpt { file: text(), first: 13, lines, is_newer: false }],
        values: vec![Value { origin: Origin::Item, depth: 0, name: text(), text: text() }],
        spans: vec![Span { name: text(), fields: text(), place: None }],
        context: vec![Fact { name: text(), value: text() }],
    }
}

fn report() -> Report {
    let failure = Failure::new(FailureKind::Error, "E", "message").with_details(details());
    Report { job: Some("job".to_owned()), failure }
}

/// Decodes with a limit on memory, and uses the result like a caller.
fn decode(bytes: &[u8]) {
    let measured = allocation_counter::measure(|| {
        if let Ok(Some(report)) = Report::decode(bytes) {
            let _ = report.failure.details();
            assert!(report.failure.to_string().len() <= 4 * bytes.len() + 4096);
        }
    });
    // The constant is for all lists of the details at their longest.
    let limit = 8 * bytes.len() as u64 + 512 * 1024;
    assert!(measured.bytes_max <= limit, "{} of {limit} bytes", measured.bytes_max);
}

/// Returns the payload of the report's only record.
fn payload(report: &Report) -> Vec<u8> {
    report.encode().unwrap()[16 + 9..].to_vec()
}

fn file(payload: &[u8]) -> Vec<u8> {
    framing::file([(REPORT, payload)])
}

#[test]
fn a_report_comes_back() {
    let report = report();
    let decoded = Report::decode(&report.encode().unwrap()).unwrap().unwrap();
    assert_eq!(decoded, report);
    assert_eq!(decoded.failure.details(), Some(details()));
}

#[test]
fn the_report_in_a_checkpoint_is_found() {
    let mut checkpoint = serde_json::to_value(Checkpoint::new("job", None)).unwrap();
    let empty: Checkpoint = serde_json::from_value(checkpoint.clone()).unwrap();
    assert_eq!(Report::decode(&empty.encode().unwrap()).unwrap(), None);
    checkpoint["failure"] = serde_json::to_value(report().failure).unwrap();
    let failed: Checkpoint = serde_json::from_value(checkpoint).unwrap();
    let found = Report::decode(&failed.encode().unwrap()).unwrap();
    assert_eq!(found.unwrap().failure.details(), Some(details()));
}

#[test]
fn what_is_no_report_is_told_apart() {
    let cut = &report().encode().unwrap()[..40];
    assert!(matches!(Report::decode(b"%PDF-1.7 and so on, and on"), Err(FormatError::Foreign)));
    assert!(matches!(Report::decode(cut), Err(FormatError::Damaged { .. })));
    let as_checkpoint = Checkpoint::decode(&report().encode().unwrap());
    assert!(matches!(as_checkpoint, Err(FormatError::OtherKind(_))), "{as_checkpoint:?}");
}

#[test]
fn short_details_that_claim_long_lists_take_no_memory() {
    for claimed in 0..7 {
        let mut bytes = vec![0; claimed];
        bytes.extend([0xff, 0xff, 0xff, 0xff, 0x0f]);
        let failure = ("E", "m", 0_u8, None::<&str>, 5_u64, 0_u8, bytes);
        decode(&file(&postcard::to_stdvec(&(Some("job"), 0_u8, None::<u64>, failure)).unwrap()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(20_000) })]

    #[test]
    fn reading_any_report_causes_no_panic(
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
        is_cut in any::<bool>(),
    ) {
        let mut payload = payload(&report());
        for (at, byte) in edits {
            let at = at.index(payload.len());
            payload[at] = byte;
        }
        if is_cut {
            payload.truncate(cut.index(payload.len()));
        }
        decode(&file(&payload));
    }
}
