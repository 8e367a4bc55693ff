//! Tests loops by key and by cursor: each item goes into the page as a few words, and not as the record of a save.

use std::fs;

use safe_state::Job;

use super::{ITEMS, Jobs, told};

/// The newest slot of a page.
#[derive(Debug)]
struct Slot {
    count: u64,
    records: u64,
    keys: u64,
    has_cursor: bool,
}

impl Slot {
    /// Reads the page as `docs/format.md` describes it.
    fn newest(jobs: &Jobs) -> Slot {
        let page = fs::read(jobs.page()).unwrap();
        assert_eq!(&page[..8], b"\x89SSPAGE\x05");
        let word = |slot: usize, at: usize| {
            let start = 64 + 64 * slot + 8 * at;
            u64::from_le_bytes(page[start..start + 8].try_into().unwrap())
        };
        let newest = usize::from(word(0, 0) <= word(1, 0));
        let parts = word(newest, 6);
        let (keys, has_cursor) = (parts >> 16 & 0x7fff, parts >> 31 & 1 == 1);
        Slot { count: word(newest, 3), records: word(newest, 5) >> 32, keys, has_cursor }
    }
}

#[test]
fn an_item_by_key_or_by_cursor_is_no_record() {
    for kind in ["keys", "key", "cursors", "cursor"] {
        let jobs = Jobs::new(kind, 1_000);
        jobs.die_at(ITEMS - 1);
        let slot = Slot::newest(&jobs);
        // The first items tell that the loop has begun, and what the type of a variable is.
        let first = if kind.ends_with('s') { 1 } else { 20 };
        assert!(slot.count >= ITEMS - 1 - first, "{kind}: {slot:?}");
        assert!(slot.records < 100 * first, "{kind}: {slot:?}");
        let keys = if kind.starts_with("key") { slot.count } else { 0 };
        assert_eq!(
            (slot.keys, slot.has_cursor),
            (keys, kind.starts_with("cursor")),
            "{kind}: {slot:?}"
        );
        assert_eq!(jobs.completed(), ITEMS - 1, "{kind}");
    }
}

#[test]
fn more_keys_than_a_page_holds_are_kept_and_so_are_long_cursors() {
    for kind in ["many keys", "many keys with a sum", "long cursors"] {
        let jobs = Jobs::new(kind, 100_000);
        let deaths = [1_023, 1_024, 1_025, 1_026, 2_047, 2_050, 2_999];
        for item in deaths {
            jobs.die_at(item);
            assert_eq!(jobs.completed(), item, "{kind}");
        }
        jobs.finish();
        let mut expected: Vec<u64> = (0..3_000).chain(deaths).collect();
        expected.sort_unstable();
        assert_eq!(jobs.ran(), expected, "{kind}");
    }
}

#[test]
fn complete_items_between_others_by_key_are_passed_over() {
    // Each run walks the items in the order of its own.
    let jobs = Jobs::new("reordered keys", 1_000);
    let deaths = [1, 7, 30, 2, 58];
    for item in deaths {
        jobs.die_at(item);
    }
    jobs.finish();
    let mut expected: Vec<u64> = (0..ITEMS).chain(deaths).collect();
    expected.sort_unstable();
    let mut ran = jobs.ran();
    ran.sort_unstable();
    assert_eq!(ran, expected);
}

#[test]
fn keys_and_cursors_in_the_page_are_shown_and_exported() {
    for kind in ["key", "cursor"] {
        let jobs = Jobs::new(kind, 1_000);
        jobs.die_at(25);
        let checkpoint =
            Job::new("job").state_dir(jobs.dir.path()).peek_checkpoint().unwrap().unwrap();
        assert_eq!(checkpoint.carried::<u64>("sum").unwrap(), Some((0..25).sum()), "{kind}");
        for arguments in [&["list", "--json"][..], &["peek", "job"]] {
            let shown = told(&jobs, arguments);
            assert!(shown.contains("25"), "{kind}: {shown}");
        }
        let file = jobs.dir.path().join("job.safestate");
        let diagnosis = told(&jobs, &["doctor", file.to_str().unwrap()]);
        assert!(diagnosis.contains("the last of them in its page"), "{kind}: {diagnosis}");

        let exported = jobs.dir.path().join("exported");
        told(&jobs, &["export", "job", exported.to_str().unwrap()]);
        let other = Jobs::new(kind, 1_000);
        told(&other, &["import", "job", exported.to_str().unwrap()]);
        assert_eq!(other.completed(), 25, "{kind}");
        other.finish();
        assert_eq!(other.ran(), (25..ITEMS).collect::<Vec<u64>>(), "{kind}");

        told(&jobs, &["clear", "job"]);
        assert!(!jobs.page().exists());
        assert_eq!(jobs.completed(), 0);
    }
}
