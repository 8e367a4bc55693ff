//! Tests what a user does: looks, clicks, waits, while a job runs, is killed, and goes on.

use crate::served::{Jobs, Slow};

use super::Browser;

const TAB: char = '\u{e004}';
const ENTER: char = '\u{e007}';

#[test]
fn a_running_job_is_watched_paused_resumed_killed_and_goes_on() {
    let jobs = Jobs::new();
    jobs.fail("bill", 3, "no such <b>account</b>");
    let slow = Slow::start("slow", jobs.dir(), "mail", 1_000_000, 5);
    let served = jobs.serve(&[]);
    let mut browser = Browser::start();
    browser.open(&served.link);
    browser.wait_for_text("tr .state", "running");
    browser.wait_for_text("tr", "no such <b>account</b>");
    // The token has been removed from the address.
    assert!(!browser.url().contains("token"), "{}", browser.url());
    browser.click("a[href='#/job/mail']");
    assert_eq!(browser.wait_for("h1"), "mail");
    let done = || {
        let text = browser.wait_for(".done");
        let digits = text.split(" of ").next().unwrap().replace(',', "");
        digits.parse::<u64>().unwrap()
    };
    let first = done();
    browser.wait("more", || (done() > first + 10).then_some(()));
    browser.wait_for(".plot canvas ~ *, .plots figcaption");
    browser.click("[data-verb=pause]");
    // The page says so twice: as the answer, and as the state of the job.
    browser.wait_for_text("#said", "mail");
    browser.wait_for_text(".state", "paused");
    browser.wait_for_text(".head", "asked to pause");
    assert_eq!(jobs.json(&["peek", "mail"])["asked"], "pause");
    browser.click("[data-verb=resume]");
    browser.wait_for("[data-verb=pause]");
    let paused_at = done();
    browser.wait("more", || (done() > paused_at + 10).then_some(()));
    slow.kill();
    browser.wait_for_text(".state", "killed");
    browser.wait_for_text("#said", "mail is killed");
    // The page shows the same figures as the command, to the item.
    let peek = jobs.json(&["peek", "mail"]);
    let shown = |fact: &str| {
        browser.run(&format!("return [...document.querySelectorAll('dt')].find((it) => it.textContent === '{fact}').nextSibling.textContent"))
    };
    browser.wait("the last save", || (done() == peek["completed"].as_u64()?).then_some(()));
    assert_eq!(shown("Complete items"), peek["completed_items"]);
    assert_eq!(shown("Given up"), format!("{} items", peek["dead_letters"]));
    let again = Slow::start("slow", jobs.dir(), "mail", 1_000_000, 5);
    browser.wait_for_text(".state", "running");
    browser.click("[data-verb=cancel]");
    browser.wait_for_text("dialog[open]", "The run ends before its next item");
    browser.click("#ask-no");
    assert_eq!(jobs.json(&["peek", "mail"])["asked"], serde_json::Value::Null);
    browser.click("[data-verb=cancel]");
    browser.click("#ask-yes");
    browser.wait_for_text(".state", "stopped");
    drop(again);
    browser.wait_for_text(".letters li", "no such mailbox");
    browser.click("[data-verb=clear]");
    browser.click("#ask-yes");
    browser.wait_for_text("[role=alert]", "There is no checkpoint of this job");
    browser.click("#home");
    browser.wait_for_text("h1", "Jobs");
    browser.wait("one job less", || (browser.count("a[href='#/job/mail']") == 0).then_some(()));
    assert_eq!(browser.errors(), [""; 0]);
}

#[test]
fn what_failed_is_skipped_and_who_did_so_is_shown() {
    let jobs = Jobs::new();
    jobs.fail("bill", 3, "no such account");
    let served = jobs.serve(&[]);
    let mut browser = Browser::start();
    browser.open(&served.link);
    browser.click("a[href='#/job/bill']");
    browser.wait_for_text("[data-verb=skip]", "Skip item 3");
    browser.click("[data-verb=skip]");
    browser.wait_for_text("#ask-title", "Skip item 3: bill?");
    browser.click("#ask-yes");
    browser.wait_for_text(".done", "4 of 8 items");
    browser.wait("no more", || (browser.count("[data-verb=skip]") == 0).then_some(()));
    let pressed = "section[aria-label='Buttons pressed'] tbody tr";
    browser.wait_for_text(pressed, "its next run passes over item 3");
    browser.wait_for_text(pressed, "on the machine of the page");
    browser.click("[data-verb=clear]");
    browser.click("#ask-yes");
    browser.wait_for_text("[role=alert]", "There is no checkpoint of this job");
    browser.wait_for_text(pressed, "its next run starts over");
    assert_eq!(browser.errors(), [""; 0]);
}

#[test]
fn workers_are_shown_with_what_they_take() {
    let jobs = Jobs::new();
    let start = |millis| Slow::start("worker", jobs.dir(), "mail", 0, millis);
    let _workers = [start(40_000), start(200), start(200)];
    let served = jobs.serve(&[]);
    let mut browser = Browser::start();
    browser.open(&format!("http://{}/#/job/mail", served.host()));
    browser.wait_for_text("section[aria-label=Workers] tr", "lags behind");
    browser.wait_for_text("section[aria-label=Workers] tr", "iB");
    assert_eq!(browser.errors(), [""; 0]);
}

#[test]
fn the_page_can_be_used_by_the_keyboard_alone() {
    let jobs = Jobs::new();
    jobs.fail("bill", 3, "no");
    jobs.fail("mail", 3, "no");
    let served = jobs.serve(&[]);
    let mut browser = Browser::start();
    browser.open(&served.link);
    browser.wait_for("a[href='#/job/mail']");
    let focused = || browser.run("return document.activeElement.textContent");
    // The way goes by the link to the content, home, the search and two lists to the first job.
    let reach = |text: &str| {
        for _ in 0..20 {
            browser.keys(&TAB.to_string());
            if focused() == text {
                return;
            }
        }
        panic!("`{text}` has no focus: {}", focused());
    };
    reach("To the content");
    reach("mail");
    browser.keys(&ENTER.to_string());
    browser.wait_for_text("h1", "mail");
    assert_eq!(browser.run("return document.activeElement.id"), "main");
    reach("Pause");
    browser.keys(&ENTER.to_string());
    browser.wait_for_text(".head", "asked to pause");
    assert_eq!(jobs.json(&["peek", "mail"])["asked"], "pause");
    reach("Clear");
    browser.keys(&ENTER.to_string());
    browser.wait_for("dialog[open]");
    // The dialog has the focus. Escape leaves it, and the button has the focus again.
    browser.keys("\u{e00c}");
    browser.wait("closed", || (browser.count("dialog[open]") == 0).then_some(()));
    assert_eq!(focused(), "Clear");
    assert!(jobs.json(&["peek", "mail"])["runs"] == 1);
}

#[test]
fn what_is_there_has_a_role_and_a_name() {
    let jobs = Jobs::new();
    jobs.fail("mail", 3, "no");
    let served = jobs.serve(&[]);
    let mut browser = Browser::start();
    for path in ["", "/job/mail"] {
        browser.open(&format!("http://{}/#{path}", served.host()));
        browser.wait_for(".state");
        for one in
            ["main", "header", "footer", "h1", "[role=status][aria-live=polite]", "html[lang]"]
        {
            assert_eq!(
                browser.run(&format!("return document.querySelectorAll('{one}').length")),
                1,
                "{one}"
            );
        }
        let nameless = "return [...document.querySelectorAll('button, a, input, select, [role=img], nav, section, progress, [role=region]')]\
            .filter((it) => it.checkVisibility() && !(it.textContent.trim() || it.getAttribute('aria-label') || it.labels?.length || document.getElementById(it.getAttribute('aria-labelledby'))))\
            .map((it) => it.outerHTML)";
        assert_eq!(browser.run(nameless), serde_json::json!([]));
        let tables = "return [...document.querySelectorAll('table')].every((it) => it.caption && it.querySelector('th[scope=col]'))";
        assert_eq!(browser.run(tables), true);
    }
    // Without the token, the page says how to get buttons, and has none.
    browser.wait_for_text("#note", "This page only reads");
    assert_eq!(browser.count("[data-verb]"), 0);
}

#[test]
fn a_part_of_the_list_has_a_link_of_its_own() {
    let jobs = Jobs::new();
    for number in 0..60 {
        jobs.fail(&format!("job-{number:02}"), 1, "no");
    }
    let served = jobs.serve(&[]);
    let mut browser = Browser::start();
    browser.open(&served.link);
    browser.wait_for_text(".pages", "1 to 50 of 60");
    browser.click(".pages button:last-child");
    browser.wait_for_text(".pages", "51 to 60 of 60");
    assert!(browser.url().ends_with("#/?offset=50"), "{}", browser.url());
    browser.click("#q");
    browser.keys("-07");
    browser.wait_for_text(".pages, #counts", "60");
    browser.wait("one row", || (browser.count("tbody tr") == 1).then_some(()));
    assert!(browser.url().ends_with("#/?q=-07"), "{}", browser.url());
    browser.open("about:blank");
    browser.open(&format!("http://{}/#/?q=-5", served.host()));
    browser.wait("ten rows", || (browser.count("tbody tr") == 10).then_some(()));
}
