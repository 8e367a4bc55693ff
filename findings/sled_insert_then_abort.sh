#!/usr/bin/env bash
# sled 0.34.7 (crates.io): what `insert` has stored with `Ok` is gone if the process aborts right behind it, with no power cut: it is kept
# in the process's memory, and written twice a second unless told otherwise. redb 4.6.0 has it behind `commit`. So a database in the
# process is no safer place for a job's position than a variable, as long as nothing is flushed.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
mkdir src
cat >Cargo.toml <<'EOF'
[package]
name = "stores"
version = "0.1.0"
edition = "2021"
[dependencies]
redb = "=4.6.0"
sled = "=0.34.7"
EOF
cat >src/main.rs <<'EOF'
use redb::{Database, ReadableDatabase, TableDefinition};

const TABLE: TableDefinition<&str, u64> = TableDefinition::new("jobs");

fn main() {
    match std::env::args().nth(1).as_deref() {
        Some("sled") => {
            let db = sled::open("sled").unwrap();
            db.insert("done", &7_u64.to_le_bytes()).unwrap();
            std::process::abort();
        }
        Some("flushed") => {
            let db = sled::open("flushed").unwrap();
            db.insert("done", &7_u64.to_le_bytes()).unwrap();
            db.flush().unwrap();
            std::process::abort();
        }
        Some("redb") => {
            let db = Database::create("redb").unwrap();
            let change = db.begin_write().unwrap();
            change.open_table(TABLE).unwrap().insert("done", 7).unwrap();
            change.commit().unwrap();
            std::process::abort();
        }
        _ => {}
    }
    for name in ["sled", "flushed"] {
        println!("{name}: {}", sled::open(name).unwrap().get("done").unwrap().is_some());
    }
    let db = Database::create("redb").unwrap();
    let read = db.begin_read().unwrap();
    println!("redb: {}", read.open_table(TABLE).unwrap().get("done").unwrap().is_some());
}
EOF
cargo build --quiet
for store in sled flushed redb; do (ulimit -c 0; target/debug/stores "$store") 2>/dev/null || true; done
found=$(target/debug/stores)
printf 'whether what was stored is there, behind abort()\n%s\n' "$found"
[[ $found == 'sled: false
flushed: true
redb: true' ]]
