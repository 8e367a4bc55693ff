//! Tests that `SAFE_STATE_REPLAY` runs the failed item alone, and changes nothing that is stored.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use crate::{fail, run};

fn replay(dir: &Path, index: &str, is_healed: bool) -> Output {
    let mut program = Command::new(env!("CARGO_BIN_EXE_report"));
    program.env("SAFE_STATE_REPLAY", index);
    if is_healed {
        program.env("HEALED", "1");
    }
    run(program, dir, "error")
}

fn stored(dir: &Path) -> Vec<u8> {
    fs::read(dir.join("billing.safestate")).unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn the_failed_item_runs_again_and_nothing_is_stored() {
    let dir = tempfile::tempdir().unwrap();
    fail(dir.path(), "error");
    let before = stored(dir.path());
    assert_eq!(
        said(&replay(dir.path(), "2", false)),
        "order 30\ncannot bill order 30: mail-1 is gone\n"
    );
    let healed = said(&replay(dir.path(), "2", true));
    assert_eq!(
        healed,
        "order 30\njob `billing` stopped after the item that was replayed, which has succeeded; nothing \
         was saved: run it without SAFE_STATE_REPLAY to go on\n"
    );
    assert_eq!(stored(dir.path()), before);
}

#[test]
fn another_item_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    fail(dir.path(), "error");
    let said = said(&replay(dir.path(), "1", false));
    assert!(said.contains("the last item that failed is not 1, but item 2"), "{said}");
    let empty = tempfile::tempdir().unwrap();
    let said = self::said(&replay(empty.path(), "1", false));
    assert!(said.contains("cannot be replayed: there is no checkpoint"), "{said}");
    let said = self::said(&replay(dir.path(), "two", false));
    assert!(said.contains("`two` is no index"), "{said}");
}
