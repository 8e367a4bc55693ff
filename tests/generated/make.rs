//! Writes functions at random.

mod body;
mod heads;
mod hidden;
mod means;
mod ways;

use std::fmt::Write as _;

use fastrand::Rng;

use body::{Body, Kind};

/// A function, and how it is tried.
#[derive(Clone, Debug)]
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) text: String,
    pub(crate) has_policy: bool,
    pub(crate) save_every: u32,
    /// Whether the function's module can show the carried variables of a checkpoint.
    pub(crate) peeks: bool,
    /// The most steps that a run does again; without it, the steps of the items since the last save.
    pub(crate) repeats: Option<u32>,
    /// Whether some of the function's items are done in any order.
    pub(crate) is_unordered: bool,
}

/// A variable that is declared before the loops.
#[derive(Clone, Debug)]
pub(crate) struct Variable {
    pub(crate) name: String,
    pub(crate) ty: &'static str,
}

/// The types of variables, each with the values that they begin with.
const TYPES: [(&str, &[&str]); 11] = [
    ("u64", &["5", "0", "u64::from(true)"]),
    ("String", &["String::new()", "\"ab\".to_owned()"]),
    ("Vec<u64>", &["Vec::new()", "vec![1, 2, 3]", "xs.to_vec()"]),
    ("Option<i64>", &["None", "Some(3)"]),
    ("BTreeMap<String, u64>", &["BTreeMap::new()", "BTreeMap::from([(\"a\".to_owned(), 1)])"]),
    ("Record", &["Record::default()"]),
    ("std::collections::BTreeSet<u64>", &["Default::default()", "[4, 1, 8].into()"]),
    ("(u64, String)", &["Default::default()", "(2, \"cd\".to_owned())"]),
    ("Bulk", &["Bulk::default()"]),
    ("Results<u64>", &["Results::new()"]),
    (
        "Worklist<u64>",
        &["Worklist::new()", "Worklist::from([1, 2, 3])", "xs.iter().copied().collect()"],
    ),
];

/// The text that the module of each function begins with.
pub(crate) const PRELUDE: &str = "\
#![allow(unused, clippy::all, clippy::pedantic)]
use std::collections::BTreeMap;

use safe_state::{Action, Checkpoint, Results, Worklist};
use safe_state_generated::{
    Bulk, Change, Record, Stop, after, began, block_on, broke, dropped, ended, files, grow, grown, item,
    later, rejected, see, step, step_or_panic, store, tried,
};

use super::{ahead, checkpoint, cursor, resumable, step};

";

/// Writes a function that has to compile, and to keep the promise.
pub(crate) fn function(name: &str, seed: u64) -> Function {
    let mut rng = Rng::with_seed(seed);
    let count = rng.usize(1..=4);
    let variables: Vec<Variable> = (0..count)
        .map(|at| {
            let (ty, _) = TYPES[rng.usize(..TYPES.len())];
            Variable { name: ["a", "b", "c", "d"][at].to_owned(), ty }
        })
        .collect();
    let has_policy = rng.u8(..6) == 0;
    let is_async = rng.u8(..5) == 0;
    let mut save_every = if rng.u8(..4) == 0 { 3 } else { 1 };
    let is_paged = rng.u8(..6) == 0;
    let mut body = Body::new(&mut rng, &variables, Kind { has_policy, is_async });
    body.whole();
    let (text, is_unordered) = (std::mem::take(&mut body.text), body.is_unordered);
    let place = if is_paged {
        "state_dir = files(), durability = \"process\", page"
    } else {
        "backend = store()"
    };
    let mut options = format!("{place}, {}", body.carried());
    if save_every > 1 {
        write!(options, ", save_every = {save_every}").expect("text takes it");
    }
    if is_paged {
        // With a page, each item is safe before it is saved.
        save_every = 1;
    }
    let asyncness = if is_async { "async " } else { "" };
    let call = if is_async { "block_on(job(&XS, YS.to_vec()))" } else { "job(&XS, YS.to_vec())" };
    let mut whole = format!("// The seed is {seed}.\n{PRELUDE}");
    let mut say = |line: String| writeln!(whole, "{line}").expect("text takes it");
    say(format!("const XS: [u64; 4] = {:?};", numbers(&mut rng, 4)));
    say(format!("const YS: [u64; 3] = {:?};\n", numbers(&mut rng, 3)));
    say(format!("#[resumable({options})]"));
    say(format!("{asyncness}fn job(xs: &[u64], ys: Vec<u64>) -> Result<String, Stop> {{"));
    say(format!("{text}}}\n"));
    say(format!("pub fn run() -> String {{\n    format!(\"{{:?}}\", {call})\n}}\n"));
    say(peek(&variables));
    Function {
        name: name.to_owned(),
        text: whole,
        has_policy,
        save_every,
        peeks: true,
        repeats: None,
        is_unordered,
    }
}

/// Writes a function that has to be refused: its loop changes a variable that is not named, in a way that only the
/// compiler sees. Returns it with the name of the way. Without `changes`, the function is the same but for the change,
/// and has to compile.
pub(crate) fn hidden(name: &str, seed: u64, changes: bool) -> (Function, &'static str) {
    let mut rng = Rng::with_seed(seed);
    let (body, way) = hidden::job(&mut rng, changes);
    let text = format!("// The seed is {seed}.\n{PRELUDE}{body}");
    let function = Function {
        name: name.to_owned(),
        text,
        has_policy: false,
        save_every: 1,
        peeks: false,
        repeats: None,
        is_unordered: false,
    };
    (function, way)
}

fn numbers(rng: &mut Rng, count: usize) -> Vec<u64> {
    // Some numbers are equal, because a place must not be known by its item.
    (0..count).map(|_| rng.u64(1..12)).collect()
}

/// Writes a function that shows the carried variables of a checkpoint.
fn peek(variables: &[Variable]) -> String {
    let each: Vec<String> = variables
        .iter()
        .map(|it| format!("checkpoint.carried::<{}>(\"{}\").unwrap().unwrap()", it.ty, it.name))
        .collect();
    format!(
        "pub fn peek(checkpoint: &Checkpoint) -> String {{\n    format!(\"{{:?}}\", ({},))\n}}\n",
        each.join(", ")
    )
}
