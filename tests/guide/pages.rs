//! Tests that all Rust code on the pages is compiled and run, and that what they show of Cargo is right.

use std::path::{Path, PathBuf};

use super::source::{files, program, read, tokens};

/// A fenced block of a page.
struct Block {
    page: PathBuf,
    /// The number of the line with its fence, from 1.
    line: usize,
    language: String,
    text: String,
}

/// Returns the pages of the guide. Pages in a crate's folder are not among them, because they document items of the
/// crate, and their code runs as doctests.
fn pages() -> Vec<PathBuf> {
    let folders = ["docs", "docs/guide"].into_iter().flat_map(|folder| files(folder, "md"));
    folders.chain([PathBuf::from("README.md")]).collect()
}

/// Returns the pages in the crates' folders, which the crates show as documentation.
fn documentation() -> impl Iterator<Item = PathBuf> {
    ["safe-state/docs", "safe-state-macros/docs"].into_iter().flat_map(|folder| files(folder, "md"))
}

fn blocks() -> Vec<Block> {
    pages().iter().flat_map(|page| blocks_of(page)).collect()
}

fn blocks_of(page: &Path) -> Vec<Block> {
    let (mut blocks, mut open) = (Vec::new(), None::<Block>);
    for (at, text) in read(page).lines().enumerate() {
        match (text.trim_start().strip_prefix("```"), &mut open) {
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some(language), None) => {
                let (language, page) = (language.to_owned(), page.to_owned());
                open = Some(Block { page, line: at + 1, language, text: String::new() });
            }
            (None, Some(block)) => block.text.extend([text, "\n"]),
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "{}: a block is not closed", page.display());
    blocks
}

/// Returns the `text` block of a page that starts with `start`, which shows what is printed.
pub(crate) fn text(page: &str, start: &str) -> String {
    block(page, "text", start)
}

/// Returns the block of a page in this language that starts with `start`.
pub(crate) fn block(page: &str, language: &str, start: &str) -> String {
    let shown = |block: &Block| block.language == language && block.text.starts_with(start);
    let block = blocks_of(Path::new(page)).into_iter().find(shown);
    block.unwrap_or_else(|| panic!("{page} has no {language} `{start}`")).text
}

/// Checks all blocks in a language. Returns the places of those that `check` objects to, with its objections.
fn wrong(language: &str, check: impl Fn(&Block) -> Option<String>) -> Vec<String> {
    let blocks = blocks();
    let mut of_it = blocks.iter().filter(|block| block.language == language).peekable();
    assert!(of_it.peek().is_some(), "the pages have no `{language}`");
    let place = |block: &Block| format!("{}:{}", block.page.display(), block.line);
    of_it.filter_map(|block| Some(format!("{}: {}", place(block), check(block)?))).collect()
}

/// The programs that pages take their code from. The tests of each run the code.
const PROGRAMS: [&str; 4] =
    ["tests/drivers", "tests/guide", "tests/observing/opentelemetry", "tests/observing/prometheus"];

#[test]
fn all_rust_on_the_pages_is_compiled_and_run() {
    let sources = PROGRAMS.into_iter().flat_map(program);
    let sources: Vec<_> = sources.map(|path| tokens(&read(path)).unwrap()).collect();
    let wrong = wrong("rust", |block| {
        let code = match tokens(&block.text) {
            Ok(code) => code,
            Err(error) => return Some(error.to_string()),
        };
        let is_in = |source: &Vec<_>| source.windows(code.len()).any(|part| part == code);
        let is_run = sources.iter().any(is_in);
        (!is_run).then(|| "this stands nowhere in tests/guide, where it would be run".to_owned())
    });
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// Returns the names of the features of `safe-state`.
fn features() -> Vec<String> {
    let manifest = read("safe-state/Cargo.toml");
    let features = manifest.split("\n[").find_map(|part| part.strip_prefix("features]\n")).unwrap();
    let names = features.lines().filter_map(|line| line.split_once(" = ["));
    names.map(|(name, _)| name.to_owned()).collect()
}

/// Returns each text between `start` and the next `end`.
fn between<'a>(text: &'a str, start: &'a str, end: &'a str) -> impl Iterator<Item = &'a str> {
    text.split(start).skip(1).filter_map(move |rest| rest.split(end).next())
}

#[test]
fn all_that_the_pages_say_of_cargo_is_so() {
    let (features, version) = (features(), env!("CARGO_PKG_VERSION"));
    let wrong = wrong("toml", |block| {
        let text = &block.text;
        let named =
            between(text, "features = [", "]").flat_map(|list| list.split('"').skip(1).step_by(2));
        if let Some(unknown) = named.into_iter().find(|name| !features.iter().any(|it| it == name))
        {
            return Some(format!("there is no feature `{unknown}`"));
        }
        let quoted = text.split('"').nth(1).filter(|it| version.starts_with(&format!("{it}.")));
        quoted.is_none().then(|| format!("the version is {version}"))
    });
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// Returns the features that a page names: in words, and in table columns with the header `feature`.
fn named_features(text: &str) -> Vec<&str> {
    let mut names: Vec<&str> = between(text, "feature `", "`").collect();
    let mut column: Option<usize> = None;
    for line in text.lines() {
        let cells: Vec<&str> = line.split('|').map(str::trim).collect();
        if !line.starts_with('|') {
            column = None;
        } else if let Some(at) = column {
            let cell: &str = cells.get(at).copied().unwrap_or_default();
            names.extend(cell.split('`').skip(1).step_by(2));
        } else {
            column = cells.iter().position(|cell| *cell == "feature");
        }
    }
    names
}

#[test]
fn features_are_those_that_are_there() {
    let features = features();
    for page in pages().into_iter().chain(documentation()) {
        for name in named_features(&read(&page)) {
            assert!(features.iter().any(|it| it == name), "{}: `{name}`", page.display());
        }
    }
    let page = "safe-state/docs/crate.md";
    let documented = read(page);
    for name in features {
        assert!(documented.contains(&format!("`{name}`")), "{page} does not tell of `{name}`");
    }
}

#[test]
fn blocks_are_in_languages_that_are_looked_at_or_are_no_code_of_ours() {
    const LANGUAGES: [&str; 11] =
        ["console", "ini", "json", "python", "rust", "sh", "sql", "text", "toml", "yaml", ""];
    for Block { page, line, language, .. } in blocks() {
        assert!(LANGUAGES.contains(&&*language), "{}:{line}: `{language}`", page.display());
    }
}

#[test]
fn the_compile_error_is_the_one_that_is_shown() {
    let shown = text("docs/guide/state.md", "error: the loop changes");
    assert!(read("tests/ui/state/accumulator.stderr").starts_with(&shown), "{shown}");
}
