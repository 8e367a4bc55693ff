//! Functions of every shape, with and without the attribute: it changes nothing but that they
//! resume.

#![allow(clippy::all, clippy::pedantic, reason = "what users write, twice")]

mod with;
mod without;

use safe_state_tests::shapes::{Shape, check_alike, check_resumes};

fn each(plain: Vec<Shape>, resumable: Vec<Shape>, check: fn(Shape, Shape)) {
    assert!(!plain.is_empty());
    for (plain, resumable) in plain.into_iter().zip(resumable) {
        check(plain, resumable);
    }
}

macro_rules! tests {
    ($($topic:ident: $check:ident,)*) => {$(
        #[test]
        fn $topic() {
            each(without::cases::$topic::all(), with::cases::$topic::all(), $check);
        }
    )*};
}

tests! {
    arguments: check_resumes,
    asynchronous: check_resumes,
    attributes: check_resumes,
    bare: check_resumes,
    control_flow: check_resumes,
    drop_order: check_alike,
    failing: check_resumes,
    generics: check_resumes,
    identity: check_resumes,
    inputs: check_resumes,
    macros: check_resumes,
    methods: check_resumes,
    mutable: check_resumes,
    named: check_resumes,
    nesting: check_resumes,
    positions: check_resumes,
    returns: check_resumes,
    shadowed: check_resumes,
    strict: check_resumes,
    worklists: check_resumes,
}
