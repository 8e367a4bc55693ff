//! Does work that no process survives.

use std::fs;
use std::hint::black_box;
use std::path::Path;

use rustix::process::{Resource, Rlimit, Signal, getpid, getrlimit, kill_process, setrlimit};

/// The memory that an item takes before it stops and kills itself. A machine that lets it have that much has no limit
/// on it.
const MOST: usize = 512 << 20;
const STEP: usize = 1 << 20;

/// Recurses until the stack overflows.
pub(crate) fn overflow(depth: u64) -> u64 {
    let frame = black_box([depth; 128]);
    if depth == u64::MAX {
        return 0;
    }
    overflow(depth + 1) + black_box(frame[64])
}

/// Allocates until no address is left.
pub(crate) fn exhaust_addresses() -> ! {
    let maximum = getrlimit(Resource::As).maximum;
    let limit = Rlimit { current: Some(1 << 30), maximum };
    setrlimit(Resource::As, limit).unwrap();
    let mut taken: Vec<Vec<u8>> = Vec::new();
    loop {
        taken.push(black_box(Vec::with_capacity(STEP)));
    }
}

/// Takes memory until the kernel kills the process, within the control group whose directory stands in the file `cage`.
/// Without that file, kills the process as a kernel would.
pub(crate) fn exhaust_memory(dir: &Path) -> ! {
    if let Ok(cage) = fs::read_to_string(dir.join("cage")) {
        let pid = getpid().as_raw_nonzero().to_string();
        fs::write(Path::new(&cage).join("cgroup.procs"), pid).unwrap();
        let mut taken: Vec<Vec<u8>> = Vec::new();
        while taken.len() * STEP < MOST {
            taken.push(black_box(vec![7; STEP]));
        }
    }
    loop {
        kill_process(getpid(), Signal::KILL).unwrap();
    }
}
