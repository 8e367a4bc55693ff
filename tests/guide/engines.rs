//! Runs the guide's code of a task of a batch system.

use std::io::Write;
use std::process::ExitCode;

use safe_state::{publish, resumable};

#[resumable(
    name = "embed",
    shared,
    graceful = "TERM,USR1,USR2",
    grace_period = "30s",
    carry(tokens, merge = |a, b| a + b)
)]
fn embed(documents: &[Document]) -> anyhow::Result<u64> {
    let mut tokens = 0;
    for document in documents {
        tokens += document.embed()?;
    }
    Ok(tokens)
}

fn main() -> ExitCode {
    safe_state::exit_code(run()) // tells whether to run it again
}

fn run() -> anyhow::Result<()> {
    let tokens = embed(&Document::list()?)?;
    publish("tokens.txt", |file| writeln!(file, "{tokens}"))?; // the same from each task
    Ok(())
}

use super::world::{World, act};

#[derive(Hash)]
struct Document(&'static str);

impl Document {
    fn list() -> anyhow::Result<Vec<Document>> {
        Ok(["a", "bb", "ccc"].map(Document).into())
    }

    fn embed(&self) -> anyhow::Result<u64> {
        act(self.0)?;
        Ok(self.0.len() as u64)
    }
}

#[test]
fn each_task_has_the_merged_result() {
    let world = World::begin();
    world.fails("bb");
    assert_eq!(main(), ExitCode::from(1));
    for _ in 0..2 {
        assert_eq!(main(), ExitCode::SUCCESS);
        assert_eq!(std::fs::read_to_string("tokens.txt").unwrap(), "6\n");
        std::fs::remove_file("tokens.txt").unwrap();
    }
    let mut done = world.done();
    done.sort();
    assert_eq!(done, ["a", "bb", "ccc"]);
}
