//! Tests how a report looks, in each form. The report is a golden file, which never changes.

use std::path::Path;

use safe_state::report::{Report, Style};

fn report() -> Report {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/v1/reported.safestate");
    Report::open(golden).unwrap()
}

#[test]
fn a_report_is_shown_as_text() {
    insta::assert_snapshot!(report().to_text(Style::Plain));
}

#[test]
fn a_report_is_shown_as_text_in_colours() {
    insta::assert_snapshot!(report().to_text(Style::Coloured).replace('\u{1b}', "ESC"));
}

#[test]
fn a_report_is_shown_as_json() {
    insta::assert_snapshot!(report().to_json());
}

#[test]
fn a_report_is_shown_as_a_page() {
    let html = report().to_html();
    let (_, body) = html.split_once("</style>").unwrap();
    insta::assert_snapshot!(body);
}
