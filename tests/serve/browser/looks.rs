//! Tests that the pages fit a phone and a desk, light and dark. `SAFE_STATE_PICTURES=1` makes the pictures of the guide
//! anew.

use std::fs;
use std::path::{Path, PathBuf};

use crate::served::{Jobs, Slow};

use super::Browser;

/// The largest size of a picture, so that a clone of the repository stays small.
const MOST_BYTES: u64 = 100_000;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/guide/serve")
}

/// The script that hides from a picture where it was made.
const ELSEWHERE: &str = "new MutationObserver(() => {
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
        const it = texts.currentNode;
        if (/process \\d+ on (?!mail-2)/.test(it.data)) it.data = it.data.replace(/process \\d+ on .*/, 'process 4711 on mail-2');
    }
}).observe(document.body, { subtree: true, childList: true, characterData: true })";

/// Makes some jobs that failed, one that is finished, and one that runs after it was killed three times.
fn all_kinds() -> (Jobs, Slow) {
    let jobs = Jobs::new();
    let long = "tenant/7 with a name that is longer than a telephone is wide, as names may well be";
    for (name, at, message) in [
        ("invoices", 6, "connection refused: billing.example.org"),
        ("thumbnails/2026-11", 2, "no space left on device"),
        (long, 3, "the token has expired"),
    ] {
        jobs.fail(name, at, message);
    }
    let archive = jobs.job("archive").keep_on_success(true);
    archive.run(0..400, |_| Ok::<(), std::io::Error>(())).unwrap();
    for (until, millis) in [(600, 1), (800, 4), (1_000, 2)] {
        let slow = Slow::start("slow", jobs.dir(), "newsletter", 4_000, millis);
        jobs.wait_for("newsletter", |peek| peek["completed"].as_u64() >= Some(until));
        slow.kill();
    }
    let slow = Slow::start("slow", jobs.dir(), "newsletter", 4_000, 40);
    (jobs, slow)
}

#[test]
fn every_page_fits_its_window_and_the_guide_has_its_picture() {
    let (jobs, _slow) = all_kinds();
    let served = jobs.serve(&["newsletter"]);
    let mut browser = Browser::start();
    browser.open(&served.link);
    browser.run(ELSEWHERE);
    let is_new = std::env::var_os("SAFE_STATE_PICTURES").is_some();
    let made = tempfile::tempdir().unwrap();
    let pictures = if is_new { folder() } else { made.path().to_owned() };
    fs::create_dir_all(&pictures).unwrap();
    // The live plots show after some seconds.
    let pages =
        [("/job/newsletter", "job", "figure:nth-of-type(2) canvas"), ("/", "jobs", "tbody tr")];
    for (path, name, ready) in pages {
        browser.run(&format!("location.hash = '#{path}'"));
        browser.wait(ready, || (browser.count(ready) > 0).then_some(()));
        for (width, height, is_dark) in [(1600, 800, false), (400, 860, true)] {
            browser.resize(width, height, is_dark);
            browser.wait_for_text("main", "about");
            let overflow = "return document.documentElement.scrollWidth - document.documentElement.clientWidth";
            browser.wait("that it fits", || (browser.run(overflow) == 0).then_some(()));
            let file = format!("{name}-{width}.png");
            browser.picture(&pictures.join(&file));
            let kept = fs::metadata(folder().join(&file));
            let kept = kept.unwrap_or_else(|error| panic!("{file}: {error}"));
            assert!(kept.len() < MOST_BYTES, "{file}: {} bytes", kept.len());
        }
    }
    assert_eq!(browser.errors(), [""; 0]);
}
