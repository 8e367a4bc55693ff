//! Tests that `tests/install` looks for each program that the tests and the scripts call.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::root;

/// Programs that are looked for where they are called, and that no test needs.
const ASKED_FOR: [&str; 3] = ["apt-get", "git", "mmdebstrap"];

/// Returns the programs in the list of `tests/install`.
fn listed() -> BTreeSet<String> {
    let list = fs::read_to_string(root().join("tests/programs")).unwrap();
    let lines = list.lines().filter(|line| !line.starts_with('#'));
    let programs = lines.map(|line| line.split_once(": ").expect("a source, and programs").1);
    programs.flat_map(str::split_whitespace).map(str::to_owned).collect()
}

/// Returns the files of the project, without the folders that no test runs.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let (path, kind) = (entry.path(), entry.file_type().unwrap());
        if kind.is_dir() && ![".git", "target", "findings"].iter().any(|it| path.ends_with(it)) {
            found.extend(files(&path));
        } else if kind.is_file() {
            found.push(path);
        }
    }
    found
}

/// Returns the programs that Rust code starts by their names.
fn called_by_code(code: &str) -> impl Iterator<Item = &str> {
    let named = code.split("Command::new(\"").skip(1).filter_map(|rest| rest.split('"').next());
    named.filter(|name| name.chars().all(|it| it.is_alphanumeric() || "+-._".contains(it)))
}

/// Returns a shell script without comments, text in apostrophes, and text that it gives to a program to read.
fn bare(script: &str) -> String {
    let (mut lines, mut until) = (Vec::new(), None::<String>);
    for line in script.lines() {
        let text = line.split(" # ").next().unwrap();
        match &until {
            Some(end) if line == end => until = None,
            Some(_) => {}
            None if text.trim_start().starts_with('#') => {}
            None => lines.push(text),
        }
        let end = text.split("<<").nth(1).filter(|end| until.is_none() && !end.starts_with('<'));
        let end = end.map(|end| end.trim_matches(|it: char| !it.is_alphabetic()).to_owned());
        until = until.or(end.filter(|_| !text.contains("<<<")));
    }
    lines.join("\n").split('\'').step_by(2).collect::<Vec<_>>().join("_")
}

/// Returns the words of a script that stand where a command may stand.
fn commands(script: &str) -> BTreeSet<String> {
    const BEFORE: [&str; 9] = ["!", "if", "elif", "then", "else", "do", "while", "until", "exec"];
    let is_before = |word: &&str| {
        let is_assigned =
            word.split('=').next().unwrap().chars().all(|it| it.is_alphanumeric() || it == '_');
        BEFORE.contains(word) || word.contains('=') && is_assigned || *word == "\"${as[@]}\""
    };
    let parts = script.split(['\n', '|', ';', '&', '(', ')', '`']);
    let first = parts.filter_map(|part| part.split_whitespace().find(|word| !is_before(word)));
    first.map(str::to_owned).collect()
}

/// Returns the programs that a script calls: commands that are neither the shell's nor its own.
fn called_by_script(script: &str) -> Vec<String> {
    let own: Vec<&str> = script.lines().filter_map(|line| line.strip_suffix("() {")).collect();
    let words = Command::new("bash").args(["-c", "compgen -bk"]).output().unwrap().stdout;
    let words = String::from_utf8(words).unwrap();
    let is_program = |name: &String| {
        !words.lines().chain(own.iter().copied()).any(|it| it == name) && is_there(name)
    };
    commands(&bare(script)).into_iter().filter(is_program).collect()
}

/// Returns whether this machine has a program with this name, also where Debian keeps programs out of users' `PATH`.
fn is_there(name: &str) -> bool {
    let postgres = Path::new("/usr/lib/postgresql");
    let versions =
        fs::read_dir(postgres).into_iter().flatten().map(|it| it.unwrap().path().join("bin"));
    let path = env::var_os("PATH").unwrap();
    let mut folders = env::split_paths(&path).chain(["/usr/sbin".into()]).chain(versions);
    !name.contains('/') && folders.any(|folder| folder.join(name).is_file())
}

#[test]
fn each_program_that_is_called_is_looked_for() {
    let listed = listed();
    let mut unlisted = BTreeSet::new();
    let mut note = |name: &str, path: &Path| {
        if !listed.contains(name) && !ASKED_FOR.contains(&name) {
            unlisted.insert(format!("{name}, in {}", path.display()));
        }
    };
    for path in files(&root()) {
        let Ok(text) = fs::read_to_string(&path) else { continue };
        if path.extension().is_some_and(|it| it == "rs") {
            for name in called_by_code(&text) {
                note(name, &path);
            }
        } else if text.starts_with("#!") && text.lines().next().unwrap().contains("sh") {
            for name in called_by_script(&text) {
                note(&name, &path);
            }
        }
    }
    let lines: Vec<_> = unlisted.into_iter().collect();
    assert!(lines.is_empty(), "not in tests/programs:\n{}", lines.join("\n"));
}

#[test]
fn the_programs_of_a_script_are_found() {
    let script = "#!/bin/bash\n# cat is not\nown() {\n    sed 1d | tr a b\n}\nown\n\
        it=$(touch \"$(rm x)\")  # mkdir\nif ! LC_ALL=C cmp a b; then exec env ls; fi\n\
        new=(chmod 1)\ncp <<EOF\nsleep 1\nEOF\nlist='\nmv a b\n'\ncommand -v mkfifo && cut\n";
    let expected = ["chmod", "cmp", "cp", "cut", "env", "rm", "sed", "touch", "tr"];
    assert_eq!(called_by_script(script), expected);
}

#[test]
fn the_programs_of_code_are_found() {
    let code = ["Command::new(", "\"strace\"); let x = Command::new(", "\"/no/such\")"].concat();
    assert_eq!(called_by_code(&code).collect::<Vec<_>>(), ["strace"]);
}
