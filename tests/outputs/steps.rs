//! Tests steps that write to a reconnected file. A resumed run does not evaluate a step again, so what the step wrote
//! stays, exactly once.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;

use safe_state::testing::survives;
use safe_state::{resumable, step};

use crate::{append_to, read, said};

#[resumable(name = "sections", reconnect(out), save_every = every, fresh(every))]
fn sections(to: &Path, every: u64) -> anyhow::Result<u64> {
    let mut out: BufWriter<File> = BufWriter::new(File::create(to)?);
    step!("head", writeln!(out, "head")?);
    #[resume]
    for item in 0..3 {
        writeln!(out, "first {item}")?;
    }
    let middle: u64 = step!("middle", {
        writeln!(out, "middle")?;
        7
    });
    #[resume]
    for item in 0..3 {
        writeln!(out, "second {item}")?;
    }
    step!("foot", writeln!(out, "foot")?);
    out.flush()?;
    Ok(middle)
}

#[resumable(name = "steps", reconnect(out))]
fn steps_alone(to: &Path) -> anyhow::Result<()> {
    let mut out: File = append_to(to)?;
    step!("one", writeln!(out, "one")?);
    step!("two", writeln!(out, "two")?);
    Ok(())
}

#[resumable(name = "awaited", reconnect(out))]
async fn awaited(to: &Path) -> anyhow::Result<()> {
    let mut out: File = File::create(to)?;
    step!("head", {
        smol::future::yield_now().await;
        writeln!(out, "head")?;
    });
    for item in 0..3 {
        writeln!(out, "{item}")?;
    }
    Ok(())
}

#[test]
fn what_a_step_writes_is_there_once_wherever_the_process_dies() {
    for every in [1, 2] {
        survives(|trial| {
            let to = trial.dir().join("out");
            sections(&to, every).unwrap();
            read(&to)
        });
    }
    survives(|trial| {
        let to = trial.dir().join("out");
        steps_alone(&to).unwrap();
        read(&to)
    });
    survives(|trial| {
        let to = trial.dir().join("out");
        smol::block_on(awaited(&to)).unwrap();
        read(&to)
    });
}

#[resumable(name = "headed", state_dir = dir.join("state"), reconnect(out), fresh(fails))]
fn headed(dir: &Path, fails: bool) -> anyhow::Result<()> {
    let mut out: File = File::create(dir.join("out"))?;
    step!("head", writeln!(out, "head")?);
    for item in 0..2 {
        anyhow::ensure!(!fails, "stopped");
        writeln!(out, "{item}")?;
    }
    Ok(())
}

/// A new file would lack what the step wrote.
#[test]
fn a_new_file_does_not_do_once_a_step_has_written() {
    let dir = tempfile::tempdir().unwrap();
    headed(dir.path(), true).unwrap_err();
    fs::rename(dir.path().join("out"), dir.path().join("away")).unwrap();
    let refused = said(headed(dir.path(), false));
    assert!(refused.contains("`out` cannot be reconnected"), "{refused}");
    fs::rename(dir.path().join("away"), dir.path().join("out")).unwrap();
    headed(dir.path(), false).unwrap();
    assert_eq!(read(&dir.path().join("out")), "head\n0\n1\n");
}
