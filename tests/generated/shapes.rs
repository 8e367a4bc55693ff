//! Tests functions that are written by hand, in the folder `shapes`: a file for a topic, with a module for each
//! function. The line in front of a module says what has to come of it. The promise is `kept`, or the compiler has
//! `refused` it, or `kept or refused`, or it does what is `documented`. The rest of the line says how the function is
//! tried, as in `repeats 2`.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::batch::Batch;
use crate::make::{self, Function};

struct Shape {
    /// The names of the file and the module.
    name: String,
    must: String,
    function: Function,
}

impl Shape {
    fn may_be(&self, outcome: &str) -> bool {
        self.must.contains(outcome) || self.must.contains("documented")
    }
}

/// Returns all shapes of a file. Their functions are numbered from `first` on.
fn read(path: &Path, first: usize) -> Vec<Shape> {
    let text = fs::read_to_string(path).unwrap();
    let file = path.file_stem().unwrap().to_str().unwrap();
    let mut shapes: Vec<Shape> = Vec::new();
    let mut must = "";
    for line in text.lines() {
        if let Some(said) = line.strip_prefix("// ") {
            must = said;
        } else if let Some(name) = line.strip_prefix("mod ") {
            let name = name.trim_end_matches(" {");
            let function = Function {
                name: format!("f{}", first + shapes.len()),
                text: format!("{}use safe_state::{{Backoff, ErrorContext}};\n", make::PRELUDE),
                has_policy: must.contains("policy"),
                save_every: number(must, "save_every").unwrap_or(1),
                peeks: false,
                repeats: Some(number(must, "repeats").unwrap_or(1)),
                is_unordered: must.contains("unordered"),
            };
            shapes.push(Shape { name: format!("{file}::{name}"), must: must.to_owned(), function });
        } else if line != "}"
            && let Some(shape) = shapes.last_mut()
        {
            shape.function.text += line;
            shape.function.text += "\n";
        }
    }
    shapes
}

fn number(said: &str, option: &str) -> Option<u32> {
    let mut words = said.split(' ').skip_while(|word| *word != option);
    words.nth(1).and_then(|number| number.parse().ok())
}

fn all() -> Vec<Shape> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("shapes");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|it| it.unwrap().path()).collect();
    files.sort();
    let mut shapes = Vec::new();
    for file in files {
        shapes.extend(read(&file, shapes.len()));
    }
    shapes
}

#[test]
fn functions_by_hand_come_out_as_they_must() {
    let shapes = all();
    let functions: Vec<Function> = shapes.iter().map(|it| it.function.clone()).collect();
    let mut batch = Batch::new(&functions);
    batch.check_plain();
    let program = batch.program();
    let mut wrong = Vec::new();
    for it in &shapes {
        let refused = batch.refused.get(&it.function.name);
        if let Some(said) = refused.filter(|_| !it.may_be("refused")) {
            wrong.push(format!("{} is refused: {said}", it.name));
        } else if refused.is_none() && it.must == "refused" {
            wrong.push(format!("{} is accepted", it.name));
        }
    }
    let printed = Command::new(program).output().expect("it runs");
    assert!(printed.status.success(), "{}", String::from_utf8_lossy(&printed.stderr));
    let printed = String::from_utf8(printed.stdout).unwrap();
    for line in printed.lines().filter(|line| line.starts_with("DIFFERS")) {
        let name = line.split(' ').nth(1).unwrap_or_default();
        let it = shapes.iter().find(|it| it.function.name == name).expect("it is one of them");
        // Where the compiler may refuse a function, a run may also say why it does not go on.
        let is_refused = line.contains("Refused(") && it.may_be("refused");
        if !is_refused && !it.may_be("documented") {
            wrong.push(format!("{}: {line}", it.name));
        }
    }
    assert!(printed.contains("TRIED "), "{printed}");
    assert!(wrong.is_empty(), "{} of {}: {wrong:#?}", wrong.len(), shapes.len());
}
