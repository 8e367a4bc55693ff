//! Tests the page of a report in a browser.

use std::fs;
use std::process::Command;

use crate::report_of;

/// Returns the page's document after a browser has loaded it, and has run what can run.
fn dom(html: &str) -> String {
    let dir = tempfile::tempdir().unwrap();
    let page = dir.path().join("report.html");
    fs::write(&page, html).unwrap();
    let mut chromium = Command::new("chromium");
    chromium.args(["--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"]);
    chromium.arg(format!("--user-data-dir={}", dir.path().join("profile").display()));
    let output = chromium.arg(format!("file://{}", page.display())).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_page_shows_the_failure_and_folds() {
    let dom = dom(&report_of("error").to_html());
    assert!(dom.contains("<h1>cannot bill order 30</h1>"), "{dom}");
    assert!(dom.contains("<mark><b>") && dom.contains("with_context"), "{dom}");
    assert!(dom.contains("<details class=\"own\" open=\"\"><summary>"), "{dom}");
    assert!(dom.contains("<details class=\"library\"><summary>"), "{dom}");
}

#[test]
fn nothing_in_the_page_runs() {
    let page = report_of("markup").to_html();
    let dom = dom(&page);
    assert!(dom.contains("<title>hostile</title>") && !dom.contains("<script"), "{dom}");
    // Even if text got into the page as a script, the page itself forbids it to run.
    let broken = page.replace("</body>", "<script>document.title = 'run'</script></body>");
    assert!(self::dom(&broken).contains("<title>hostile</title>"));
    let open = broken.replace("default-src 'none'", "script-src 'unsafe-inline'");
    assert!(self::dom(&open).contains("<title>run</title>"), "the test would see it");
}
