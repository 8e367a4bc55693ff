//! What is published, and what stands on its page.

use std::fs;

use serde_json::{Value, json};

use super::{packages, root};

/// The crates of the workspace that may be published.
fn published() -> Vec<Value> {
    let all = packages(&["--no-deps"]);
    all.into_iter().filter(|it| it["publish"].is_null()).collect()
}

#[test]
fn three_crates_are_published() {
    let mut names: Vec<String> =
        published().iter().map(|it| it["name"].as_str().unwrap().to_owned()).collect();
    names.sort();
    assert_eq!(names, ["safe-state", "safe-state-backends", "safe-state-macros"]);
}

#[test]
fn each_says_what_its_page_shows() {
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
        let library = fs::read_to_string(root().join(name).join("src/lib.rs")).unwrap();
        assert!(library.contains("\n#![cfg_attr(docsrs, feature(doc_cfg))]\n"), "{name}");
    }
}

#[test]
fn each_has_the_licences_with_it() {
    for it in published() {
        for licence in ["LICENSE-MIT", "LICENSE-APACHE"] {
            let own = root().join(it["name"].as_str().unwrap()).join(licence);
            let text = fs::read(&own).unwrap_or_else(|error| panic!("{}: {error}", own.display()));
            assert_eq!(text, fs::read(root().join(licence)).unwrap(), "{}", own.display());
        }
    }
}
