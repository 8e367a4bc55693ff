//! Goes through a site that lies in a folder, from its first page to all pages that are linked from there, and tells
//! which links lead nowhere. After a crash it goes on with the pages that were waiting.
//!
//! ```text
//! cargo run --example crawler -- site index.html
//! cargo run --example crawler -- site index.html --crash-at 2   # dies at the third page
//! cargo run --example crawler -- site index.html                # goes on there
//! ```
//!
//! The example shows a worklist: a loop that takes its items from a queue, and adds the items that they lead to. A save
//! writes what was pushed and popped since the save before, however long the queue is.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Parser;
use safe_state::{Results, Worklist, resumable};
use serde::{Deserialize, Serialize};

/// Tells which links of a site lead nowhere.
#[derive(Parser)]
struct Options {
    /// The folder of the site.
    site: PathBuf,
    /// The page to begin with.
    first: String,
    /// Abort the process at this page, counted from 0.
    #[arg(long)]
    crash_at: Option<usize>,
}

/// A link to follow.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Link {
    from: String,
    to: String,
}

fn main() -> Result<()> {
    let Options { site, first, crash_at } = Options::parse();
    if let Some(checkpoint) = crawl::peek_checkpoint()? {
        println!("going on after {}", checkpoint.progress());
    }
    let (pages, broken) = crawl(&site, &first, crash_at)?;
    println!("{pages} pages, {} links that lead nowhere", broken.len());
    for Link { from, to } in broken {
        println!("{from}: {to}");
    }
    Ok(())
}

#[resumable(name = "crawler", carry(waiting, seen, broken), fresh(crash_at))]
fn crawl(site: &Path, first: &str, crash_at: Option<usize>) -> Result<(usize, Vec<Link>)> {
    let mut waiting =
        Worklist::from([Link { from: "the command".to_owned(), to: first.to_owned() }]);
    let mut seen = BTreeSet::new();
    let mut broken = Results::new();
    #[resume]
    while let Some(link) = waiting.pop_front() {
        if seen.contains(&link.to) {
            continue;
        }
        if crash_at == Some(seen.len()) {
            std::process::abort();
        }
        let path = site.join(&link.to);
        if !path.is_file() {
            broken.push(link);
            continue;
        }
        let page =
            fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        waiting.extend(links(&page).map(|to| Link { from: link.to.clone(), to: to.to_owned() }));
        seen.insert(link.to);
    }
    Ok((seen.len(), broken.into()))
}

/// Returns the pages of the site that a page links to.
fn links(page: &str) -> impl Iterator<Item = &str> {
    let after = page.split("href=\"").skip(1);
    let links = after.filter_map(|text| text.split_once('"')).map(|(link, _)| link);
    links.filter(|link| !link.contains(':') && !link.starts_with('#'))
}
