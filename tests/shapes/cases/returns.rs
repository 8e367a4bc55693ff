//! Shows what functions return.

use std::any::Any;
use std::borrow::Cow;
use std::convert::Infallible;
use std::fmt::Display;
use std::io;
use std::ops::ControlFlow;
use std::rc::Rc;

use safe_state_tests::shapes::{Interrupted, step, store, try_step};

use super::resumable;

#[resumable(backend = store())]
fn iterator<'a>(items: &'a [u32]) -> impl Iterator<Item = &'a u32> + use<'a> {
    for x in items {
        step(x);
    }
    items.iter().rev()
}

#[resumable(backend = store())]
fn opaque_in_a_result(items: &[u32]) -> Result<impl Iterator<Item = u32> + '_, Interrupted> {
    for x in items {
        try_step(x)?;
    }
    Ok(items.iter().map(|x| x + 1))
}

#[resumable(backend = store())]
fn mutable_reference(items: &mut [u32]) -> &mut u32 {
    for x in items.iter() {
        step(x);
    }
    &mut items[0]
}

#[resumable(backend = store())]
fn boxed_closure(items: Vec<u32>) -> Box<dyn Fn() -> u32> {
    for x in &items {
        step(x);
    }
    Box::new(move || items.iter().sum())
}

#[resumable(backend = store())]
fn boxed_trait_early(items: &[u32]) -> Box<dyn Display> {
    for x in items {
        step(x);
        if *x == 2 {
            return Box::new("early");
        }
    }
    Box::new(1)
}

#[resumable(backend = store())]
fn never(items: &[u32]) -> ! {
    for x in items {
        step(x);
    }
    std::panic::resume_unwind(Box::new("the end"))
}

#[resumable(backend = store())]
fn slice_of_array(items: &[u32; 2]) -> &[u32] {
    for x in items {
        step(x);
    }
    items
}

#[resumable(backend = store())]
fn dyn_reference(items: &u32) -> &dyn Any {
    for x in 0..*items {
        step(x);
    }
    items
}

#[resumable(backend = store())]
fn function(items: &[u32]) -> fn(u32) -> u32 {
    for x in items {
        step(x);
    }
    |x| x + 1
}

#[resumable(backend = store())]
fn io_result(items: &[u32]) -> io::Result<usize> {
    for x in items {
        try_step(x).map_err(io::Error::other)?;
    }
    Ok(items.len())
}

#[resumable(backend = store())]
fn infallible(items: &[u32]) -> Result<(), Infallible> {
    for x in items {
        step(x);
    }
    Ok(())
}

#[resumable(backend = store())]
fn result_of_option(items: &[u32]) -> Result<Option<u32>, Interrupted> {
    for x in items {
        try_step(x)?;
        if *x == 2 {
            return Ok(None);
        }
    }
    Ok(Some(1))
}

#[resumable(backend = store())]
fn control_flow(items: &[u32]) -> ControlFlow<u32> {
    for x in items {
        step(x);
        if *x == 2 {
            ControlFlow::Break(*x)?;
        }
    }
    ControlFlow::Continue(())
}

#[resumable(backend = store())]
fn borrowed_or_owned(items: &str) -> Cow<'_, str> {
    for c in items.chars() {
        step(c);
    }
    items.into()
}

#[resumable(backend = store())]
fn inferred_by_the_return_type(items: &[u32]) -> Vec<u64> {
    for x in items {
        step(x);
    }
    items.iter().copied().map(Into::into).collect()
}

#[resumable(backend = store())]
fn not_sendable(items: Rc<[u32]>) -> Rc<[u32]> {
    for x in &*items {
        step(x);
    }
    items
}

/// An error that holds no other, and prints nothing.
#[derive(PartialEq)]
pub(crate) struct Mute;

#[resumable(backend = store())]
fn mute_error(items: &[u32]) -> Result<u32, Mute> {
    for x in items {
        try_step(x).map_err(|_| Mute)?;
    }
    Ok(2)
}

type Aliased<T> = Result<T, Interrupted>;

#[resumable(backend = store())]
fn alias(items: &[u32]) -> Aliased<u32> {
    for x in items {
        try_step(x)?;
    }
    Ok(2)
}

safe_state_tests::shapes! {
    iterator => iterator(&[1, 2]).collect::<Vec<_>>();
    opaque_in_a_result => opaque_in_a_result(&[1, 2]).map(Iterator::collect::<Vec<_>>);
    mutable_reference => mutable_reference(&mut [1, 2]);
    boxed_closure => boxed_closure(vec![1, 2])();
    boxed_trait_early => boxed_trait_early(&[1, 2, 3]).to_string();
    slice_of_array => slice_of_array(&[1, 2]);
    dyn_reference => dyn_reference(&2).downcast_ref::<u32>();
    function => function(&[1, 2])(1);
    io_result => io_result(&[1, 2]).map_err(|error| error.to_string());
    infallible => infallible(&[1, 2]);
    result_of_option => result_of_option(&[1, 2]);
    control_flow => control_flow(&[1, 2, 3]);
    borrowed_or_owned => borrowed_or_owned("abc");
    inferred_by_the_return_type => inferred_by_the_return_type(&[1, 2]);
    not_sendable => not_sendable(Rc::new([1, 2]));
    mute_error => mute_error(&[1, 2]).ok();
    alias => alias(&[1, 2]);
}

const _: fn(&[u32]) -> ! = never;
