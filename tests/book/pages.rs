//! Reads the pages of the repository: what they link to, and what can be linked to.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path, PathBuf};

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

/// The URL under which the repository is shown.
pub(crate) const REPOSITORY: &str = "https://github.com/safe-state/safe-state/";

/// Returns the folder of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// A page in Markdown.
pub(crate) struct Page {
    pub(crate) links: Vec<String>,
    /// The anchors of the page's headings, as GitHub and the book make them.
    pub(crate) anchors: BTreeSet<String>,
}

impl Page {
    pub(crate) fn read(path: impl AsRef<Path>) -> Self {
        Self::of(&fs::read_to_string(root().join(path)).unwrap())
    }

    pub(crate) fn of(text: &str) -> Self {
        let mut page = Page { links: Vec::new(), anchors: BTreeSet::new() };
        let mut heading = None::<String>;
        for event in Parser::new_ext(text, Options::ENABLE_TABLES) {
            match event {
                Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                    page.links.push(dest_url.into_string());
                }
                Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
                Event::End(TagEnd::Heading(_)) => page.add_anchor(&heading.take().unwrap()),
                Event::Text(text) | Event::Code(text) => {
                    if let Some(heading) = &mut heading {
                        heading.push_str(&text);
                    }
                }
                _ => {}
            }
        }
        page
    }

    /// Adds the anchor of a heading. Further headings with the same text are numbered.
    fn add_anchor(&mut self, heading: &str) {
        let is_kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
        let anchor: String = heading.to_lowercase().chars().filter(is_kept).collect();
        let anchor = anchor.replace(' ', "-");
        let numbered = (1..).map(|number| format!("{anchor}-{number}"));
        let mut free = std::iter::once(anchor.clone()).chain(numbered);
        let free = free.find(|it| !self.anchors.contains(it));
        self.anchors.extend(free);
    }
}

/// Returns the files below a folder of the repository, without the folders of build results.
fn files_below(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(root().join(folder)).unwrap() {
        let entry = entry.unwrap();
        let path = folder.join(entry.file_name());
        let name = entry.file_name();
        if entry.file_type().unwrap().is_dir() {
            if name != "target" && !name.to_string_lossy().starts_with('.') {
                found.extend(files_below(&path, extension));
            }
        } else if path.extension().is_some_and(|it| it == extension) {
            found.push(path);
        }
    }
    found
}

/// Returns all pages in Markdown, by their paths in the repository.
pub(crate) fn markdown() -> Vec<PathBuf> {
    files_below(Path::new(""), "md")
}

/// Returns the links into the repository's pages that stand in Rust code, with the files that they stand in.
pub(crate) fn links_of_sources() -> Vec<(PathBuf, String)> {
    let mut links = Vec::new();
    for path in files_below(Path::new(""), "rs") {
        let text = fs::read_to_string(root().join(&path)).unwrap();
        let start = format!("{REPOSITORY}blob/");
        let ends = |c: char| c.is_whitespace() || matches!(c, ')' | '"' | '>' | '`');
        let found = text.split(&start).skip(1).filter_map(|rest| rest.split(ends).next());
        links.extend(found.map(|it| (path.clone(), format!("{start}{it}"))));
    }
    links
}

/// Returns the path without `.` and `..`.
pub(crate) fn normal(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => drop(normal.pop()),
            part => normal.push(part),
        }
    }
    normal
}

/// Returns the file and the anchor in the repository that a link of a page leads to; `None` if the link leads
/// elsewhere.
pub(crate) fn target(from: &Path, link: &str) -> Option<(PathBuf, String)> {
    let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
    let target = if let Some(path) = path.strip_prefix(REPOSITORY) {
        let mut parts = path.splitn(3, '/').skip(2);
        PathBuf::from(parts.next()?)
    } else if path.is_empty() {
        from.to_owned()
    } else if path.contains(':') || is_an_item(path) {
        return None;
    } else {
        normal(&from.with_file_name(path))
    };
    Some((target, anchor.to_owned()))
}

/// Returns whether `path` is an item of the documentation, which `rustdoc` looks up.
fn is_an_item(path: &str) -> bool {
    path.contains('@') || path.contains("::") || !path.contains(['.', '/'])
}
