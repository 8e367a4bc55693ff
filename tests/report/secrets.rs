//! Tests that no secret is in anything that is told, or stored.

use std::fs;

use safe_state::report::Report;

use crate::fail;

#[test]
fn no_secret_is_told_or_stored() {
    let dir = tempfile::tempdir().unwrap();
    let output = fail(dir.path(), "secrets");
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("cannot connect to postgres://me:***@db/jobs?password=***"), "{told}");
    let report = Report::open(dir.path().join("saved.report")).unwrap();
    let mut texts = vec![told, report.to_string(), report.to_json(), report.to_html()];
    for file in fs::read_dir(dir.path()).unwrap() {
        let bytes = fs::read(file.unwrap().path()).unwrap();
        texts.push(String::from_utf8_lossy(&bytes).into_owned());
    }
    for text in texts {
        assert!(!text.contains("hunter2"), "{text}");
    }
    let value = |name: &str| {
        let values = report.details().values;
        values.into_iter().filter(|it| it.name == name).map(|it| it.text).collect::<Vec<_>>()
    };
    assert_eq!(value("url"), ["\"postgres://me:***@db/jobs?password=***\""]);
    assert!(value("conn")[0].contains("host: \"db\""), "{:?}", value("conn"));
}
