//! Tests the house of the core crate: an item goes down through the stages and never climbs, and each stage owns its
//! state. No files of any crate stand in a circle.

use std::collections::{BTreeMap, BTreeSet};

use super::source::Source;

/// The folders, from the ground up. A file may use files of its own folder and of those before it. The stages are in
/// the order in which an item goes through them: a later stage takes what an earlier one gives, and no earlier stage
/// knows of a later one.
const ORDER: [&str; 12] = [
    "observe", "items", "attempt", "failure", "progress", "save", "control", "effects", "job",
    "shared", "run", "parallel",
];

/// The types of the stages, whose fields are not open to others.
const STAGES: [&str; 8] =
    ["Items", "Failures", "Progress", "Saving", "Control", "Handles", "Observer", "Run"];

/// The uses of a file in a higher folder. None may be added.
const RUNS_UP: [(&str, &str); 0] = [];

/// The crates whose files stand in no circle.
const CRATES: [&str; 10] = [
    "safe-state",
    "safe-state-backends",
    "safe-state/base",
    "safe-state/cli",
    "safe-state/guard",
    "safe-state/limits",
    "safe-state/report",
    "safe-state/serve",
    "safe-state-backends/page",
    "safe-state-backends/servers",
];

/// The structs of more than eight fields. None may be added.
const LARGE: [&str; 0] = [];

fn rank(module: &str) -> Option<usize> {
    let folder = module.split("::").next()?;
    ORDER.iter().position(|known| *known == folder)
}

fn sorted(known: &[&str]) -> BTreeSet<String> {
    known.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn no_stage_knows_of_a_later_one() {
    let source = Source::of_the_core();
    let mut up = BTreeSet::new();
    for (module, _) in source.files() {
        let Some(from) = rank(module) else { continue };
        let used = source.used_by(module);
        let above = used.into_iter().filter(|used| rank(used).is_some_and(|to| to > from));
        up.extend(above.map(|used| (module.to_owned(), used)));
    }
    let known = RUNS_UP.map(|(from, to)| (from.to_owned(), to.to_owned()));
    assert_eq!(up, BTreeSet::from(known));
}

#[test]
fn no_files_stand_in_a_circle() {
    let circles: Vec<String> = CRATES.into_iter().flat_map(files_in_circles).collect();
    assert_eq!(circles, Vec::<String>::new());
}

/// Returns the files of a crate that use themselves by way of others.
fn files_in_circles(krate: &str) -> Vec<String> {
    let source = Source::of(krate);
    let uses: BTreeMap<&str, BTreeSet<String>> =
        source.files().map(|(module, _)| (module, source.used_by(module))).collect();
    assert!(uses.values().any(|used| used.len() > 1), "nothing is seen of {krate}");
    let reaches_itself = |module: &&str| {
        let mut reached: BTreeSet<&str> = BTreeSet::new();
        let mut next: Vec<&str> = uses[*module].iter().map(String::as_str).collect();
        while let Some(used) = next.pop() {
            if reached.insert(used) {
                next.extend(uses[used].iter().map(String::as_str));
            }
        }
        reached.contains(*module)
    };
    let circles = uses.keys().filter(|module| reaches_itself(module));
    circles.map(|module| format!("{krate}: {module}")).collect()
}

#[test]
fn a_run_has_its_methods_in_its_own_files() {
    let source = Source::of_the_core();
    let with_methods = source.files().filter(|(_, file)| file.has_methods_of().contains("Run"));
    assert_eq!(with_methods.map(|(module, _)| module).collect::<Vec<_>>(), ["run", "run::values"]);
}

#[test]
fn no_struct_is_large_and_no_stage_is_open() {
    let (mut large, mut open) = (BTreeSet::new(), BTreeSet::new());
    for (_, file) in Source::of_the_core().files() {
        for (name, fields, is_open) in file.structs() {
            if fields > 8 {
                large.insert(name.clone());
            }
            if is_open && STAGES.contains(&&*name) {
                open.insert(name);
            }
        }
    }
    assert_eq!(large, sorted(&LARGE));
    assert_eq!(open, BTreeSet::new());
}
