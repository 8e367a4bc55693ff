//! Runs the guide's code on items side by side.

use std::path::{Path, PathBuf};

use futures_util::stream;
use safe_state::{Job, ahead, resumable};

use super::world::{World, act};

type Url = &'static str;

const URLS: [Url; 5] = ["a", "bb", "ccc", "dddd", "eeeee"];

struct Client;

impl Client {
    async fn get(&self, url: &Url) -> anyhow::Result<Vec<u8>> {
        tokio::task::yield_now().await;
        act(url)?;
        Ok(url.as_bytes().to_vec())
    }
}

async fn store(_: &Url, page: &[u8]) -> anyhow::Result<()> {
    tokio::task::yield_now().await;
    anyhow::ensure!(!page.is_empty(), "an empty page");
    Ok(())
}

#[resumable(name = "fetch", concurrency = 16)]
async fn fetch(client: &Client, urls: &[Url]) -> anyhow::Result<()> {
    for url in urls {
        let page = client.get(url).await?;
        store(url, &page).await?;
    }
    Ok(())
}

#[test]
fn urls_are_fetched_side_by_side() {
    let world = World::begin();
    world.fails("ccc");
    smol::block_on(fetch(&Client, &URLS)).unwrap_err();
    let mut done = world.done();
    smol::block_on(fetch(&Client, &URLS)).unwrap();
    done.extend(world.done());
    done.sort();
    assert_eq!(done, URLS, "each once");
}

fn shrink(image: &Path) -> anyhow::Result<()> {
    act(image.display())
}

#[resumable(name = "thumbnails", threads = "cores")]
fn shrink_all(images: &[PathBuf]) -> anyhow::Result<()> {
    for image in images {
        shrink(image)?;
    }
    Ok(())
}

#[test]
fn images_are_shrunk_side_by_side() {
    let world = World::begin();
    let images: Vec<PathBuf> = (0..9).map(|image| image.to_string().into()).collect();
    world.fails("5");
    shrink_all(&images).unwrap_err();
    let mut done = world.done();
    shrink_all(&images).unwrap();
    done.extend(world.done());
    done.sort();
    assert_eq!(done.len(), 9, "each once");
}

#[resumable(name = "sizes", concurrency = 16, carry(bytes))]
async fn sizes(client: &Client, urls: &[Url]) -> anyhow::Result<usize> {
    let mut bytes = 0;
    for url in urls {
        let page = ahead!(client.get(url).await?); // up to 16 at once
        bytes += page.len(); // in order, one at a time
    }
    Ok(bytes)
}

#[resumable(name = "pages", shared, slices = 64, concurrency = 16, carry(bytes, merge = |a, b| a + b))]
async fn pages(client: &Client, urls: &[Url]) -> anyhow::Result<usize> {
    let mut bytes = 0;
    for url in urls {
        let page = ahead!(client.get(url).await?); // up to 16 items of a slice at once
        bytes += page.len(); // in order, one at a time
    }
    Ok(bytes)
}

#[test]
fn a_worker_of_a_shared_job_does_so_in_each_slice() {
    let world = World::begin();
    world.fails("dddd");
    smol::block_on(pages(&Client, &URLS)).unwrap_err();
    for _ in 0..2 {
        assert_eq!(smol::block_on(pages(&Client, &URLS)).unwrap(), 15);
    }
}

#[test]
fn what_runs_ahead_is_taken_in_order() {
    let world = World::begin();
    world.fails("dddd");
    smol::block_on(sizes(&Client, &URLS)).unwrap_err();
    assert_eq!(smol::block_on(sizes(&Client, &URLS)).unwrap(), 15);
}

fn without_attribute(images: &[PathBuf]) -> anyhow::Result<()> {
    Job::new("thumbnails").par_iter(images).try_for_each(|image| shrink(image))?;
    Ok(())
}

#[test]
fn images_are_shrunk_without_the_attribute() {
    let world = World::begin();
    let images: Vec<PathBuf> = (0..9).map(|image| image.to_string().into()).collect();
    world.fails("5");
    without_attribute(&images).unwrap_err();
    let mut done = world.done();
    without_attribute(&images).unwrap();
    done.extend(world.done());
    done.sort();
    assert_eq!(done.len(), 9, "each once");
}

async fn visit(url: &Url) -> anyhow::Result<()> {
    Client.get(url).await.map(drop)
}

async fn visit_all(urls: impl stream::Stream<Item = Url>) -> anyhow::Result<()> {
    Job::new("urls")
        .stream(urls)
        .concurrency(16)
        .try_for_each(async |url| visit(&url).await)
        .await?;
    Ok(())
}

#[test]
fn urls_of_a_stream_are_visited_without_the_attribute() {
    let world = World::begin();
    world.fails("ccc");
    smol::block_on(visit_all(stream::iter(URLS))).unwrap_err();
    let mut done = world.done();
    smol::block_on(visit_all(stream::iter(URLS))).unwrap();
    done.extend(world.done());
    done.sort();
    assert_eq!(done, URLS, "each once");
}
