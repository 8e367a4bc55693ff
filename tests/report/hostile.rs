//! Tests failures that are made to harm the program that reports them.

use safe_state::report::Style;

use crate::report_of;

#[test]
fn a_message_of_a_gigabyte_is_cut() {
    let report = report_of("gigabyte");
    assert!(report.failure().message().len() < 20 * 1024);
    assert!(report.to_html().len() < 1 << 20);
}

#[test]
fn what_never_ends_or_panics_when_it_prints_stops_nothing() {
    let endless = report_of("endless");
    assert!(endless.details().links[0].debug.as_deref().unwrap().starts_with("and so on, "));
    let panics = report_of("panics");
    assert_eq!((panics.failure().message(), &panics.details().links[0].debug), ("hostile", &None));
    assert!(!panics.details().frames.is_empty() && !panics.details().context.is_empty());
}

#[test]
fn markup_and_control_characters_are_shown_as_what_they_are() {
    let report = report_of("markup");
    assert!(report.failure().message().contains('\u{1b}'), "kept as it was");
    let html = report.to_html();
    assert!(html.contains("&lt;script&gt;") && !html.contains("<script"), "{html}");
    let text = report.to_text(Style::Plain);
    assert!(text.contains("\\u{1b}[2J\\u{202e}"), "{text}");
    for shown in [html, text] {
        assert!(!shown.contains(['\u{1b}', '\u{202e}']), "{shown}");
    }
    let path = report.details().values.iter().find(|it| it.name == "path").cloned().unwrap();
    assert_eq!(path.text, "\"/tmp/\\xFF\\u{1b}[31m\"");
    let json: serde_json::Value = serde_json::from_str(&report.to_json()).unwrap();
    assert_eq!(json["failure"]["message"], report.failure().message());
}
