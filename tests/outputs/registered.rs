//! Tests that types of other crates are flushed and synced where files are.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use safe_state::reconnect::{FileMeta, Reconnect, ReconnectRegistry};
use safe_state::resumable;

use crate::{append_to, line, lines, read, said};

/// A type that stands for one of another crate.
struct Lines {
    file: File,
    buffer: Vec<u8>,
}

impl Lines {
    fn flush(&mut self) -> io::Result<()> {
        self.file.write_all(&std::mem::take(&mut self.buffer))
    }
}

fn registry(synced: &Arc<AtomicU64>) -> ReconnectRegistry {
    let registry = ReconnectRegistry::default();
    registry.register::<Lines, FileMeta>(
        |lines| {
            lines.flush()?;
            lines.file.extract()
        },
        |meta| Ok(Lines { file: File::reconnect(meta)?, buffer: Vec::new() }),
    );
    let synced = Arc::clone(synced);
    registry.register_sync::<Lines>(move |lines| {
        lines.file.sync()?;
        synced.fetch_add(1, Ordering::Relaxed);
        Ok(())
    });
    registry
}

#[resumable(name = "lines", state_dir = dir.join("state"), reconnect(out), registry = registry, fresh(fail_at))]
fn write_lines(
    dir: &Path,
    registry: &ReconnectRegistry,
    fail_at: &Cell<Option<u64>>,
) -> anyhow::Result<()> {
    let mut out: Lines = Lines { file: append_to(&dir.join("out"))?, buffer: Vec::new() };
    for item in 0..4 {
        out.buffer.extend(line(item, 9).bytes());
        anyhow::ensure!(fail_at.get() != Some(item), "stopped");
    }
    out.flush()?;
    Ok(())
}

#[test]
fn a_registered_handle_is_flushed_synced_and_checked() {
    let (dir, synced) = (tempfile::tempdir().unwrap(), Arc::default());
    let registry = registry(&synced);
    let stop = Cell::new(Some(2));
    write_lines(dir.path(), &registry, &stop).unwrap_err();
    assert_eq!(synced.load(Ordering::Relaxed), 3, "before the first item, and behind two");
    assert_eq!(read(&dir.path().join("out")), lines(0..2, 9));
    let kept = read(&dir.path().join("out"));
    std::fs::write(dir.path().join("out"), "another program's, and longer than that").unwrap();
    let said = said(write_lines(dir.path(), &registry, &stop));
    assert!(said.contains("has other bytes before byte"), "{said}");
    std::fs::write(dir.path().join("out"), kept).unwrap();
    stop.set(None);
    write_lines(dir.path(), &registry, &stop).unwrap();
    assert_eq!(read(&dir.path().join("out")), lines(0..4, 9));
}
