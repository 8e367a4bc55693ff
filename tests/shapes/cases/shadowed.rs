//! Shows a module in which every name that generated code might use means something else.

#![allow(unused_macros, dead_code, non_camel_case_types)]

use safe_state_tests::shapes::{Interrupted, block_on, step, store, try_step};

use super::resumable;

mod core {}
mod std {}
mod alloc {}
mod safe_state {}
struct Some;
struct None;
struct Ok;
struct Err;
struct Result;
struct Option;
struct String;
struct Box;
struct Job;
struct Run;
struct Step;
struct u64;
struct bool;
trait Iterator {}
trait IntoIterator {}
trait Into {}
trait From {}
trait Fn {}
trait FnOnce {}
trait Send {}
trait Drop {}
trait Future {}
fn drop() {}
fn call() {}
fn items() {}
macro_rules! concat {
    () => {};
}
macro_rules! file {
    () => {};
}
macro_rules! module_path {
    () => {};
}
macro_rules! panic {
    () => {};
}
macro_rules! matches {
    () => {};
}

type Tried<T> = ::std::result::Result<T, Interrupted>;

#[resumable(backend = store())]
fn plain(items: &[u32]) -> usize {
    for x in items {
        step(x);
    }
    items.len()
}

#[resumable(backend = store())]
fn tried(items: &[u32]) -> Tried<()> {
    for x in items {
        try_step(x)?;
    }
    Tried::Ok(())
}

#[resumable(backend = store(), save_every = "1ns")]
async fn later(items: &[u32]) -> Tried<()> {
    for x in items {
        try_step(x)?;
    }
    Tried::Ok(())
}

#[resumable(backend = store(), name = "in-a-shadow", keep_on_success = false, version = 3)]
fn with_options(items: &[u32]) -> ::std::option::Option<u32> {
    for x in items {
        try_step(x).ok()?;
    }
    ::std::option::Option::Some(1)
}

safe_state_tests::shapes! {
    plain => plain(&[1, 2]);
    tried => tried(&[1, 2]);
    later => block_on(later(&[1, 2]));
    with_options => with_options(&[1, 2]);
}
