//! Writes functions at random, interrupts each at every step, and runs it again. The function then returns, does and
//! sees what it does uninterrupted, or it does not compile.
//!
//! `SAFE_STATE_STORM=50` writes 5,000 functions in place of 100, and `SAFE_STATE_STORM_SEED` writes others. The
//! functions that break the promise are written into the file `SAFE_STATE_GENERATED`.

mod batch;
mod make;
mod shapes;

use std::env;
use std::fs;
use std::process::Command;

use batch::Batch;
use make::Function;

/// The number of functions that are compiled at once.
const AT_ONCE: u64 = 100;

#[test]
fn functions_at_random_keep_the_promise() {
    let mut wrong = Vec::new();
    let mut refused = 0;
    for seeds in batches() {
        let functions: Vec<Function> = seeds
            .clone()
            .enumerate()
            .map(|(at, seed)| make::function(&format!("f{at}"), seed))
            .collect();
        let mut batch = Batch::new(&functions);
        batch.check_plain();
        let printed = Command::new(batch.program()).output().expect("it runs");
        assert!(printed.status.success(), "{printed:?}, seeds {seeds:?}");
        let printed = String::from_utf8(printed.stdout).unwrap();
        println!("seeds {seeds:?}: {}", printed.lines().last().unwrap_or_default());
        for (name, said) in &batch.refused {
            println!("refused: {}\n{said}", text_of(&functions, name));
        }
        refused += batch.refused.len();
        let count = functions.len() - batch.refused.len();
        assert!(printed.contains(&format!("TRIED {count} ")), "{printed}");
        for line in printed.lines().filter(|line| line.starts_with("DIFFERS")) {
            let name = line.split(' ').nth(1).unwrap_or_default();
            wrong.push(format!("{line}\n{}", text_of(&functions, name)));
        }
    }
    if let Some(file) = env::var_os("SAFE_STATE_GENERATED") {
        fs::write(file, wrong.join("\n\n")).unwrap();
    }
    assert!(wrong.is_empty(), "{} break the promise: {}", wrong.len(), wrong[0]);
    // All functions that are written here have to compile.
    assert_eq!(refused, 0, "they are refused");
}

#[test]
fn what_only_the_compiler_sees_is_refused() {
    for seeds in batches() {
        let written = |changes: bool| -> (Vec<Function>, Vec<&str>) {
            let seeds = seeds.clone().enumerate();
            seeds.map(|(at, seed)| make::hidden(&format!("f{at}"), seed, changes)).unzip()
        };
        let (functions, ways) = written(true);
        let mut batch = Batch::new(&functions);
        batch.check_plain();
        batch.check();
        for (it, way) in functions.iter().zip(&ways) {
            assert!(batch.refused.contains_key(&it.name), "accepted, with {way}: {}", it.text);
        }
        // The functions are refused because of the change, except where the way is in the loop's items.
        let (functions, _) = written(false);
        let mut batch = Batch::new(&functions);
        batch.check();
        for (it, way) in functions.iter().zip(&ways) {
            let said = batch.refused.get(&it.name).filter(|_| !way.starts_with("items"));
            assert!(said.is_none(), "refused, without {way}: {}\n{}", it.text, said.unwrap());
        }
    }
}

#[test]
fn no_function_is_accepted_that_the_whole_proof_refuses() {
    for seeds in batches() {
        let some = |at: usize, seed| match at % 2 {
            0 => make::hidden(&format!("f{at}"), seed, true).0,
            _ => make::function(&format!("f{at}"), seed),
        };
        let functions: Vec<Function> = seeds.enumerate().map(|(at, seed)| some(at, seed)).collect();
        let (mut short, mut whole) = (Batch::new(&functions), Batch::new(&functions).proving_all());
        short.check();
        whole.check();
        for name in whole.refused.keys() {
            assert!(short.refused.contains_key(name), "accepted: {}", text_of(&functions, name));
        }
    }
}

fn text_of<'a>(functions: &'a [Function], name: &str) -> &'a str {
    functions.iter().find(|it| it.name == name).map_or("", |it| it.text.as_str())
}

/// Returns the seeds of the functions, in ranges that are compiled at once.
fn batches() -> impl Iterator<Item = std::ops::Range<u64>> {
    let number = |variable: &str| env::var(variable).ok().map(|text| text.parse::<u64>().unwrap());
    let first = number("SAFE_STATE_STORM_SEED").unwrap_or(1);
    let times = number("SAFE_STATE_STORM").unwrap_or(1);
    println!("SAFE_STATE_STORM_SEED={first}");
    (0..times).map(move |batch| first + batch * AT_ONCE..first + (batch + 1) * AT_ONCE)
}
