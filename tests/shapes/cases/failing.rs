//! Shows items with a policy that tries once, which must change nothing.

use std::future::ready;
use std::io;

use safe_state_tests::shapes::{Interrupted, block_on, step, store, try_step};

use super::resumable;

#[resumable(backend = store(), max_attempts = 1)]
fn asks(items: Vec<String>) -> Result<usize, Interrupted> {
    for x in items {
        try_step(&x)?;
        drop(x);
    }
    Ok(2)
}

#[resumable(backend = store(), max_attempts = 1)]
fn leaves(items: &[u32]) -> Result<u32, Interrupted> {
    for &x in items {
        if x == 1 {
            continue;
        }
        try_step(x)?;
        if x == 2 {
            return Ok(x);
        }
    }
    Ok(0)
}

#[resumable(backend = store(), max_attempts = 1)]
fn labels(rows: &[Vec<u32>]) -> Result<u32, Interrupted> {
    'rows: for row in rows {
        try_step(row)?;
        'row: for x in row {
            for y in 0..3 {
                match y + x {
                    2 => continue 'row,
                    4 => continue 'rows,
                    5 => break 'row,
                    9 => break 'rows,
                    _ => {}
                }
            }
        }
    }
    Ok(1)
}

#[resumable(backend = store(), max_attempts = 1, carry(sum))]
fn adds(items: &[u32]) -> io::Result<u32> {
    let mut sum = 0;
    for x in items {
        step(x);
        let twice = || x * 2;
        sum += twice();
        if sum > 1000 {
            return Err(io::Error::other("too much"));
        }
    }
    Ok(sum)
}

#[resumable(backend = store(), max_attempts = 1, carry(sum))]
async fn waits(items: &[u32]) -> Result<u32, Interrupted> {
    let mut sum = 0;
    for x in items {
        ready(()).await;
        try_step(x)?;
        sum += ready(x).await;
        if *x == 3 {
            break;
        }
    }
    Ok(sum)
}

safe_state_tests::shapes! {
    asks => asks(vec!["a".to_owned(), "b".to_owned()]);
    leaves => leaves(&[0, 1, 2, 3]);
    labels => labels(&[vec![0, 1, 7], vec![4, 1], vec![3, 2], vec![0, 8]]);
    adds => adds(&[1, 2, 3]);
    waits => block_on(waits(&[1, 2, 3, 4]));
}
