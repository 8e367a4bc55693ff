//! Tests channels of other crates, and drains, which give each item once. The attribute knows them by their types, and
//! refuses them before an item is taken.

use std::collections::{BinaryHeap, VecDeque};
use std::path::Path;
use std::pin::pin;

use futures_util::StreamExt;
use safe_state::{Error, resumable};
use tokio_stream::wrappers::{BroadcastStream, ReceiverStream, UnboundedReceiverStream};

/// Defines jobs that walk the items of a receiver.
macro_rules! walked {
    ($($name:ident: |$given:ident: $receiver:ty| $input:expr;)*) => { $(
        #[resumable(state_dir = dir, fresh(dir))]
        fn $name(dir: &Path, $given: $receiver) -> anyhow::Result<()> {
            for number in $input {
                anyhow::bail!("took {number:?}");
            }
            Ok(())
        }
    )* };
}

walked! {
    crossbeam_itself: |numbers: crossbeam_channel::Receiver<u32>| numbers;
    crossbeam_iter: |numbers: crossbeam_channel::Receiver<u32>| numbers.iter().enumerate();
    crossbeam_try_iter: |numbers: crossbeam_channel::Receiver<u32>| numbers.try_iter().map(|number| number + 1);
    flume_itself: |numbers: flume::Receiver<u32>| numbers;
    flume_iter: |numbers: flume::Receiver<u32>| numbers.iter();
    flume_try_iter: |numbers: flume::Receiver<u32>| numbers.try_iter();
    flume_drain: |numbers: flume::Receiver<u32>| numbers.drain();
    extracted: |numbers: &mut Vec<u32>| numbers.extract_if(.., |number| *number > 0);
}

/// Defines jobs that ask a stream for items.
macro_rules! asked {
    ($($name:ident: |$given:ident: $receiver:ty| $stream:expr;)*) => { $(
        #[resumable(state_dir = dir, fresh(dir, stream))]
        async fn $name(dir: &Path, $given: $receiver) -> anyhow::Result<()> {
            let mut stream = $stream;
            #[resume]
            while let Some(number) = stream.next().await {
                anyhow::bail!("took {number:?}");
            }
            Ok(())
        }
    )* };
}

asked! {
    async_pinned: |numbers: async_channel::Receiver<u32>| pin!(numbers);
    flume_stream: |numbers: flume::Receiver<u32>| numbers.into_stream();
    futures_bounded: |numbers: futures_channel::mpsc::Receiver<u32>| numbers;
    futures_unbounded: |numbers: futures_channel::mpsc::UnboundedReceiver<u32>| numbers;
    tokio_bounded: |numbers: tokio::sync::mpsc::Receiver<u32>| ReceiverStream::new(numbers);
    tokio_unbounded: |numbers: tokio::sync::mpsc::UnboundedReceiver<u32>| UnboundedReceiverStream::new(numbers);
    tokio_ready: |numbers: tokio::sync::mpsc::Receiver<u32>| ReceiverStream::new(numbers).ready_chunks(2);
}

#[resumable(state_dir = dir, fresh(dir, stream))]
async fn broadcast(
    dir: &Path,
    numbers: tokio::sync::broadcast::Receiver<u32>,
) -> anyhow::Result<()> {
    let mut stream = BroadcastStream::new(numbers);
    #[resume]
    while let Some(number) = stream.next().await {
        anyhow::bail!("took {number:?}");
    }
    Ok(())
}

#[track_caller]
fn is_refused(done: anyhow::Result<()>) {
    let error = done.unwrap_err();
    assert!(matches!(error.downcast_ref(), Some(Error::GivesOnce { .. })), "{error:#}");
}

#[test]
fn iterators_of_channels_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (dir, all) = (dir.path(), [1, 2, 3]);
    let (sender, receiver) = crossbeam_channel::unbounded();
    for number in all {
        sender.send(number).unwrap();
    }
    is_refused(crossbeam_itself(dir, receiver.clone()));
    is_refused(crossbeam_iter(dir, receiver.clone()));
    is_refused(crossbeam_try_iter(dir, receiver.clone()));
    assert_eq!(receiver.len(), 3, "nothing is taken");

    let (sender, receiver) = flume::unbounded();
    for number in all {
        sender.send(number).unwrap();
    }
    is_refused(flume_itself(dir, receiver.clone()));
    is_refused(flume_iter(dir, receiver.clone()));
    is_refused(flume_try_iter(dir, receiver.clone()));
    smol::block_on(async { is_refused(flume_stream(dir, receiver.clone()).await) });
    assert_eq!(receiver.len(), 3, "nothing is taken");
    is_refused(flume_drain(dir, receiver));
    is_refused(extracted(dir, &mut vec![1, 2, 3]));
}

#[test]
fn streams_of_channels_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    smol::block_on(async {
        let (sender, receiver) = async_channel::unbounded();
        sender.send(1).await.unwrap();
        is_refused(async_pinned(dir, receiver.clone()).await);
        assert_eq!(receiver.len(), 1, "nothing is taken");
        let (mut sender, receiver) = futures_channel::mpsc::channel(3);
        sender.try_send(1).unwrap();
        is_refused(futures_bounded(dir, receiver).await);
        let (sender, receiver) = futures_channel::mpsc::unbounded();
        sender.unbounded_send(1).unwrap();
        is_refused(futures_unbounded(dir, receiver).await);
        let (sender, receiver) = tokio::sync::mpsc::channel(3);
        sender.send(1).await.unwrap();
        is_refused(tokio_bounded(dir, receiver).await);
        let (sender, receiver) = tokio::sync::mpsc::channel(3);
        sender.send(1).await.unwrap();
        is_refused(tokio_ready(dir, receiver).await);
        let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
        sender.send(1).unwrap();
        is_refused(tokio_unbounded(dir, receiver).await);
        let (sender, receiver) = tokio::sync::broadcast::channel(3);
        sender.send(1).unwrap();
        is_refused(broadcast(dir, receiver).await);
    });
}

/// Fails in the item with the number `fails_at`.
#[resumable(name = "consumed", state_dir = dir, fresh(dir, fails_at))]
fn consumed(dir: &Path, numbers: &flume::Receiver<u32>, fails_at: u32) -> anyhow::Result<()> {
    #[resume(consumed)]
    for number in numbers.try_iter() {
        anyhow::ensure!(number != fails_at, "asked to fail");
    }
    Ok(())
}

#[test]
fn a_channel_that_is_said_to_be_consumed_passes_over_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (sender, receiver) = flume::unbounded();
    (1..=5).for_each(|number| sender.send(number).unwrap());
    consumed(dir.path(), &receiver, 3).unwrap_err();
    assert_eq!(receiver.len(), 2);
    sender.send(3).unwrap();
    consumed(dir.path(), &receiver, 0).unwrap();
    assert_eq!(receiver.len(), 0);
}

/// Walks a list of receivers, which is a list like any other: the items are known by the key.
#[resumable(state_dir = dir, fresh(dir, taken), check = |it| it.0)]
fn listed(
    dir: &Path,
    all: &[(u32, flume::Receiver<u32>)],
    taken: &mut Vec<u32>,
) -> anyhow::Result<()> {
    for (_, numbers) in all {
        taken.push(numbers.recv()?);
    }
    Ok(())
}

#[test]
fn a_list_of_channels_is_not_refused_as_a_channel() {
    let dir = tempfile::tempdir().unwrap();
    let all = [1, 2].map(|number| {
        let (sender, receiver) = flume::unbounded();
        sender.send(number * 10).unwrap();
        (number, receiver)
    });
    let mut taken = Vec::new();
    listed(dir.path(), &all, &mut taken).unwrap();
    assert_eq!(taken, [10, 20]);
}

/// Drains collections: what is left of a collection goes with its drain, and what is in it the next time is new.
#[resumable(state_dir = dir, fresh(dir, todo, seen))]
fn drained(
    dir: &Path,
    todo: &mut (Vec<u32>, VecDeque<u32>, BinaryHeap<u32>),
    seen: &mut Vec<u32>,
) -> anyhow::Result<()> {
    #[resume(consumed)]
    for number in todo.0.drain(..).chain(todo.1.drain(..)).chain(todo.2.drain()) {
        seen.push(number);
        anyhow::ensure!(number != 2, "asked to fail");
    }
    Ok(())
}

#[test]
fn a_drain_that_is_said_to_be_consumed_passes_over_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut seen = Vec::new();
    let mut todo = (vec![1, 2], [3].into(), [4].into());
    drained(dir.path(), &mut todo, &mut seen).unwrap_err();
    drained(dir.path(), &mut (vec![2, 5], [3].into(), [4].into()), &mut seen).unwrap_err();
    drained(dir.path(), &mut (vec![6], [3].into(), [4].into()), &mut seen).unwrap();
    assert_eq!(seen, [1, 2, 2, 6, 3, 4]);
}
