#!/usr/bin/env bash
# file-lock 2.1.11 (crates.io) and fs2 0.4.3 grant a lock on one file at once, to two processes, each exclusively; and file-lock's own lock is gone,
# without a word, once its process has read the file by another handle. Its locks are `fcntl`'s, which belong to the process and end
# with the first handle that is closed; those of fs2, fd-lock, fslock and the standard library are `flock`'s. Neither sees the other.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
mkdir src
cat >Cargo.toml <<'EOF'
[package]
name = "locks"
version = "0.1.0"
edition = "2021"
[dependencies]
file-lock = "=2.1.11"
fs2 = "=0.4.3"
EOF
cat >src/main.rs <<'EOF'
use std::fs::OpenOptions;
use std::process::Command;

use file_lock::{FileLock, FileOptions};

fn file_lock() -> Result<FileLock, std::io::Error> {
    FileLock::lock("leased", false, FileOptions::new().read(true).write(true))
}

fn fs2() -> Result<std::fs::File, std::io::Error> {
    let file = OpenOptions::new().read(true).write(true).open("leased")?;
    fs2::FileExt::try_lock_exclusive(&file).map(|()| file)
}

/// What another process is told.
fn other(by: &str) -> &'static str {
    let this = std::env::current_exe().unwrap();
    if Command::new(this).arg(by).status().unwrap().success() { "granted" } else { "refused" }
}

fn main() {
    if let Some(by) = std::env::args().nth(1) {
        let is_granted = if by == "file-lock" { file_lock().is_ok() } else { fs2().is_ok() };
        std::process::exit(i32::from(!is_granted));
    }
    std::fs::write("leased", "").unwrap();
    let held = fs2().unwrap();
    std::fs::read("leased").unwrap();
    println!("fs2, read: fs2 {}, file-lock {}", other("fs2"), other("file-lock"));
    drop(held);
    let _held = file_lock().unwrap();
    println!("file-lock: fs2 {}, file-lock {}", other("fs2"), other("file-lock"));
    std::fs::read("leased").unwrap();
    println!("file-lock, read: file-lock {}", other("file-lock"));
}
EOF
found=$(cargo run --quiet)
printf 'which lock is held, and what another process is told\n%s\n' "$found"
[[ $found == 'fs2, read: fs2 refused, file-lock granted
file-lock: fs2 granted, file-lock refused
file-lock, read: file-lock granted' ]]
