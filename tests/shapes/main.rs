//! Tests functions of every shape, with and without the attribute. The attribute changes nothing but that they resume.

#![allow(clippy::all, clippy::pedantic, reason = "what users write, twice")]

mod operands;
mod with;
mod without;

use std::collections::BTreeSet;
use std::env;
use std::fs::File;
use std::io::{BufRead, BufReader};

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
    heads: check_resumes,
    hidden: check_resumes,
    identity: check_resumes,
    inputs: check_resumes,
    macros: check_resumes,
    methods: check_resumes,
    mutable: check_resumes,
    named: check_resumes,
    nesting: check_resumes,
    positions: check_resumes,
    returns: check_resumes,
    several: check_resumes,
    shadowed: check_resumes,
    strict: check_resumes,
    told: check_resumes,
    worklists: check_resumes,
}

/// Returns those of the modules of `safe_state` that have a function in the program.
fn modules_in_the_program<'m>(modules: &[&'m str]) -> BTreeSet<&'m str> {
    let program = File::open(env::current_exe().unwrap()).unwrap();
    let mut program = BufReader::with_capacity(1 << 20, program);
    // Both manglings of symbols write a module as in `10safe_state3run`. The text is put together here, so that it is
    // not found in this test itself.
    let parts = modules.iter().map(|module| (*module, format!("state{}{module}", module.len())));
    let parts: Vec<_> = parts.collect();
    let (mut found, mut part, mut is_ours) = (BTreeSet::new(), Vec::new(), false);
    while program.read_until(b'_', &mut part).unwrap() > 0 {
        if is_ours {
            let of = parts.iter().filter(|(_, behind)| part.starts_with(behind.as_bytes()));
            found.extend(of.map(|(module, _)| *module));
        }
        is_ours = part.ends_with(b"10safe_");
        part.clear();
    }
    found
}

/// The program has no code of the copies of the bodies, although it is not optimised.
#[test]
fn the_proof_generates_no_code() {
    let found = modules_in_the_program(&["items", "run", "proof"]);
    assert_eq!(found, BTreeSet::from(["items", "run"]));
}
