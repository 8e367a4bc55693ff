//! Tests what is published, what stands on its page, and which lints hold in it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::{cargo, packages, root};

/// Returns the crates of the workspace that may be published.
fn published() -> Vec<Value> {
    let all = packages(&["--no-deps"]);
    all.into_iter().filter(|it| it["publish"].is_null()).collect()
}

/// Returns the folder of a package.
fn folder(package: &Value) -> PathBuf {
    Path::new(package["manifest_path"].as_str().unwrap()).with_file_name("")
}

/// Returns the lines of the lint tables in a manifest whose names begin with `prefix`.
fn lints(manifest: &str, prefix: &str) -> Vec<String> {
    let tables = manifest.split("\n[").filter_map(|table| table.strip_prefix(prefix));
    let lines =
        tables.flat_map(str::lines).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(str::to_owned).collect()
}

#[test]
fn only_the_listed_crates_are_published() {
    let mut names: Vec<String> =
        published().iter().map(|it| it["name"].as_str().unwrap().to_owned()).collect();
    names.sort();
    let expected = [
        "",
        "-backends",
        "-base",
        "-cli",
        "-guard",
        "-limits",
        "-macros",
        "-page",
        "-report",
        "-serve",
        "-servers",
    ];
    assert_eq!(names, expected.map(|part| format!("safe-state{part}")));
}

#[test]
fn each_crate_says_what_its_page_shows() {
    for it in published() {
        let name = it["name"].as_str().unwrap();
        for field in ["description", "license", "readme", "repository", "rust_version"] {
            assert!(
                it[field].as_str().is_some_and(|text| !text.is_empty()),
                "{name} has no {field}"
            );
        }
        assert_eq!(it["documentation"], format!("https://docs.rs/{name}"));
        for field in ["keywords", "categories"] {
            let count = it[field].as_array().unwrap().len();
            assert!((1..=5).contains(&count), "{name} has {count} {field}");
        }
        let on_docs_rs = json!({ "all-features": true, "rustdoc-args": ["--cfg", "docsrs"] });
        assert_eq!(it["metadata"]["docs"]["rs"], on_docs_rs, "{name}");
        let library = fs::read_to_string(folder(&it).join("src/lib.rs")).unwrap();
        assert!(library.contains("\n#![cfg_attr(docsrs, feature(doc_cfg))]\n"), "{name}");
    }
}

#[test]
fn each_crate_has_the_licences_with_it() {
    for it in published() {
        for licence in ["LICENSE-MIT", "LICENSE-APACHE"] {
            let own = folder(&it).join(licence);
            let text = fs::read(&own).unwrap_or_else(|error| panic!("{}: {error}", own.display()));
            assert_eq!(text, fs::read(root().join(licence)).unwrap(), "{}", own.display());
        }
    }
}

#[test]
fn only_three_packages_may_have_unsafe_code_at_all() {
    let workspace = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let forbidden = lints(&workspace, "workspace.lints.");
    assert!(forbidden.contains(&"unsafe_code = \"forbid\"".to_owned()), "{forbidden:?}");
    let denied: Vec<_> = forbidden.iter().map(|line| line.replace("forbid", "deny")).collect();
    let mut others = Vec::new();
    for it in packages(&["--no-deps"]) {
        let manifest = fs::read_to_string(it["manifest_path"].as_str().unwrap()).unwrap();
        if manifest.contains("\n[lints]\nworkspace = true\n") {
            continue;
        }
        let own = lints(&manifest, "lints.");
        let name = it["name"].as_str().unwrap();
        if own.is_empty() {
            assert!(!it["publish"].is_null(), "{name} is published, and has no lints");
            continue;
        }
        assert_eq!(own, denied, "{name}");
        others.push(name.to_owned());
    }
    others.sort();
    assert_eq!(others, ["safe-state-guard", "safe-state-guard-tests", "safe-state-page"]);
}

/// A feature of `sqlx` brings its driver beside that of the backend, which reads what the transaction of `sqlx` has
/// written.
#[test]
fn a_feature_of_sqlx_has_one_driver_of_its_database() {
    let drivers = |feature: &str| {
        let told = cargo(&[
            "tree",
            "-p",
            "safe-state",
            "-e",
            "normal",
            "--prefix",
            "none",
            "--features",
            feature,
        ]);
        let names: BTreeSet<String> =
            told.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect();
        let all = ["mysql", "mysql_async", "postgres", "rusqlite", "sqlx-mysql", "sqlx-postgres"];
        let all = all.into_iter().chain(["sqlx-sqlite", "tokio-postgres"]);
        all.filter(|name| names.contains(*name)).collect::<Vec<_>>()
    };
    assert_eq!(drivers("sqlx-postgres"), ["sqlx-postgres", "tokio-postgres"]);
    assert_eq!(drivers("sqlx-mysql"), ["mysql_async", "sqlx-mysql"]);
    assert_eq!(drivers("sqlx-sqlite"), ["rusqlite", "sqlx-sqlite"]);
    assert_eq!(drivers("redis"), [""; 0]);
}
