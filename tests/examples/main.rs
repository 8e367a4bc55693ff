//! Tests the examples, run as a user runs them.

mod api;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use api::Api;
use safe_state_tests::servers::postgres_url;
use tempfile::TempDir;

/// An example, and the directory that it runs in.
struct Example {
    name: &'static str,
    dir: TempDir,
}

impl Example {
    fn new(name: &'static str) -> Self {
        Example { name, dir: tempfile::tempdir().unwrap() }
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        // The build selects the same packages as `tests/run`. With other packages, Cargo would choose other features of
        // the dependencies, and build most of them once more.
        let built = safe_state_tests::cargo()
            .args([
                "build",
                "--quiet",
                "--workspace",
                "--exclude",
                "safe-state-lints",
                "--all-features",
            ])
            .args(["--locked", "--example", self.name])
            .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name(""))
            .status();
        assert!(built.unwrap().success());
        let programs = Path::new(env!("CARGO_BIN_EXE_worker")).with_file_name("examples");
        let mut command = Command::new(programs.join(self.name));
        command
            .args(arguments)
            .current_dir(self.dir.path())
            .env_remove("SAFE_STATE_DIR")
            .env_remove("SAFE_STATE_BACKEND")
            .env("RUST_BACKTRACE", "0");
        command
    }

    /// Runs the example, which has to succeed, and returns its standard output.
    fn says(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs the example, which has to fail, and returns its standard error.
    fn complains(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(!output.status.success(), "{output:?}");
        String::from_utf8(output.stderr).unwrap()
    }

    fn write_tree(&self) {
        for (name, text) in [("b", "2"), ("a", "1"), ("c/d", "3"), ("c/e f", "4"), ("g\\h", "5")] {
            let path = self.dir.path().join("tree").join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.dir.path().join(path)).unwrap()
    }
}

/// Returns the files directly in a directory, by name, with their text.
fn files_in(dir: &Path) -> BTreeMap<String, String> {
    let entries = fs::read_dir(dir).unwrap().map(Result::unwrap);
    let read = |entry: fs::DirEntry| {
        let name = entry.file_name().into_string().unwrap();
        (name, fs::read_to_string(entry.path()).unwrap())
    };
    entries.map(read).collect()
}

#[test]
fn manifest_writes_what_sha256sum_does() {
    let example = Example::new("manifest");
    example.write_tree();
    assert_eq!(example.says(&["tree"]), "5 files in MANIFEST.sha256\n");
    let manifest = example.read("MANIFEST.sha256");
    let names: Vec<&str> = manifest.lines().map(|line| line.split_once("  ").unwrap().1).collect();
    assert_eq!(names, ["tree/a", "tree/b", "tree/c/d", "tree/c/e f", "tree/g\\\\h"]);
    // This is the SHA-256 of the text `1`.
    let hash = "6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b";
    assert!(manifest.starts_with(hash), "{manifest}");
    assert!(manifest.lines().last().unwrap().starts_with('\\'), "{manifest}");
}

#[test]
fn manifest_comes_out_the_same_wherever_it_crashed() {
    let example = Example::new("manifest");
    example.write_tree();
    example.says(&["tree", "--out", "whole"]);
    let whole = example.read("whole");
    for crash_at in 0..5 {
        let out = format!("crashed-{crash_at}");
        example.complains(&["tree", "--out", &out, "--crash-at", &crash_at.to_string()]);
        assert!(!example.dir.path().join(&out).exists(), "half of it must never be seen");
        let said = example.says(&["tree", "--out", &out]);
        assert!(said.contains(&format!("after {crash_at} of 5 items")) || crash_at == 0, "{said}");
        assert_eq!(example.read(&out), whole, "crashed at {crash_at}");
        assert!(!example.dir.path().join(out + ".work").exists(), "it left its work behind");
    }
}

#[test]
fn manifest_takes_a_tree_that_changed_as_it_is_now() {
    let example = Example::new("manifest");
    example.write_tree();
    example.complains(&["tree", "--crash-at", "3"]);
    fs::write(example.dir.path().join("tree/aa"), "new").unwrap();
    fs::remove_file(example.dir.path().join("tree/b")).unwrap();
    let said = example.says(&["tree"]);
    assert_eq!(said, "going on after 3 of 5 items (60 %)\n5 files in MANIFEST.sha256\n");
    let resumed = example.read("MANIFEST.sha256");
    example.says(&["tree"]);
    assert_eq!(example.read("MANIFEST.sha256"), resumed);
    assert!(resumed.contains("  tree/aa\n") && !resumed.contains("  tree/b\n"), "{resumed}");
}

#[test]
fn backfill_fills_every_row_after_a_crash() {
    let example = Example::new("backfill");
    let filled = "1000 of 1000 orders have a total, 514554 in all\n";
    assert_eq!(example.says(&["whole.db"]), filled);
    example.complains(&["crashed.db", "--crash-at", "7"]);
    let resumed = format!("going on after 7 of 10 items (70 %)\n{filled}");
    assert_eq!(example.says(&["crashed.db"]), resumed);
    assert_eq!(example.says(&["crashed.db"]), filled, "another run is a job of its own");
}

/// The output of a ledger after 20 payments.
const POSTED: &str = "20 payments posted, 2480 in all\n";

#[test]
fn ledger_posts_each_payment_once() {
    let example = Example::new("ledger");
    assert_eq!(example.says(&["ledger.db", "monday"]), POSTED);
    assert_eq!(example.says(&["ledger.db", "monday"]), POSTED, "posted again");
    for crash in [["--crash-at", "0"], ["--crash-at", "7"], ["--crash-after", "9"]] {
        example.complains(&[&["ledger.db", "tuesday"], &crash[..]].concat());
    }
    assert_eq!(example.says(&["ledger.db", "tuesday"]), POSTED);
}

#[test]
fn ledger_in_postgres_posts_each_payment_once() {
    let (example, url) = (Example::new("ledger_postgres"), postgres_url());
    let batch = format!("batch {}", std::process::id());
    for crash_at in ["0", "7", "19"] {
        example.complains(&[&url, &batch, "--crash-at", crash_at]);
    }
    assert_eq!(example.says(&[&url, &batch]), POSTED);
    assert_eq!(example.says(&[&url, &batch]), POSTED, "posted again");
}

#[test]
fn backfill_refuses_batches_of_another_size() {
    let example = Example::new("backfill");
    example.complains(&["orders.db", "--crash-at", "7"]);
    let complaint = example.complains(&["orders.db", "--batch", "50"]);
    assert!(complaint.contains("version `batches of 100`"), "{complaint}");
}

#[test]
fn a_backend_of_ones_own_goes_on() {
    let example = Example::new("own_backend");
    let failed = example.complains(&["true"]);
    assert!(failed.contains("asked to fail at item 2"), "{failed}");
    assert!(example.dir.path().join("count").exists());
    assert_eq!(example.says(&["false"]), "item 2\nitem 3\nitem 4\n");
    assert!(!example.dir.path().join("count").exists());
}

#[test]
fn crawler_goes_on_with_the_pages_that_waited() {
    let example = Example::new("crawler");
    let site = example.dir.path().join("site");
    fs::create_dir(&site).unwrap();
    let page = |name: &str, links: &[&str]| {
        let links: Vec<String> =
            links.iter().map(|to| format!("<a href=\"{to}\">it</a>")).collect();
        fs::write(site.join(name), links.join("\n")).unwrap();
    };
    page("index.html", &["a.html", "b.html", "https://a.example/", "#top"]);
    page("a.html", &["index.html", "c.html", "gone.html"]);
    page("b.html", &["c.html", "lost.html"]);
    page("c.html", &["a.html", "gone.html"]);
    let whole = example.says(&["site", "index.html"]);
    let broken = "a.html: gone.html\nb.html: lost.html\nc.html: gone.html\n";
    assert_eq!(whole, format!("4 pages, 3 links that lead nowhere\n{broken}"));
    for crash_at in ["1", "2", "3"] {
        example.complains(&["site", "index.html", "--crash-at", crash_at]);
        let resumed = example.says(&["site", "index.html"]);
        let (first, rest) = resumed.split_once('\n').unwrap();
        assert!(first.starts_with("going on after "), "{resumed}");
        assert_eq!(rest, whole);
    }
}

#[test]
fn scraper_goes_on_after_failures_and_crashes() {
    let example = Example::new("scraper");
    assert_eq!(example.says(&["whole"]), "20 pages in whole\n");
    assert_eq!(example.says(&["tried", "--fail-every", "3"]), "20 pages in tried\n");
    let failed = example.complains(&["pages", "--fail-from", "8"]);
    assert!(failed.contains("stopped after 7 of 20 items (35 %); run again to go on"), "{failed}");
    assert!(failed.contains("cannot fetch page-007"), "{failed}");
    assert!(failed.contains("503 Service Unavailable"), "{failed}");
    example.complains(&["pages", "--crash-at", "12"]);
    let resumed = example.says(&["pages"]);
    assert_eq!(resumed, "going on after 12 of 20 items (60 %)\n20 pages in pages\n");
    let dir = example.dir.path();
    assert_eq!(files_in(&dir.join("pages")), files_in(&dir.join("whole")));
}

#[test]
fn scraper_keeps_its_checkpoint_where_the_environment_says() {
    let example = Example::new("scraper");
    let run = |arguments: &[&str]| {
        let mut command = example.command(arguments);
        command.env("SAFE_STATE_BACKEND", "sqlite:jobs.db").output().unwrap()
    };
    assert!(!run(&["pages", "--crash-at", "12"]).status.success());
    let resumed = String::from_utf8(run(&["pages"]).stdout).unwrap();
    assert_eq!(resumed, "going on after 12 of 20 items (60 %)\n20 pages in pages\n");
    assert!(example.dir.path().join("jobs.db").exists());
    assert!(!example.dir.path().join(".safe_state").exists());
}

#[test]
fn rescue_tells_what_a_crash_was_in() {
    let example = Example::new("rescue");
    let sums = example.dir.path().join("sums");
    fs::write(&sums, "(1 (2 3))\n4\n").unwrap();
    assert_eq!(example.says(&["sums"]), "10\n");
    fs::write(&sums, format!("(1 (2 3))\n4\n{}\n5\n", "(".repeat(1_000_000))).unwrap();
    let output = example.run(&["sums", "--autosave", "autosave"]);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        said.starts_with("line 3: killed by signal 6 (SIGABRT) after signal 11 (SIGSEGV)"),
        "{said}"
    );
    assert!(said.contains("the lines before it come to 10\nit was in "), "{said}");
    assert!(said.contains("rescue.rs:"), "{said}");
    assert!(!example.dir.path().join("autosave").exists(), "it was rescued");
    assert!(example.complains(&["--recover", "autosave"]).contains("there is no autosave"));
}

#[test]
fn scraper_gives_up_what_is_not_there_until_it_is() {
    let example = Example::new("scraper");
    let said = example.says(&["pages", "--missing", "page-007", "--missing", "page-013"]);
    let (first, given_up) = said.split_once('\n').unwrap();
    assert_eq!(first, "18 pages in pages");
    let expected = ["given up: item 7: cannot fetch page-007", "given up: item 13: cannot"];
    let items = given_up.lines().filter(|line| line.starts_with("given up"));
    assert!(items.zip(expected).all(|(line, expected)| line.starts_with(expected)), "{said}");
    assert!(given_up.contains("caused by: the server says: HTTP/1.0 404 Not Found"), "{given_up}");
    let still = example.says(&["pages", "--retry", "--missing", "page-013"]);
    assert!(still.starts_with("2 to be fetched again\n"), "{still}");
    assert!(still.contains("\n19 pages in pages\ngiven up: item 13: "), "{still}");
    assert!(example.says(&["pages", "--retry"]).ends_with("\n20 pages in pages\n"));
    assert_eq!(example.says(&["whole"]), "20 pages in whole\n");
    let dir = example.dir.path();
    assert_eq!(files_in(&dir.join("pages")), files_in(&dir.join("whole")));
}

#[test]
fn mailer_sends_each_mail_once_however_often_it_has_to_ask() {
    let (example, api) = (Example::new("mailer"), Api::start());
    let mails: Vec<String> =
        (1..=9).map(|n| format!("{n} mail-{n}@example.org text of {n}")).collect();
    fs::write(example.dir.path().join("mails"), mails.join("\n")).unwrap();
    api.state().refused.push("mail-4@example.org");
    let address = api.address();
    let with = |more: &'static str| {
        let more = more.split_whitespace();
        ["mails", "--api", &address].into_iter().chain(more).map(str::to_owned).collect::<Vec<_>>()
    };
    let run = |more| example.run(&with(more).iter().map(String::as_str).collect::<Vec<_>>());
    assert!(!run("--crash-at 5").status.success());
    assert!(!run("--crash-at 7").status.success());
    let said = String::from_utf8(run("").stdout).unwrap();
    assert!(said.starts_with("given up: item 3: cannot send 4"), "{said}");
    assert!(said.contains("caused by: the API says: 422 No Such Mailbox"), "{said}");
    assert!(said.contains("to = mail-4@example.org"), "{said}");
    assert_eq!(api.state().sent.len(), 8);
    api.state().refused.clear();
    let said = String::from_utf8(run("--retry").stdout).unwrap();
    assert_eq!(said, "1 to be tried again\nall 9 sent\n");

    let state = api.state();
    let mut sent = state.sent.clone();
    sent.sort();
    let mail = |n| (format!("mail-{n}@example.org"), format!("text of {n}"));
    assert!(sent.into_iter().eq((1..=9).map(mail)));
    // The request was not answered, or was sent when the process died.
    assert!(state.requests.values().any(|times| *times > 1), "{:?}", state.requests);
}
