//! Tests a page that is exported as files.

use std::fs;

use crate::browser::Browser;
use crate::served::{Jobs, command, send};

#[test]
fn a_page_is_written_that_opens_without_a_server() {
    let jobs = Jobs::new();
    jobs.fail("tenant/7", 5, "no such <b>box</b></script><script>document.title = 'run'</script>");
    let out = tempfile::tempdir().unwrap();
    let folder = out.path().join("page");
    let told =
        command(jobs.dir()).args(["serve", "tenant/7", "--out"]).arg(&folder).output().unwrap();
    assert!(told.status.success(), "{told:?}");
    let index = folder.join("index.html");
    assert_eq!(
        String::from_utf8(told.stdout).unwrap(),
        format!("written to `{}`\n", index.display())
    );
    assert!(
        fs::read_to_string(folder.join("report.html")).unwrap().contains("no such &lt;b&gt;box")
    );
    assert!(folder.join("uPlot.LICENSE").exists());
    let mut browser = Browser::start();
    browser.open(&format!("file://{}", index.display()));
    assert_eq!(browser.wait_for("h1"), "tenant/7");
    assert_eq!(browser.wait_for(".state"), "failed");
    assert!(browser.wait_for(".message").contains("</script><script>document.title"));
    assert_eq!(browser.title(), "tenant/7 · Jobs");
    assert_eq!(browser.count(".plot canvas"), 1, "the plot of all runs");
    assert_eq!(browser.count(".verbs button[data-verb]"), 0);
    assert_eq!(browser.errors(), [""; 0]);
}

#[test]
fn an_export_has_all_dead_letters_and_tells_of_a_missing_job() {
    let jobs = Jobs::new();
    send(jobs.dir(), &[false; 120]).unwrap();
    let out = tempfile::tempdir().unwrap();
    let export = |job: &str| {
        command(jobs.dir()).args(["serve", job, "--out"]).arg(out.path()).output().unwrap()
    };
    assert!(export("mail").status.success());
    let data = fs::read_to_string(out.path().join("data.js")).unwrap();
    assert_eq!(data.matches("no such mailbox").count(), 120);
    let told = export("other");
    assert_eq!(told.status.code(), Some(3), "{told:?}");
    let alone = command(jobs.dir()).args(["serve", "--out", "x"]).output().unwrap();
    assert_eq!(alone.status.code(), Some(2), "{alone:?}");
}
