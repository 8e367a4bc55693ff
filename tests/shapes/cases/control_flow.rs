//! Shows how a body goes on, and how it leaves.

use safe_state_tests::shapes::{Interrupted, maybe_step, step, store, try_step};

use super::resumable;

#[resumable(backend = store())]
fn continues(items: &[u32]) {
    for x in items {
        if x % 2 == 0 {
            continue;
        }
        step(x);
    }
}

#[resumable(backend = store())]
fn breaks(items: &[u32]) -> usize {
    for x in items {
        step(x);
        if *x == 2 {
            break;
        }
    }
    items.len()
}

#[resumable(backend = store())]
fn returns_early(items: &[u32]) -> u32 {
    for x in items {
        step(x);
        if *x == 2 {
            return *x;
        }
    }
    0
}

#[resumable(backend = store())]
fn returns_ok(items: &[u32]) -> Result<u32, Interrupted> {
    for x in items {
        try_step(x)?;
        if *x == 2 {
            return Ok(*x);
        }
    }
    Ok(0)
}

#[resumable(backend = store())]
fn returns_err(items: &[u32]) -> Result<(), String> {
    for x in items {
        if let Err(error) = try_step(x) {
            return Err(format!("{error} at {x}"));
        }
    }
    Ok(())
}

#[resumable(backend = store())]
fn asks_an_option(items: &[u32]) -> Option<u32> {
    for x in items {
        maybe_step(x)?;
    }
    Some(1)
}

#[resumable(backend = store())]
fn returns_none(items: &[u32]) -> Option<u32> {
    for x in items {
        maybe_step(x)?;
        if *x == 2 {
            return None;
        }
    }
    Some(1)
}

#[resumable(backend = store())]
fn asks_in_a_return(items: &[u32]) -> Option<Box<dyn std::fmt::Debug>> {
    for x in items {
        if *x == 2 {
            return Some(Box::new(maybe_step(x)?));
        }
    }
    None
}

#[resumable(backend = store())]
fn labels(items: &[u32]) {
    'o: for x in items {
        step(x);
        for y in 0.. {
            if y == *x {
                continue 'o;
            }
            if y == 2 {
                break 'o;
            }
        }
    }
}

#[resumable(backend = store())]
fn inner_loops(items: &[u32]) {
    for x in items {
        for y in 0.. {
            if y == 1 {
                continue;
            }
            if y == 3 {
                break;
            }
        }
        while x % 2 == 7 {}
        let y = loop {
            break x + 1;
        };
        step(y);
    }
}

#[resumable(backend = store())]
fn labelled_block(items: &[u32]) -> Option<u32> {
    'f: {
        for x in items {
            step(x);
            if *x == 2 {
                break 'f Some(*x);
            }
        }
        None
    }
}

#[resumable(backend = store())]
fn outer_loop_left(items: &[u32]) -> u32 {
    for x in items {
        step(x);
        let twice = 'twice: {
            if *x == 1 {
                break 'twice 0;
            }
            x * 2
        };
        if twice == 4 {
            break;
        }
    }
    9
}

#[resumable(backend = store())]
fn let_else(items: &[Option<u32>]) {
    for x in items {
        let Some(y) = x else { continue };
        step(y);
    }
}

#[resumable(backend = store())]
fn let_else_leaves(items: &[Option<u32>]) -> Result<u32, Interrupted> {
    for x in items {
        try_step(x)?;
        let Some(_) = x else { return Ok(1) };
    }
    Ok(2)
}

#[resumable(backend = store())]
fn matches(items: &[u32]) -> Result<(), Interrupted> {
    for x in items {
        match x {
            0 => continue,
            1 => try_step("one")?,
            n if *n > 3 => break,
            n => try_step(n)?,
        }
    }
    Ok(())
}

#[resumable(backend = store())]
fn fails_after_the_loop(items: &[u32]) -> Result<u32, Interrupted> {
    for x in items {
        drop(x.to_string());
    }
    try_step("after")?;
    Ok(3)
}

#[resumable(backend = store())]
fn fails_before_the_loop(items: &[u32]) -> Result<(), Interrupted> {
    try_step("before")?;
    for x in items {
        drop(x.to_string());
    }
    Ok(())
}

#[resumable(backend = store())]
fn question_mark_converts(items: &[&str]) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    for x in items {
        let number: u32 = x.parse()?;
        try_step(number)?;
    }
    Ok(())
}

#[resumable(backend = store())]
fn error_type_is_inferred(items: &[u32]) -> anyhow::Result<u32> {
    for x in items {
        try_step(x)?;
        anyhow::ensure!(*x < 10, "{x} is too much");
    }
    Ok(items.iter().sum())
}

safe_state_tests::shapes! {
    continues => continues(&[1, 2, 3, 4, 5]);
    breaks => breaks(&[1, 2, 3]);
    returns_early => returns_early(&[1, 2, 3]);
    returns_ok => returns_ok(&[1, 2, 3]);
    returns_err => returns_err(&[1, 2, 3]);
    asks_an_option => asks_an_option(&[1, 2, 3]);
    returns_none => returns_none(&[1, 2, 3]);
    asks_in_a_return => asks_in_a_return(&[1, 2, 3]);
    labels => labels(&[0, 1, 5, 1]);
    inner_loops => inner_loops(&[1, 2]);
    labelled_block => labelled_block(&[1, 2, 3]);
    outer_loop_left => outer_loop_left(&[1, 2, 3]);
    let_else => let_else(&[Some(1), None, Some(3)]);
    let_else_leaves => let_else_leaves(&[Some(1), None, Some(3)]);
    matches => matches(&[0, 1, 2, 3, 4, 5]);
    fails_after_the_loop => fails_after_the_loop(&[1, 2]);
    fails_before_the_loop => fails_before_the_loop(&[1, 2]);
    question_mark_converts => question_mark_converts(&["1", "2"]).map_err(|error| error.to_string());
    error_type_is_inferred => error_type_is_inferred(&[1, 2]).map_err(|error| error.to_string());
}
