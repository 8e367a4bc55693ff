//! Tests what is in a report.

use safe_state::report::details::{Details, Origin, Value};
use safe_state::report::{Report, Style};

use crate::report_of;

fn values(details: &Details, origin: Origin) -> Vec<String> {
    let shown = |it: &Value| format!("{}{} = {}", "  ".repeat(it.depth.into()), it.name, it.text);
    details.values.iter().filter(|it| it.origin == origin).map(shown).collect()
}

fn fact<'a>(details: &'a Details, name: &str) -> &'a str {
    &details.context.iter().find(|fact| fact.name == name).unwrap().value
}

#[test]
fn the_question_mark_is_found_with_its_expression() {
    let report = report_of("error");
    let details = report.details();
    let step = &details.trail[0];
    let source = include_str!("child.rs");
    let line = source.lines().nth(step.place.line as usize - 1).unwrap();
    let text: String = line.chars().skip(step.place.column as usize - 1).collect();
    assert!(text.starts_with(&format!("{}?", step.expression)), "{step:?}: {text}");
    assert!(step.expression.starts_with("send(*order, account).with_context("), "{step:?}");
    assert_eq!(report.failure().location(), Some(step.place.to_string().as_str()));
    let excerpt = &details.excerpts[0];
    assert_eq!(excerpt.lines[(step.place.line - excerpt.first) as usize], line.trim_end());
}

#[test]
fn the_error_has_its_causes_and_types() {
    let report = report_of("error");
    assert_eq!(report.failure().message(), "cannot bill order 30");
    assert_eq!(report.failure().causes(), ["mail-1 is gone"]);
    let links = report.details().links;
    assert_eq!(links[1].error_type.as_deref(), Some("std::io::error::Error"));
    assert!(links[1].debug.as_deref().unwrap().contains("ConnectionReset"), "{links:?}");
}

#[test]
fn a_report_has_the_values_of_the_run() {
    let report = report_of("error");
    let details = report.details();
    assert_eq!(report.failure().index(), Some(2));
    assert_eq!(values(&details, Origin::Item), ["item = 30"]);
    assert_eq!(report.failure().captured()[0].value, "15");
    let arguments = values(&details, Origin::Argument);
    assert!(arguments.contains(&"orders = list (4)".to_owned()), "{arguments:?}");
    assert!(arguments.contains(&"  2 = 30".to_owned()), "{arguments:?}");
    assert!(arguments.contains(&"  host = \"mail-1\"".to_owned()), "{arguments:?}");
    let carried = values(&details, Origin::Carried);
    assert_eq!(
        carried[..4],
        ["receipts = list (2)", "  0 = Receipt (2)", "    order = 10", "    tags = list (1)"]
    );
}

#[test]
fn secrets_are_in_no_report() {
    let report = report_of("error");
    let details = report.details();
    let line = "error --password *** postgres://me:***@db/jobs --url=https://me:***@host/login?session=*** \
                --conn=host=h password=*** --dbs=redis://:***@h/0,redis://:***@h/tokens https://h/x?token=***";
    let shown = fact(&details, "command line");
    assert!(shown.ends_with(line), "{shown}");
    for text in [report.to_text(Style::Coloured), report.to_json(), report.to_html()] {
        assert!(!text.contains("hunter2"), "{text}");
    }
}

#[test]
fn the_stack_is_known_when_it_is_captured() {
    let details = report_of("error").details();
    let own = details.frames.iter().filter(|frame| frame.is_own);
    let own: Vec<_> = own.map(|frame| frame.function.clone().unwrap()).collect();
    assert!(own.iter().any(|name| name.contains("bill")), "{own:?}");
    assert!(own.iter().any(|name| name.ends_with("main")), "{own:?}");
    assert!(details.frames[0].is_own, "without those of the capture: {:#?}", details.frames);
    assert!(details.frames.iter().any(|frame| !frame.is_own));
    assert_eq!(fact(&details, "pid").parse::<u32>().is_ok(), fact(&details, "thread") == "main");
}

#[test]
fn a_panic_has_its_place_and_stack() {
    let report = report_of("panic");
    assert_eq!(report.failure().message(), "order 20 is odd");
    let location = report.failure().location().unwrap().to_owned();
    let line = 1 + include_str!("child.rs").lines().position(|it| it.contains("is odd")).unwrap();
    assert!(location.contains(&format!("child.rs:{line}:")), "{location}");
    let own = report.details().frames.into_iter().find(|frame| frame.is_own).unwrap();
    assert_eq!(own.place.unwrap().line as usize, line);
}

#[test]
fn source_and_depth_are_the_programs_to_set() {
    let details = report_of("plain").details();
    assert!(details.excerpts.is_empty());
    assert!(values(&details, Origin::Carried)[..] == ["receipts = list (2, not all shown)"]);
}

/// Only the owner of the file may read it.
#[cfg(unix)]
#[test]
fn a_report_is_private() {
    use std::os::unix::fs::PermissionsExt;

    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("one.report");
    safe_state::report::capture(&std::io::Error::other("x")).save(&path).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(Report::open(&path).unwrap().failure().message(), "x");
}
