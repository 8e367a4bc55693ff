//! Tests the version of the oldest compiler. Clippy compares it with what the code itself uses of the standard library.

use std::collections::{BTreeMap, BTreeSet};

use super::{cargo, packages};

/// The version that the crates name, and the version that `sqlx` needs.
const OLDEST: (u64, u64) = (1, 90);
const OLDEST_WITH_SQLX: (u64, u64) = (1, 94);

fn version(text: &str) -> (u64, u64) {
    let mut parts = text.split('.').map(|part| part.parse().unwrap());
    (parts.next().unwrap(), parts.next().unwrap_or(0))
}

/// Returns the features of `safe-state` whose names `which` accepts, with commas between them.
fn features(which: impl Fn(&str) -> bool) -> String {
    let packages = packages(&["--no-deps"]);
    let package = packages.iter().find(|it| it["name"] == "safe-state").unwrap();
    let names = package["features"].as_object().unwrap().keys().map(String::as_str);
    names.filter(|name| which(name)).collect::<Vec<_>>().join(",")
}

/// Returns the packages that `safe-state` is built of with these features and that need a newer compiler than `oldest`.
fn ask_for_newer(features: &str, oldest: (u64, u64)) -> BTreeSet<String> {
    let asked: BTreeMap<String, (u64, u64)> = packages(&[])
        .iter()
        .filter_map(|it| {
            let name = format!("{} v{}", it["name"].as_str()?, it["version"].as_str()?);
            Some((name, version(it["rust_version"].as_str()?)))
        })
        .collect();
    let tree = ["tree", "--package", "safe-state", "--edges", "normal,build", "--prefix", "none"];
    let built = cargo(&[&tree[..], &["--features", features]].concat());
    let names = built.lines().map(|line| line.split(' ').take(2).collect::<Vec<_>>().join(" "));
    let newer = names.filter_map(|name| Some((asked.get(&name)?, name)));
    newer
        .filter(|(asked, _)| **asked > oldest)
        .map(|(asked, name)| format!("{name} {asked:?}"))
        .collect()
}

#[test]
fn no_dependency_asks_for_a_newer_compiler() {
    let newer = ask_for_newer(&features(|name| !name.starts_with("sqlx")), OLDEST);
    assert!(newer.is_empty(), "newer than {OLDEST:?}: {newer:#?}");
    let newer = ask_for_newer(&features(|_| true), OLDEST_WITH_SQLX);
    assert!(newer.is_empty(), "newer than {OLDEST_WITH_SQLX:?}: {newer:#?}");
    let newer = ask_for_newer(&features(|_| true), OLDEST);
    assert!(newer.iter().all(|name| name.starts_with("sqlx-")), "not by sqlx alone: {newer:#?}");
}

#[test]
fn the_oldest_compiler_is_the_one_that_the_pages_name() {
    for package in packages(&["--no-deps"]) {
        assert_eq!(
            version(package["rust_version"].as_str().unwrap()),
            OLDEST,
            "{}",
            package["name"]
        );
    }
    let readme = std::fs::read_to_string(super::root().join("README.md")).unwrap();
    let stated = "needs Rust 1.90, or 1.94 with the features of `sqlx`";
    assert!(readme.contains(stated), "README.md does not say `{stated}`");
}
