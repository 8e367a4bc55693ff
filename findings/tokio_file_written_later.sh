#!/usr/bin/env bash
# tokio 1.54.1 (crates.io): `write_all(..).await` on a `tokio::fs::File` returns `Ok` when the bytes are with a thread that will write them. If the process ends then, they are not in the file,
# though no `BufWriter` is there; and what that thread fails by, a full disk, is told by the next call on the file: of the last write by nothing, when the file is dropped.
# async-fs 2.2.0 does the same. The guess would be what `std::fs::File` does, for which the bytes are with the system. `flush().await` waits, and has the error.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
mkdir src
cat >Cargo.toml <<'EOF'
[package]
name = "job"
version = "0.1.0"
edition = "2021"
[dependencies]
async-fs = "=2.2.0"
futures-lite = "=2.6.1"
tokio = { version = "=1.54.1", features = ["fs", "io-util", "macros", "rt"] }
EOF
cat >src/main.rs <<'EOF'
use std::io::Write;

const RESULT: [u8; 1_000_000] = [b'x'; 1_000_000];

// Tells whether a full disk was an error of the write; then writes a result, and ends the process.
#[tokio::main(flavor = "current_thread")]
async fn main() {
    let flush = std::env::args().nth(2).is_some();
    match std::env::args().nth(1).as_deref() {
        Some("std") => {
            println!("{}", std::fs::File::create("/dev/full").unwrap().write_all(b"row\n").is_err());
            std::fs::File::create("std").unwrap().write_all(&RESULT).unwrap();
        }
        Some("tokio") => {
            use tokio::io::AsyncWriteExt;
            let mut full = tokio::fs::File::create("/dev/full").await.unwrap();
            let written = full.write_all(b"row\n").await;
            println!("{}", written.is_err() || flush && full.flush().await.is_err());
            let mut file = tokio::fs::File::create("tokio").await.unwrap();
            file.write_all(&RESULT).await.unwrap();
            if flush {
                file.flush().await.unwrap();
            }
            std::process::exit(0);
        }
        _ => {
            use futures_lite::AsyncWriteExt;
            let mut full = async_fs::File::create("/dev/full").await.unwrap();
            let written = full.write_all(b"row\n").await;
            println!("{}", written.is_err() || flush && full.flush().await.is_err());
            let mut file = async_fs::File::create("async-fs").await.unwrap();
            file.write_all(&RESULT).await.unwrap();
            if flush {
                file.flush().await.unwrap();
            }
            std::process::exit(0);
        }
    }
}
EOF
cargo build --quiet
seen=$(for it in 'std' 'tokio' 'tokio flush' 'async-fs' 'async-fs flush'; do
    # shellcheck disable=SC2086
    echo "$it: $(target/debug/job $it), $(stat -c %s "${it% flush}")"
done)
printf 'whether write_all told of a full disk, and how much of 1000000 bytes is in the file when the process has ended\n%s\n' "$seen"
tokio=$(sed -n 's/^tokio: false, //p' <<<"$seen") other=$(sed -n 's/^async-fs: false, //p' <<<"$seen")
[[ $tokio -lt 1000000 && $other -lt 1000000 && $(grep ': true, 1000000$' <<<"$seen" | cut -d: -f1 | paste -sd,) == 'std,tokio flush,async-fs flush' ]]
