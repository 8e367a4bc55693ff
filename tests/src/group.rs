//! Makes a control group with a limit on memory, as containers have. It works on Linux alone, and takes root.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

/// A control group, which is removed when it is dropped.
#[derive(Debug)]
pub struct Group {
    dir: PathBuf,
}

impl Group {
    /// Makes a control group whose processes may have `bytes` of memory in all.
    ///
    /// # Panics
    ///
    /// If the system makes no control group, which is the only way to be out of memory without danger to other
    /// processes.
    #[must_use]
    pub fn with_memory(bytes: u64) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("safe-state-{}-{number}", std::process::id());
        let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
        let ways = [(" - cgroup ", "memory.limit_in_bytes"), (" - cgroup2 ", "memory.max")];
        let made = ways.into_iter().find_map(|(kind, limit)| {
            let mounts = mounts.lines().filter(|line| line.contains(kind));
            mounts.filter_map(|line| line.split(' ').nth(4)).find_map(|mount| {
                let dir = Path::new(mount).join(&name);
                limited(&dir, limit, bytes).is_ok().then_some(Group { dir })
            })
        });
        made.expect("root may make a control group that counts memory")
    }

    /// Returns the command, which runs in the group.
    #[must_use]
    pub fn command(&self, command: &Command) -> Command {
        let mut inside = Command::new("sh");
        inside.args(["-c", r#"echo $$ >"$0" && exec "$@""#]).arg(self.dir.join("cgroup.procs"));
        inside.arg(command.get_program()).args(command.get_args());
        inside
    }
}

fn limited(dir: &Path, limit: &str, bytes: u64) -> io::Result<()> {
    fs::create_dir(dir)?;
    // The file does not exist where the system does not count memory.
    let set =
        fs::metadata(dir.join(limit)).and_then(|_| fs::write(dir.join(limit), bytes.to_string()));
    if set.is_err() {
        fs::remove_dir(dir)?;
    }
    // Otherwise a system with swap would use that first.
    let _ = fs::write(dir.join("memory.swap.max"), "0");
    set
}

impl Drop for Group {
    fn drop(&mut self) {
        // Processes of the group that were killed may not be gone yet.
        let _ = fs::remove_dir(&self.dir);
    }
}
