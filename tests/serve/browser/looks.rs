//! Pictures for the guide, on a phone and on a desk, light and dark: `SAFE_STATE_PICTURES=1` makes them anew.

use std::fs;
use std::path::{Path, PathBuf};

use crate::served::{Jobs, Slow};

use super::Browser;

/// So that a clone stays small.
const MOST_BYTES: u64 = 100_000;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/guide/serve")
}

#[test]
fn every_page_fits_its_window_and_the_guide_has_its_picture() {
    let jobs = Jobs::new();
    for (name, at, message) in [
        ("invoices", 6, "connection refused: billing.example.org"),
        ("thumbnails/2026-11", 2, "no space left on device"),
        (
            "tenant/7 with a name that is longer than a telephone is wide, as names may well be",
            3,
            "no",
        ),
    ] {
        jobs.fail(name, at, message);
    }
    jobs.job("archive")
        .keep_on_success(true)
        .run(0..400, |_| Ok::<(), std::io::Error>(()))
        .unwrap();
    drop(Slow::start("slow", jobs.dir(), "newsletter", 600, 1));
    let _slow = Slow::start("slow", jobs.dir(), "newsletter", 20_000, 40);
    let served = jobs.serve(&[]);
    let mut browser = Browser::start();
    browser.open(&served.link);
    browser.wait_for_text("tr .state", "running");
    browser.wait_for_text("td", "a second");
    let is_new = std::env::var_os("SAFE_STATE_PICTURES").is_some();
    let made = tempfile::tempdir().unwrap();
    let pictures = if is_new { folder() } else { made.path().to_owned() };
    fs::create_dir_all(&pictures).unwrap();
    for (path, name, ready) in
        [("", "jobs", "tbody tr"), ("/job/newsletter", "job", ".plot canvas")]
    {
        browser.run(&format!("location.hash = '#{path}'"));
        browser.wait(ready, || (browser.count(ready) > 0).then_some(()));
        for (width, height, is_dark) in [(1600, 1000, false), (400, 860, true)] {
            browser.resize(width, height, is_dark);
            let overflow = "return document.documentElement.scrollWidth - document.documentElement.clientWidth";
            browser.wait("that it fits", || (browser.run(overflow) == 0).then_some(()));
            let file = format!("{name}-{width}.png");
            browser.picture(&pictures.join(&file));
            let kept = fs::metadata(folder().join(&file))
                .unwrap_or_else(|error| panic!("{file}: {error}"));
            assert!(kept.len() < MOST_BYTES, "{file}: {} bytes", kept.len());
        }
    }
    assert_eq!(browser.errors(), [""; 0]);
}
