//! Reads the source of a crate for the tests of its house: files, what they use, `impl` blocks and structs.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use super::root;

/// The files of a crate, by the paths of their modules, such as `run::stages`. The path of the root is empty.
pub(crate) struct Source(BTreeMap<String, File>);

/// A file of a crate.
pub(crate) struct File {
    /// The code without comments and tests.
    code: String,
    /// The paths that the file names, from the crate's root.
    paths: BTreeSet<Vec<String>>,
    /// The paths that the file's `use` lines bring in, by the names that they have in the file.
    imports: BTreeMap<String, Vec<String>>,
}

impl Source {
    /// Reads the core crate.
    pub(crate) fn of_the_core() -> Source {
        Source::of("safe-state")
    }

    /// Reads the crate in a folder of the workspace.
    pub(crate) fn of(krate: &str) -> Source {
        let mut files = BTreeMap::new();
        read(&root().join(krate).join("src"), &mut Vec::new(), &mut files);
        assert!(files.len() > 1, "{krate}");
        Source(files)
    }

    pub(crate) fn files(&self) -> impl Iterator<Item = (&str, &File)> {
        self.0.iter().map(|(module, file)| (module.as_str(), file))
    }

    /// Returns the modules whose items the file uses, also through the imports of other modules.
    pub(crate) fn used_by(&self, module: &str) -> BTreeSet<String> {
        let paths = self.0[module].paths.iter();
        paths.filter_map(|path| self.resolve(path, 0)).filter(|used| used != module).collect()
    }

    /// Returns the types of the crate that have methods, each with its module, and the files that have them.
    pub(crate) fn methods(&self) -> BTreeMap<(String, String), BTreeSet<&str>> {
        let mut methods: BTreeMap<_, BTreeSet<&str>> = BTreeMap::new();
        for (module, file) in self.files() {
            for ty in file.has_methods_of() {
                let plain = ty.split('<').next().unwrap_or_default();
                let import = file.imports.get(plain).filter(|_| !file.defines(plain));
                let of = import.and_then(|path| self.resolve(path, 0));
                let of = of.unwrap_or_else(|| module.to_owned());
                methods.entry((of, ty)).or_default().insert(module);
            }
        }
        methods
    }

    /// Returns the module that has the item at `path`.
    fn resolve(&self, path: &[String], depth: usize) -> Option<String> {
        let is_module = |length: &usize| self.0.contains_key(&path[..*length].join("::"));
        let length = (0..=path.len()).rev().find(is_module)?;
        let module = path[..length].join("::");
        let import = path.get(length).and_then(|item| self.0[&module].imports.get(item));
        match import.filter(|_| depth < 8) {
            Some(import) => {
                let whole = [import, &path[length + 1..]].concat();
                self.resolve(&whole, depth + 1)
            }
            // Items that the root brings in from other crates belong to no module here.
            None => (!module.is_empty()).then_some(module),
        }
    }
}

fn read(folder: &Path, at: &mut Vec<String>, files: &mut BTreeMap<String, File>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            at.push(name);
            read(&path, at, files);
            at.pop();
        } else if path.extension().is_some_and(|extension| extension == "rs") && name != "tests" {
            let module = match &*name {
                "lib" => Vec::new(),
                // This file stands for the module of the folder that it is in.
                "none" => at.clone(),
                _ => [&at[..], &[name]].concat(),
            };
            let file = File::new(&fs::read_to_string(&path).unwrap(), &module);
            // If a module has two files, the uses of both count.
            let known = files.entry(module.join("::")).or_insert_with(File::empty);
            known.code += &file.code;
            known.paths.extend(file.paths);
            known.imports.extend(file.imports);
        }
    }
}

impl File {
    fn empty() -> File {
        File { code: String::new(), paths: BTreeSet::new(), imports: BTreeMap::new() }
    }

    fn new(text: &str, module: &[String]) -> File {
        let code = without_visibilities(&without_tests(&without_comments(text)));
        let (mut paths, mut imports) = (BTreeSet::new(), BTreeMap::new());
        for statement in uses(&code) {
            for (path, name) in expanded(&statement) {
                if let Some(path) = absolute(&path, module, &code) {
                    paths.insert(path.clone());
                    imports.insert(name, path);
                }
            }
        }
        for start in ["crate::", "super::"] {
            for (at, _) in code.match_indices(start) {
                let path: String = code[at..]
                    .chars()
                    .take_while(|char| char.is_alphanumeric() || "_:".contains(*char))
                    .collect();
                // A path before braces is one of a `use` statement, which was read above.
                let is_whole = !path.ends_with("::")
                    && !code[..at]
                        .ends_with(|char: char| char.is_alphanumeric() || ":$_".contains(char));
                paths.extend(absolute(&path, module, &code).filter(|_| is_whole));
            }
        }
        File { code, paths, imports }
    }

    /// Returns the types that the file has inherent methods of, as the file names them. A type whose arguments are given,
    /// such as `Backend<Redis>`, is one of its own.
    pub(crate) fn has_methods_of(&self) -> BTreeSet<String> {
        let headers = self.code.split("\nimpl").skip(1).filter_map(|rest| rest.split_once('{'));
        let inherent = headers.map(|(header, _)| header).filter(|it| !it.contains(" for "));
        let ty = |header: &str| {
            let rest = after_generics(header).trim_start();
            let is_name = |char: char| char.is_alphanumeric() || "_:".contains(char);
            let (name, behind) =
                rest.split_at(rest.find(|char| !is_name(char)).unwrap_or(rest.len()));
            let arguments = behind.strip_prefix('<').and_then(|it| it.split_once('>'));
            match arguments.filter(|(it, _)| !header.starts_with('<') && !it.starts_with('\'')) {
                Some((arguments, _)) => format!("{name}<{arguments}>"),
                None => name.to_owned(),
            }
        };
        inherent.map(ty).filter(|name| !name.is_empty()).collect()
    }

    fn defines(&self, ty: &str) -> bool {
        ["struct", "enum", "union"].iter().any(|kind| {
            let named = format!("{kind} {ty}");
            let mut behind = self.code.split(&named).skip(1);
            behind.any(|it| !it.starts_with(|char: char| char.is_alphanumeric() || char == '_'))
        })
    }

    /// Returns the file's structs, with the number of their fields, and whether some fields are open beyond the file.
    pub(crate) fn structs(&self) -> Vec<(String, usize, bool)> {
        let rest = self.code.split("struct ").skip(1);
        let bodies = rest.filter_map(|rest| {
            let end = rest.find(['{', ';', '('])?;
            let (header, body) = rest.split_at(end);
            let name = header.split(|char: char| !char.is_alphanumeric() && char != '_').next()?;
            body.starts_with('{').then(|| (name.to_owned(), &body[..body.find("\n}").unwrap_or(0)]))
        });
        bodies
            .map(|(name, body)| {
                let fields: Vec<&str> = body
                    .lines()
                    .map(str::trim)
                    .filter(|line| line.contains(": ") && !line.starts_with("#["))
                    .collect();
                let is_open = fields.iter().any(|field| field.starts_with("pub"));
                (name, fields.len(), is_open)
            })
            .collect()
    }
}

/// Returns the part of an `impl` header behind its generics.
fn after_generics(header: &str) -> &str {
    if !header.starts_with('<') {
        return header;
    }
    let mut depth = 0;
    for (at, char) in header.char_indices() {
        depth += match char {
            '<' => 1,
            // The `>` of an arrow closes no generics.
            '>' if !header[..at].ends_with('-') => -1,
            _ => 0,
        };
        if depth == 0 {
            return &header[at + 1..];
        }
    }
    ""
}

/// Returns the path from the crate's root; `None` if it begins in another crate.
fn absolute(path: &str, module: &[String], code: &str) -> Option<Vec<String>> {
    let mut parts = path.split("::").filter(|part| !part.is_empty() && *part != "self");
    let mut rest = parts.clone();
    let first = parts.next()?;
    let mut base = module.to_vec();
    if first == "crate" {
        return Some(parts.map(str::to_owned).collect());
    }
    if first == "super" {
        while rest.clone().next() == Some("super") {
            base.pop();
            rest.next();
        }
    } else {
        let declared =
            [" mod ", "\nmod "].iter().any(|mod_| code.contains(&format!("{mod_}{first};")));
        declared.then_some(())?;
    }
    base.extend(rest.map(str::to_owned));
    Some(base)
}

/// Returns the `use` statements, each without `use` and the semicolon.
fn uses(code: &str) -> Vec<String> {
    let lines = code.split("use ").skip(1).zip(code.split("use "));
    lines
        .filter(|(_, before)| before.ends_with(['\n', ' ', '{']) || before.is_empty())
        .filter_map(|(rest, _)| rest.split_once(';'))
        .map(|(statement, _)| statement.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect()
}

/// Returns the paths of a `use` statement, with the names that they have in the file.
fn expanded(statement: &str) -> Vec<(String, String)> {
    if let Some((before, group)) = statement.split_once('{') {
        let group = group.trim_end().trim_end_matches('}');
        let mut parts = vec![String::new()];
        let mut depth = 0;
        for char in group.chars() {
            depth += i32::from(char == '{') - i32::from(char == '}');
            if char == ',' && depth == 0 {
                parts.push(String::new());
            } else if let Some(last) = parts.last_mut() {
                last.push(char);
            }
        }
        let parts = parts.iter().map(|part| part.trim()).filter(|part| !part.is_empty());
        return parts.flat_map(|part| expanded(&format!("{before}{part}"))).collect();
    }
    let (path, name) = statement.split_once(" as ").unwrap_or((statement, ""));
    let path = path.trim_end_matches("::self");
    let last = path.rsplit("::").next().unwrap_or_default();
    vec![(path.to_owned(), if name.is_empty() { last } else { name }.to_owned())]
}

fn without_comments(text: &str) -> String {
    let lines = text.lines().map(|line| {
        let trimmed = line.trim_start();
        if trimmed.starts_with("//") { "" } else { line.split(" // ").next().unwrap_or_default() }
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Returns the code with `pub` for each `pub(in ..)`, whose path is no use of a module.
fn without_visibilities(code: &str) -> String {
    let mut parts = code.split("pub(in ");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |before, part| {
        before + "pub" + part.split_once(')').map_or(part, |(_, behind)| behind)
    })
}

fn without_tests(code: &str) -> String {
    let begins = ["\nmod tests {", "\npub(super) mod tests {"].iter().find_map(|it| code.find(it));
    let tests = begins.and_then(|at| code[..at].rfind("\n#[cfg("));
    code[..tests.unwrap_or(code.len())].to_owned()
}
