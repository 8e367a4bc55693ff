//! Shows async functions, functions that return futures, and the macros that make them.

use std::future::{Future, ready};
use std::pin::Pin;

use safe_state_tests::shapes::{Interrupted, block_on, maybe_step, send, step, store, try_step};
use tokio::task::yield_now;

use super::resumable;

#[resumable(backend = store())]
async fn awaits(items: &[u32]) -> Result<u32, Interrupted> {
    for x in items {
        yield_now().await;
        try_step(x)?;
        ready(()).await;
    }
    Ok(5)
}

#[resumable(backend = store())]
async fn of_an_option(items: Vec<u32>) -> Option<u32> {
    for x in items {
        yield_now().await;
        maybe_step(x)?;
    }
    Some(1)
}

#[resumable(backend = store())]
async fn into_anyhow(items: &[&str]) -> anyhow::Result<()> {
    for x in items {
        let number: u32 = x.parse()?;
        try_step(number)?;
        yield_now().await;
    }
    Ok(())
}

#[resumable(backend = store())]
fn by_hand(items: Vec<u32>) -> impl Future<Output = u32> + Send {
    async move {
        for x in items {
            yield_now().await;
            step(x);
        }
        6
    }
}

#[resumable(backend = store())]
fn by_hand_after_statements(items: &[u32]) -> impl Future<Output = usize> {
    let doubled: Vec<u32> = items.iter().map(|x| x * 2).collect();
    async move {
        for x in &doubled {
            yield_now().await;
            step(x);
        }
        doubled.len()
    }
}

#[resumable(backend = store())]
fn boxed(items: Vec<u32>) -> Pin<Box<dyn Future<Output = Result<u32, Interrupted>> + Send>> {
    Box::pin(async move {
        for x in items {
            yield_now().await;
            try_step(x)?;
        }
        Ok(6)
    })
}

#[resumable(backend = store())]
async fn with_async_closure(items: &[u32]) -> u32 {
    let doubled = async |x: &u32| {
        for _ in 0..2 {
            yield_now().await;
        }
        x * 2
    };
    for x in items {
        step(doubled(x).await);
    }
    3
}

#[resumable(backend = store())]
async fn with_async_block(items: &[u32]) -> u32 {
    for x in items {
        let squared = async {
            yield_now().await;
            x * x
        };
        step(squared.await);
    }
    3
}

#[resumable(backend = store())]
async fn generic<T: std::hash::Hash, F>(
    items: Vec<T>,
    work: impl Fn(T) -> F,
) -> Result<(), Interrupted>
where
    F: Future<Output = Result<(), Interrupted>>,
{
    for x in items {
        work(x).await?;
    }
    Ok(())
}

#[resumable(backend = store())]
async fn never_awaits(items: &[u32]) {
    for x in items {
        step(x);
    }
}

#[resumable(backend = store())]
async fn leaves(items: &[u32]) -> u32 {
    'o: for x in items {
        yield_now().await;
        step(x);
        match x {
            1 => continue,
            2 => continue 'o,
            3 => break 'o,
            _ => return 4,
        }
    }
    5
}

#[resumable(backend = store())]
async fn ends_in_a_reference<'a>(items: &'a [u32], other: &u32) -> &'a u32 {
    for x in items {
        yield_now().await;
        step((x, other));
    }
    &items[0]
}

#[async_trait::async_trait]
trait Sink {
    async fn drain(&self, items: &[u32]) -> Result<usize, Interrupted>;

    async fn flush(&mut self) -> usize;
}

struct Pipe(Vec<u32>);

#[async_trait::async_trait]
impl Sink for Pipe {
    #[resumable(backend = store())]
    async fn drain(&self, items: &[u32]) -> Result<usize, Interrupted> {
        for x in items {
            yield_now().await;
            try_step(x)?;
        }
        Ok(self.0.len())
    }

    #[resumable(backend = store(), fresh(self))]
    async fn flush(&mut self) -> usize {
        for x in &mut self.0 {
            yield_now().await;
            step(*x);
            *x = 0;
        }
        self.0.len()
    }
}

#[resumable(backend = store())]
#[tokio::main(flavor = "current_thread")]
async fn tokio_main_below(items: &[u32]) -> Result<(), Interrupted> {
    for x in items {
        yield_now().await;
        try_step(x)?;
    }
    Ok(())
}

#[resumable]
#[tokio::test]
async fn tokio_test_below() {
    for x in [1, 2] {
        yield_now().await;
        assert_ne!(x, 0);
    }
}

safe_state_tests::shapes! {
    awaits => block_on(send(awaits(&[1, 2])));
    of_an_option => block_on(send(of_an_option(vec![1, 2])));
    into_anyhow => block_on(send(into_anyhow(&["1", "2"]))).map_err(|error| error.to_string());
    by_hand => block_on(send(by_hand(vec![1, 2])));
    by_hand_after_statements => block_on(send(by_hand_after_statements(&[1, 2])));
    boxed => block_on(send(boxed(vec![1, 2])));
    with_async_closure => block_on(send(with_async_closure(&[1, 2])));
    with_async_block => block_on(send(with_async_block(&[1, 2])));
    generic => block_on(send(generic(vec![1, 2], |x| ready(try_step(x)))));
    never_awaits => block_on(send(never_awaits(&[1, 2])));
    leaves => block_on(send(leaves(&[1, 2, 3, 4])));
    ends_in_a_reference => block_on(send(ends_in_a_reference(&[1, 2], &3)));
    async_trait => block_on(send(Pipe(vec![1, 2]).drain(&[1, 2])));
    async_trait_mut => block_on(send(Pipe(vec![1, 2]).flush()));
    tokio_main_below => tokio_main_below(&[1, 2]);
}
