//! Tests items that really kill the process: by a fault, by memory, by an abort.

use std::path::{Path, PathBuf};
use std::{fs, io};

use safe_state::{DeadLetter, FailureKind};
use safe_state_tests::Effects;

use crate::crashes::{checkpoint, run_to_its_end, runs};

/// A control group that gives a process little memory.
struct Cage(PathBuf);

impl Cage {
    /// Makes a control group; `None` where this process may make none, and then the job kills itself as the kernel
    /// would.
    fn new(dir: &Path) -> Option<Self> {
        let name = Path::new("safe-state-tests").with_extension(dir.file_name().unwrap());
        let first = Path::new("/sys/fs/cgroup/memory").join(&name);
        let second = Path::new("/sys/fs/cgroup").join(&name);
        let cage = [(first, "memory.limit_in_bytes"), (second, "memory.max")];
        let (cage, _) = cage.into_iter().find(|(path, limit)| limited(path, limit).is_ok())?;
        // Where neither file exists, the system does not swap.
        let _ = fs::write(cage.join("memory.swappiness"), "0");
        let _ = fs::write(cage.join("memory.swap.max"), "0");
        fs::write(dir.join("cage"), cage.to_str().unwrap()).unwrap();
        Some(Cage(cage))
    }

    /// Returns the number of processes that the kernel has killed in the group.
    fn killed(&self) -> u32 {
        let told = ["memory.oom_control", "memory.events"].map(|file| self.0.join(file));
        let told = told.into_iter().find_map(|path| fs::read_to_string(path).ok()).unwrap();
        let count = told.lines().find_map(|line| line.strip_prefix("oom_kill ")).unwrap();
        count.parse().unwrap()
    }
}

fn limited(path: &Path, limit: &str) -> io::Result<()> {
    fs::create_dir(path)?;
    fs::write(path.join(limit), (32 << 20).to_string()).inspect_err(|_| _ = fs::remove_dir(path))
}

impl Drop for Cage {
    fn drop(&mut self) {
        fs::remove_dir(&self.0).unwrap();
    }
}

#[test]
fn items_that_kill_the_process_become_dead_letters() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let cage = Cage::new(dir);
    let died = run_to_its_end("poison", dir, runs(4));
    assert!(died >= 2 * 4, "{died} deaths");
    if let Some(cage) = cage {
        assert!(cage.killed() >= 2, "by the kernel: {}", cage.killed());
    }
    let checkpoint = checkpoint(dir).unwrap();
    assert!(checkpoint.is_finished(), "{checkpoint}");
    let letters: Vec<_> = checkpoint.dead_letters().iter().collect();
    assert!(letters.iter().map(DeadLetter::index).eq([5, 11, 23, 31]), "{checkpoint}");
    assert!(letters.iter().all(|letter| letter.failure().kind() == FailureKind::Crash));
    let mut done = Effects::open(dir.join("effects")).unwrap().all();
    done.sort_unstable();
    done.dedup();
    assert!(done.into_iter().eq((0..40).filter(|item| ![5, 11, 23, 31].contains(item))));
}
