//! Runs the guide's code of one job on many machines.

use std::path::{Path, PathBuf};

use safe_state::{resumable, step};

use super::world::{World, act};

struct Model;

struct Document(&'static str);

impl std::hash::Hash for Document {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl Model {
    fn embed(&self, document: &Document) -> anyhow::Result<u64> {
        act(document.0)?;
        Ok(document.0.len() as u64)
    }
}

#[resumable(name = "embed", shared, slices = 64, carry(tokens, merge = |a, b| a + b))]
fn embed(model: &Model, documents: &[Document]) -> anyhow::Result<u64> {
    let mut tokens = 0;
    for document in documents {
        tokens += model.embed(document)?;
    }
    Ok(tokens)
}

#[test]
fn another_worker_goes_on_and_a_late_one_returns_the_same() {
    let world = World::begin();
    let documents = ["a", "bb", "ccc", "dddd"].map(Document);
    world.fails("ccc");
    embed(&Model, &documents).unwrap_err();
    let mut done = world.done();
    assert_eq!(embed(&Model, &documents).unwrap(), 10);
    done.extend(world.done());
    done.sort();
    assert_eq!(done, ["a", "bb", "ccc", "dddd"]);
    assert_eq!(embed(&Model, &documents).unwrap(), 10);
    assert!(world.done().is_empty());
}

fn shrink(path: &Path) -> anyhow::Result<()> {
    act(path.display())
}

#[resumable(name = "thumbnails", shared, slices = 16, key = |path| path.clone())]
fn thumbnails(paths: Vec<PathBuf>) -> anyhow::Result<()> {
    for path in paths {
        shrink(&path)?;
    }
    Ok(())
}

#[test]
fn paths_may_come_in_any_order() {
    let world = World::begin();
    let paths = ["a", "b", "c"].map(PathBuf::from);
    world.fails("b");
    thumbnails(paths.to_vec()).unwrap_err();
    let mut done = world.done();
    thumbnails(paths.iter().rev().cloned().collect()).unwrap();
    done.extend(world.done());
    done.sort();
    assert_eq!(done, ["a", "b", "c"]);
}

struct Site;

impl Site {
    fn list(&self) -> anyhow::Result<Vec<u32>> {
        act("list")?;
        Ok(vec![1, 2, 3])
    }

    fn render(&self, page: u32) -> anyhow::Result<u64> {
        act(format!("render {page}"))?;
        Ok(100)
    }

    fn upload(&self, page: u32) -> anyhow::Result<()> {
        act(format!("upload {page}"))
    }

    fn announce(&self, bytes: u64) -> anyhow::Result<()> {
        act(format!("announce {bytes}"))
    }
}

#[resumable(name = "publish", shared, slices = 8, carry(bytes, merge = |a, b| a + b))]
fn publish(site: &Site) -> anyhow::Result<u64> {
    let pages: Vec<u32> = step!("pages", site.list()?); // by one worker; all have its value
    let mut bytes = 0;
    #[resume]
    for page in &pages {
        bytes += site.render(*page)?;
    }
    #[resume]
    for page in &pages {
        // begins when all pages are rendered
        site.upload(*page)?;
    }
    step!("announced", site.announce(bytes)?);
    Ok(bytes)
}

#[test]
fn steps_are_done_once() {
    let world = World::begin();
    assert_eq!(publish(&Site).unwrap(), 300);
    let done = world.done();
    assert_eq!(
        (done.len(), done.first().unwrap(), done.last().unwrap()),
        (8, &"list".to_owned(), &"announce 300".to_owned())
    );
    assert_eq!(publish(&Site).unwrap(), 300);
    assert!(world.done().is_empty());
}
