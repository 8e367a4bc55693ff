//! Runs the guide's code on async functions, under any executor.

use futures_util::future::try_join_all;
use futures_util::stream::{self, Stream, StreamExt};
use safe_state::resumable;

use super::world::{World, act};

type Url = &'static str;

const URLS: [Url; 4] = ["a", "bb", "ccc", "dddd"];

struct Client;

impl Client {
    async fn get(&self, url: &Url) -> anyhow::Result<Vec<u8>> {
        tokio::task::yield_now().await;
        act(url)?;
        Ok(url.as_bytes().to_vec())
    }
}

#[resumable(name = "fetch", carry(bytes), max_attempts = 2)]
async fn fetch(
    client: &Client,
    mut urls: impl Stream<Item = Url> + Unpin,
) -> anyhow::Result<usize> {
    let mut bytes = 0;
    #[resume]
    while let Some(url) = urls.next().await {
        bytes += client.get(&url).await?.len();
    }
    Ok(bytes)
}

/// Runs the job, which fails for good at its third item, and runs it again.
fn check<R>(run: impl Fn(&World) -> anyhow::Result<R>) -> R {
    let world = World::begin();
    world.fails("ccc");
    world.fails("ccc");
    run(&world).err().unwrap();
    assert_eq!(world.done(), ["a", "bb"]);
    let result = run(&world).ok().unwrap();
    assert_eq!(world.done(), ["ccc", "dddd"]);
    result
}

#[test]
fn a_stream_goes_on_under_each_executor() {
    let one = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let several = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let job = || async { fetch(&Client, stream::iter(URLS)).await };
    assert_eq!(check(|_| one.block_on(job())), 10);
    assert_eq!(check(|_| one.block_on(several.spawn(job())).unwrap()), 10);
    assert_eq!(check(|_| smol::block_on(job())), 10);
}

#[resumable(name = "ahead")]
async fn ahead(client: &Client, urls: &[Url]) -> anyhow::Result<()> {
    let mut pages = stream::iter(urls).map(|url| client.get(url)).buffered(2);
    #[resume]
    while let Some(page) = pages.next().await {
        page?;
    }
    Ok(())
}

#[test]
fn what_a_stream_does_ahead_is_done_again() {
    let world = World::begin();
    world.fails("ccc");
    smol::block_on(ahead(&Client, &URLS)).unwrap_err();
    world.done();
    smol::block_on(ahead(&Client, &URLS)).unwrap();
    assert_eq!(world.done(), URLS);
}

#[resumable(name = "batches")]
async fn fetch_batches(client: &Client, urls: &[Url]) -> anyhow::Result<()> {
    for batch in urls.chunks(16) {
        try_join_all(batch.iter().map(|url| client.get(url))).await?;
    }
    Ok(())
}

#[test]
fn a_batch_that_failed_is_done_again_as_a_whole() {
    let (world, mut urls) = (World::begin(), vec!["a"; 20]);
    urls[18] = "bb";
    world.fails("bb");
    smol::block_on(fetch_batches(&Client, &urls)).unwrap_err();
    world.done();
    smol::block_on(fetch_batches(&Client, &urls)).unwrap();
    assert_eq!(world.done(), ["a", "a", "bb", "a"], "the batch that failed, as a whole");
}
