//! Tests that the attribute adds no lint to users' code and takes none away: clippy and the compiler report the same in
//! the shapes with the attribute and without.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

/// The lints that are allowed by default, and that users who want all lints turn on.
const LINTS: &[&str] = &[
    "clippy::all",
    "clippy::pedantic",
    "clippy::nursery",
    "clippy::restriction",
    "ambiguous_negative_literals",
    "closure_returning_async_block",
    "elided_lifetimes_in_paths",
    "explicit_outlives_requirements",
    "if_let_rescope",
    "impl_trait_redundant_captures",
    "let_underscore_drop",
    "macro_use_extern_crate",
    "meta_variable_misuse",
    "missing_copy_implementations",
    "missing_debug_implementations",
    "missing_docs",
    "redundant_imports",
    "redundant_lifetimes",
    "single_use_lifetimes",
    "tail_expr_drop_order",
    "trivial_casts",
    "trivial_numeric_casts",
    "unit_bindings",
    "unreachable_pub",
    "unused_import_braces",
    "unused_lifetimes",
    "unused_qualifications",
    "unused_results",
    "variant_size_differences",
];

/// The lints that are reported only with the attribute.
const ADDED: &[&str] = &[
    // In the proof, a field that is named is another variable, and an addition to it is checked by itself.
    "clippy::arithmetic_side_effects",
    // An option's value is code like any other.
    "clippy::default_numeric_fallback",
    // The item's pattern counts among the bindings of the block.
    "clippy::many_single_char_names",
];

/// The lints that are not reported with the attribute.
const LOST: &[&str] = &[
    // These lints look for a `for`, and find a `loop`.
    "clippy::explicit_iter_loop",
    "clippy::for_kv_map",
    "clippy::iter_next_loop",
    "clippy::iter_over_hash_type",
    "clippy::manual_flatten",
    "clippy::needless_continue",
    "clippy::needless_range_loop",
    "clippy::never_loop",
    "clippy::pattern_type_mismatch",
    "clippy::single_element_loop",
    "clippy::single_match",
    "clippy::useless_vec",
    "clippy::while_let_on_iterator",
    "for_loops_over_fallibles",
    // These lints look at a function's last expression, which is in a closure with the attribute.
    "clippy::implicit_return",
    "clippy::needless_return",
    // A closure takes the arguments by value.
    "clippy::needless_pass_by_value",
    "clippy::ptr_arg",
    // A function with the attribute can fail, and does await, when it saves.
    "clippy::unnecessary_wraps",
    "clippy::unused_async",
];

/// The lints that must be reported in `warned.rs`, with the attribute and without.
const KEPT: &[&str] = &[
    "clippy::bool_comparison",
    "clippy::let_and_return",
    "clippy::needless_bool",
    "clippy::too_many_arguments",
    "dead_code",
    "deprecated",
    "non_snake_case",
    "path_statements",
    "unconditional_panic",
    "unreachable_code",
    "unused_assignments",
    "unused_braces",
    "unused_comparisons",
    "unused_labels",
    "unused_must_use",
    "unused_mut",
    "unused_parens",
    "unused_unsafe",
    "unused_variables",
];

/// Lints, each with the places in the shapes' files that it is about.
type Found = BTreeSet<(String, Vec<String>)>;

#[test]
fn the_attribute_changes_no_lint() {
    let with = clippy("linted");
    let without = clippy("linted,unchanged");
    let kept: BTreeSet<&str> = in_file(&with, "warned.rs").collect();
    let forgotten: Vec<&&str> = KEPT.iter().filter(|lint| !kept.contains(**lint)).collect();
    assert!(forgotten.is_empty(), "not reported in warned.rs: {forgotten:#?}");
    let added: Vec<_> = with.difference(&without).filter(|it| !listed(ADDED, it)).collect();
    assert!(added.is_empty(), "the attribute adds {added:#?}");
    let lost: Vec<_> = without.difference(&with).filter(|it| !listed(LOST, it)).collect();
    assert!(lost.is_empty(), "the attribute takes away {lost:#?}");
}

fn in_file<'a>(found: &'a Found, file: &'a str) -> impl Iterator<Item = &'a str> {
    let is_there = move |places: &[String]| places.iter().any(|place| place.starts_with(file));
    found.iter().filter(move |(_, places)| is_there(places)).map(|(lint, _)| lint.as_str())
}

fn listed(lints: &[&str], (lint, _): &(String, Vec<String>)) -> bool {
    lints.contains(&lint.as_str())
}

fn clippy(features: &str) -> Found {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("lints/shapes/Cargo.toml");
    // Cargo repeats the diagnostics of a package that has not changed. The dependencies of the shapes have been checked
    // with the workspace.
    let output = safe_state_tests::cargo()
        .args(["clippy", "--no-deps", "--message-format=json", "--manifest-path"])
        .arg(manifest)
        .args(["--features", features])
        // The shapes deny warnings.
        .args(["--", "--cap-lints=warn"])
        .args(LINTS.iter().flat_map(|lint| ["-W", lint]))
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let found: Found = output.stdout.split(|byte| *byte == b'\n').filter_map(diagnostic).collect();
    assert!(!found.is_empty(), "clippy has found nothing at all");
    found
}

fn diagnostic(json: &[u8]) -> Option<(String, Vec<String>)> {
    let parsed: Value = serde_json::from_slice(json).ok()?;
    let message = parsed.get("message")?;
    let lint = message.pointer("/code/code")?.as_str()?;
    let spans = message.get("spans")?.as_array()?.iter();
    let primary = spans.filter(|span| span["is_primary"] == true);
    Some((lint.to_owned(), primary.map(place).collect()))
}

fn place(span: &Value) -> String {
    let path = Path::new(span["file_name"].as_str().unwrap_or_default());
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    format!("{file}:{}:{}", span["line_start"], span["column_start"])
}
