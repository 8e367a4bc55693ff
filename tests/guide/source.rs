//! Reads Rust code as tokens, so that its layout does not count.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// Returns the folder of the project.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("")
}

/// Returns the text of a file of the project.
pub(crate) fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Returns the tokens of Rust code, without comments, layout, and commas at the end of a list.
pub(crate) fn tokens(code: &str) -> Result<Vec<String>, proc_macro2::LexError> {
    let mut tokens = Vec::new();
    flatten(code.parse()?, &mut tokens);
    Ok(tokens)
}

fn flatten(stream: TokenStream, tokens: &mut Vec<String>) {
    for tree in stream {
        let TokenTree::Group(group) = tree else {
            tokens.push(tree.to_string());
            continue;
        };
        let (open, close) = match group.delimiter() {
            Delimiter::Parenthesis => ("(", ")"),
            Delimiter::Brace => ("{", "}"),
            Delimiter::Bracket => ("[", "]"),
            Delimiter::None => ("", ""),
        };
        tokens.push(open.to_owned());
        flatten(group.stream(), tokens);
        if tokens.last().is_some_and(|last| last == ",") {
            tokens.pop();
        }
        tokens.push(close.to_owned());
    }
}

/// Returns the files that a program is compiled of: `main.rs` and the modules that it names.
pub(crate) fn program(folder: &str) -> Vec<PathBuf> {
    let main = Path::new(folder).join("main.rs");
    let text = read(&main);
    let modules = text.lines().filter_map(|line| line.strip_prefix("mod ")?.strip_suffix(';'));
    let modules = modules.map(|module| Path::new(folder).join(module).with_extension("rs"));
    modules.chain([main.clone()]).collect()
}

/// Returns the files in a folder with this extension, in order.
pub(crate) fn files(folder: &str, extension: &str) -> BTreeSet<PathBuf> {
    let entries = fs::read_dir(root().join(folder)).unwrap();
    let names = entries.map(|entry| Path::new(folder).join(entry.unwrap().file_name()));
    names.filter(|name| name.extension().is_some_and(|it| it == extension)).collect()
}
