//! Under another compiler: the same mistakes are errors, each on its line, with its code or in our words.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The lines with errors of a case: each with the error's code, or its first line if it has none.
type Errors = BTreeSet<(u32, String)>;

/// The errors in what a compiler prints.
fn errors(printed: &str) -> Errors {
    let mut errors = Errors::new();
    let mut open = None;
    for line in printed.lines() {
        if let Some(text) = line.strip_prefix("error") {
            let code = text.strip_prefix('[').and_then(|code| code.split(']').next());
            open = Some(code.unwrap_or(text).to_owned());
        } else if line.starts_with("warning") {
            open = None;
        } else if let Some(place) = line.trim_start().strip_prefix("--> ") {
            let number = place.rsplit(':').nth(1).and_then(|number| number.parse().ok());
            errors.extend(number.zip(open.take()));
        }
    }
    errors
}

/// The cases in a folder of folders, by their names, with what is said beside each.
fn cases(folder: &Path) -> BTreeMap<PathBuf, Errors> {
    let themes = fs::read_dir(folder).unwrap().map(|theme| theme.unwrap().path());
    let files =
        themes.filter(|theme| theme.is_dir()).flat_map(|theme| fs::read_dir(theme).unwrap());
    let said = files
        .map(|file| file.unwrap().path())
        .filter(|it| it.extension().is_some_and(|it| it == "stderr"));
    let case = |path: PathBuf| {
        let printed = fs::read_to_string(&path).unwrap();
        (path.strip_prefix(folder).unwrap().to_owned(), errors(&printed))
    };
    said.map(case).collect()
}

/// Has `trybuild` write what this compiler says of copies of the cases.
pub(crate) fn each_mistake_is_an_error() {
    let (here, copies) =
        (Path::new(env!("CARGO_MANIFEST_DIR")), Path::new(env!("CARGO_TARGET_TMPDIR")).join("ui"));
    let expected = cases(here);
    drop(fs::remove_dir_all(&copies));
    for case in expected.keys() {
        let (case, copy) =
            (here.join(case).with_extension("rs"), copies.join(case).with_extension("rs"));
        fs::create_dir_all(copy.parent().unwrap()).unwrap();
        fs::copy(case, copy).unwrap();
    }
    let tried = Command::new(env::current_exe().unwrap())
        .args(["each_mistake_is_one_error_where_it_is", "--exact", "--nocapture"])
        .env(super::CASES, &copies)
        .env("TRYBUILD", "overwrite")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&tried.stderr);
    assert!(tried.status.success(), "{said}");
    let found = cases(&copies);
    let differ = |(case, errors): (&PathBuf, &Errors)| {
        let now = found.get(case);
        (now != Some(errors)).then(|| format!("{}: {errors:?}, but now {now:?}", case.display()))
    };
    let wrong: Vec<String> = expected.iter().filter_map(differ).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn each_case_has_an_error_to_look_for() {
    let cases = cases(Path::new(env!("CARGO_MANIFEST_DIR")));
    let without: Vec<_> = cases.iter().filter(|(_, errors)| errors.is_empty()).collect();
    assert!(cases.len() > 100 && without.is_empty(), "{without:?}");
}

#[test]
fn errors_are_told_apart_by_line_and_by_code_or_words() {
    let printed = "error: the loop changes `total`\n\n  help: add\n --> a.rs:5:13\n  |\nwarning: unused\n --> a.rs:1:1\n\
        error[E0277]: worded by the compiler\n  --> a.rs:12:1\n   |\n   = note\n  --> b.rs:7:1\n";
    let expected = [(5, ": the loop changes `total`"), (12, "E0277")];
    assert_eq!(errors(printed), expected.map(|(line, text)| (line, text.to_owned())).into());
}
