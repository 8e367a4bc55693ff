//! Tests how the files of a crate depend on one another: in no circle, never from a lower layer to a higher one; and
//! that nothing grows without an end.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::root;
use crate::source::Source;

/// The crate whose files stand in layers, and the layers from the lowest one.
const LAYERED: &str = "safe-state-macros";
const LAYERS: [&str; 5] = ["syntax", "parse", "analyse", "emit", "resumable"];

/// All crates that are published.
const CRATES: [&str; 11] = [
    LAYERED,
    "safe-state",
    "safe-state-backends",
    "safe-state-backends/page",
    "safe-state-backends/servers",
    "safe-state/base",
    "safe-state/cli",
    "safe-state/guard",
    "safe-state/limits",
    "safe-state/report",
    "safe-state/serve",
];

/// The types that have methods in more files, with the number of these. A job's options are in two files of `job`; what it
/// does is in two files of `run`, and in one of `parallel`, which knows the files of `run`. The number may only shrink.
const SCATTERED: [(&str, &str, usize); 1] = [("safe-state", "Job", 5)];

/// The crates in which some types have methods in two files.
const LARGE: [&str; 3] = [LAYERED, "safe-state", "safe-state-backends"];

const LINES_OF_A_FILE: usize = 400;
const LINES_OF_A_FUNCTION: usize = 60;
const FIELDS: usize = 8;
const FILES_WITH_METHODS: usize = 2;

/// The files of a crate, by their modules.
struct House {
    files: BTreeMap<String, String>,
}

impl House {
    fn of(krate: &str) -> House {
        let mut house = House { files: BTreeMap::new() };
        house.read(&root().join(krate).join("src"), "");
        assert!(house.files.len() > 1, "{krate}");
        house
    }

    fn read(&mut self, dir: &Path, module: &str) {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            let inner = if module.is_empty() { name } else { format!("{module}::{name}") };
            if path.is_dir() {
                self.read(&path, &inner);
            } else if path.extension().is_some_and(|it| it == "rs") && inner != "lib" {
                let text = fs::read_to_string(&path).unwrap();
                self.files.insert(inner, text);
            }
        }
    }

    /// Returns the modules that a file names, without itself. The tests in the file, and its comments, may name any module.
    fn named_by(&self, module: &str, text: &str) -> BTreeSet<&str> {
        let text = text.split("\n#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        let text = lines.collect::<Vec<_>>().join("\n");
        let above: Vec<&str> = module.split("::").collect();
        let mut named = BTreeSet::new();
        for (at, root) in text.match_indices("crate::").chain(text.match_indices("super::")) {
            if text[..at].ends_with(|c: char| c.is_alphanumeric() || "_$:".contains(c)) {
                continue;
            }
            let mut rest = &text[at..];
            let mut before = if root == "crate::" { 0 } else { above.len() };
            while let Some(behind) = rest.strip_prefix("super::") {
                (rest, before) = (behind, before.saturating_sub(1));
            }
            let rest = rest.strip_prefix("crate::").unwrap_or(rest);
            let found = match rest.strip_prefix('{') {
                Some(behind) => in_braces(&[], behind),
                None => paths(rest),
            };
            for path in found {
                let path: Vec<String> =
                    above[..before].iter().map(|it| (*it).to_owned()).chain(path).collect();
                named.extend(self.file_of(&path).filter(|it| *it != module));
            }
        }
        named
    }

    /// Returns the module whose file has the item that `path` names.
    fn file_of(&self, path: &[String]) -> Option<&str> {
        (1..=path.len()).rev().find_map(|length| {
            self.files.get_key_value(&path[..length].join("::")).map(|(module, _)| module.as_str())
        })
    }
}

/// Returns the paths behind a `crate::`, one for each name in braces.
fn paths(text: &str) -> Vec<Vec<String>> {
    let mut path = Vec::new();
    let mut rest = text;
    loop {
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        if end > 0 {
            path.push(rest[..end].to_owned());
        }
        rest = &rest[end..];
        match rest.strip_prefix("::") {
            Some(behind) if !behind.starts_with('{') => rest = behind,
            Some(behind) => return in_braces(&path, &behind[1..]),
            None => return vec![path],
        }
    }
}

fn in_braces(before: &[String], text: &str) -> Vec<Vec<String>> {
    let (mut found, mut depth, mut start) = (Vec::new(), 0, 0);
    for (at, char) in text.char_indices() {
        match char {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            '}' | ',' if depth == 0 => {
                for path in paths(text[start..at].trim()) {
                    found.push(before.iter().cloned().chain(path).collect());
                }
                start = at + 1;
                if char == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    found
}

#[test]
fn no_files_name_one_another_in_a_circle() {
    for krate in CRATES {
        let house = House::of(krate);
        let mut left: BTreeMap<&str, BTreeSet<&str>> =
            house.files.iter().map(|(it, text)| (it.as_str(), house.named_by(it, text))).collect();
        assert!(left.values().any(|named| !named.is_empty()), "nothing is seen: {left:#?}");
        // A file that names none of the remaining files is in no circle.
        while let Some(done) =
            left.iter().find(|(_, named)| !named.iter().any(|it| left.contains_key(it)))
        {
            let done = *done.0;
            left.remove(done);
        }
        assert!(left.is_empty(), "{krate}: in a circle, or above one: {left:#?}");
    }
}

#[test]
fn no_file_names_a_higher_layer() {
    let house = House::of(LAYERED);
    let layer =
        |module: &str| LAYERS.iter().position(|layer| module.split("::").next() == Some(layer));
    for (module, text) in &house.files {
        for named in house.named_by(module, text) {
            let (own, other) = (layer(module), layer(named));
            assert!(own.is_none() || other <= own, "{module} names {named}");
        }
    }
}

#[test]
fn no_type_is_spread_over_many_files() {
    let mut scattered = Vec::new();
    for krate in CRATES {
        let source = Source::of(krate);
        let methods = source.methods();
        let several = methods.values().any(|files| files.len() == FILES_WITH_METHODS);
        assert!(several || !LARGE.contains(&krate), "nothing is seen of {krate}");
        for ((_, ty), files) in methods {
            if files.len() > FILES_WITH_METHODS {
                scattered.push((krate, ty, files.len()));
            }
        }
    }
    let known = SCATTERED.map(|(krate, ty, count)| (krate, ty.to_owned(), count));
    assert_eq!(scattered, known);
}

#[test]
fn no_struct_holds_everything() {
    for krate in CRATES {
        for (module, text) in &House::of(krate).files {
            let lines: Vec<&str> = text.lines().collect();
            for (at, line) in lines.iter().enumerate() {
                // What is stored or printed has as many fields as its form, which is documented.
                let attributes = lines[..at].iter().rev().take_while(|line| line.starts_with('#'));
                let is_form = attributes.into_iter().any(|line| line.contains("Serialize"));
                if line.contains("struct ") && line.ends_with(" {") && !line.starts_with("//") {
                    let fields = lines[at..].iter().take_while(|line| line.trim() != "}");
                    let is_field = |line: &&&str| {
                        line.contains(": ") && !line.trim_start().starts_with(['/', '#'])
                    };
                    let count = fields.skip(1).filter(is_field).count();
                    assert!(is_form || count <= FIELDS, "{krate}: {module}: {line} {count} fields");
                }
            }
        }
    }
}

#[test]
fn no_file_and_no_function_is_long() {
    for krate in CRATES {
        for (module, text) in &House::of(krate).files {
            let is_long = text.lines().count() > LINES_OF_A_FILE;
            assert!(!is_long, "{krate}: {module}");
            let lines: Vec<&str> = text.lines().collect();
            for (at, line) in lines.iter().enumerate() {
                let indent = line.len() - line.trim_start().len();
                let is_function = line.contains("fn ") && !line.trim_start().starts_with("//");
                let mut ends = lines[at..].iter().filter_map(|line| line.chars().next_back());
                if is_function && ends.find(|end| "{;}".contains(*end)) == Some('{') {
                    let end = format!("{}}}", " ".repeat(indent));
                    let length = lines[at..].iter().position(|line| *line == end);
                    assert!(
                        length.unwrap_or(0) <= LINES_OF_A_FUNCTION,
                        "{krate}: {module}: {line}"
                    );
                }
            }
        }
    }
}
