#!/usr/bin/env bash
# fs2 0.4.3 (crates.io): since Rust 1.89 `file.try_lock_shared()`, `lock_shared()` and `unlock()` are the standard library's own methods, which go before a trait's, also with
# `use fs2::FileExt` in scope: the first returns a `TryLockError`, so a program that asks for its error's `kind()`, as fs2's
# `lock_contended_error` is there for, no longer compiles; one that calls these alone is warned of an unused import. `try_lock_exclusive` is still fs2's.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
mkdir -p src/bin
cat >Cargo.toml <<'EOF'
[package]
name = "locks"
version = "0.1.0"
edition = "2021"
[dependencies]
fs2 = "=0.4.3"
EOF
# program NAME METHOD
program() {
    cat >"src/bin/$1.rs" <<EOF
use fs2::FileExt;

fn main() {
    let file = std::fs::File::create("leased").unwrap();
    let is_held = |error: &std::io::Error| error.kind() == fs2::lock_contended_error().kind();
    println!("{}", file.$2().is_err_and(|error| is_held(&error)));
}
EOF
}
program shared try_lock_shared
program exclusive try_lock_exclusive
version=$(rustc --version)
exclusive=$(cargo run --quiet --bin exclusive)
shared=$(cargo build --quiet --bin shared 2>&1 | grep -o 'expected `&Error`, found `&TryLockError`\|unused import: `fs2::FileExt`' | sort -u || true)
printf '%s\n  try_lock_exclusive: %s\n  try_lock_shared: %s\n' "$version" "$exclusive" "$shared"
[[ $exclusive == false && $shared == *TryLockError* && $shared == *'unused import'* ]]
