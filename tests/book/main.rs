//! Tests the guide as a book, and the links of all pages.

mod pages;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use mdbook_driver::MDBook;

use pages::{Page, links_of_sources, markdown, normal, root};

/// Returns each text between `start` and the next `end`.
fn between<'a>(text: &'a str, start: &'a str, end: &'a str) -> impl Iterator<Item = &'a str> {
    text.split(start).skip(1).filter_map(move |rest| rest.split(end).next())
}

/// Builds the book into the folder `to`. Returns the text of each page, by its path in the book.
fn build(to: &Path) -> BTreeMap<PathBuf, String> {
    let mut book = MDBook::load(root().join("docs")).unwrap();
    to.clone_into(&mut book.config.build.build_dir);
    book.build().unwrap();
    let mut pages = BTreeMap::new();
    let mut folders = vec![to.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == "html") {
                let text = fs::read_to_string(&path).unwrap();
                pages.insert(path.strip_prefix(to).unwrap().to_owned(), text);
            }
        }
    }
    pages
}

#[test]
fn every_link_of_the_book_leads_to_a_place_in_it() {
    let dir = tempfile::tempdir().unwrap();
    let pages = build(dir.path());
    assert!(pages.contains_key(Path::new("guide/first-job.html")), "{:?}", pages.keys());
    let mut wrong = BTreeSet::new();
    for (page, text) in pages.iter().filter(|(page, _)| *page != Path::new("404.html")) {
        for link in between(text, " href=\"", "\"").filter(|link| !link.contains("://")) {
            let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = match path {
                "" => page.clone(),
                path => normal(&page.with_file_name(path)),
            };
            let is_there = match (pages.get(&target), anchor) {
                (Some(_), "") => true,
                (Some(text), anchor) => text.contains(&format!(" id=\"{anchor}\"")),
                (None, _) => dir.path().join(&target).exists(),
            };
            if !is_there {
                wrong.insert(format!("{}: {link}", page.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_page_is_in_the_book() {
    let summary = Page::read("docs/SUMMARY.md");
    let listed: BTreeSet<PathBuf> =
        summary.links.iter().map(|link| Path::new("docs").join(link)).collect();
    let pages = markdown().into_iter().filter(|page| page.starts_with("docs"));
    let pages: BTreeSet<PathBuf> = pages.filter(|page| !page.ends_with("SUMMARY.md")).collect();
    assert_eq!(pages, listed);
}

#[test]
fn every_link_of_a_page_leads_somewhere() {
    let pages: BTreeMap<PathBuf, Page> =
        markdown().into_iter().map(|path| (path.clone(), Page::read(path))).collect();
    let links = pages.iter().flat_map(|(path, page)| page.links.iter().map(move |it| (path, it)));
    let sources = links_of_sources();
    let links = links.chain(sources.iter().map(|(path, link)| (path, link)));
    let mut wrong = Vec::new();
    for (from, link) in links {
        let Some((target, anchor)) = pages::target(from, link) else { continue };
        let is_there = match (pages.get(&target), &*anchor) {
            (_, "") => root().join(&target).exists(),
            (Some(page), anchor) => page.anchors.contains(anchor),
            (None, _) => false,
        };
        if !is_there {
            wrong.push(format!("{}: {link}", from.display()));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Checks that the tests above can find a link that leads nowhere.
#[test]
fn a_page_knows_its_links_and_its_anchors() {
    let page = Page::of("# `a` is, b\n\n[to](x.md#y) <https://example.org>\n\n## a\n\n## a\n");
    assert_eq!(page.links, ["x.md#y", "https://example.org"]);
    assert_eq!(page.anchors, ["a-is-b", "a", "a-1"].map(str::to_owned).into());
    let place = |link| pages::target(Path::new("docs/guide/a.md"), link);
    let target = |path: &str, anchor: &str| Some((PathBuf::from(path), anchor.to_owned()));
    assert_eq!(place("../b.md#c"), target("docs/b.md", "c"));
    assert_eq!(place("#c"), target("docs/guide/a.md", "c"));
    let shown = format!("{}blob/main/x.md", pages::REPOSITORY);
    assert_eq!(place(&shown), target("x.md", ""));
    assert_eq!(place("https://example.org"), None);
}
