#!/usr/bin/env bash
# A compressed file that a resumed run appends a frame to has two of them. Python's `zstandard.open` and `lz4.frame.open` read both, as the
# formats say. `decompress` of the same packages (zstandard 0.25.0, lz4 4.4.5), `read_to_iter`, and the crates ruzstd 0.9.1 and lz4_flex 0.14.2
# end behind the first, without an error: what the second run wrote is not there. And a file that is cut in the middle is to `zstandard.open` one
# that ends there, where backports.zstd 1.8.0 raises an error.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check zstandard==0.25.0 lz4==4.4.5 backports.zstd==1.8.0
cat >frames.py <<'PY'
import lz4.frame, zstandard
from backports import zstd

runs = [b"first\n", b"second\n"]
open("log.zst", "wb").write(b"".join(map(zstandard.compress, runs)))
open("log.lz4", "wb").write(b"".join(map(lz4.frame.compress, runs)))
zstandard_frames, lz4_frames = open("log.zst", "rb").read(), open("log.lz4", "rb").read()

def tell(name, found):
    print(f"{name}: {found.decode().split()}")

tell("zstandard.open", zstandard.open("log.zst").read())
tell("zstandard.decompress", zstandard.decompress(zstandard_frames))
tell("zstandard read_to_iter", b"".join(zstandard.ZstdDecompressor().read_to_iter(zstandard_frames)))
tell("backports.zstd.decompress", zstd.decompress(zstandard_frames))
tell("lz4.frame.open", lz4.frame.open("log.lz4").read())
tell("lz4.frame.decompress", lz4.frame.decompress(lz4_frames))
# Cut within a second block: the first is whole.
rows = b"".join(b"%d\n" % (it * it) for it in range(100_000))
whole = zstandard.compress(rows)
open("cut.zst", "wb").write(whole[:len(whole) * 3 // 4])
found = zstandard.open("cut.zst").read()
print("zstandard.open, cut:", "no error, fewer rows" if 0 < len(found) < len(rows) else "all")
try:
    print("backports.zstd.open, cut:", len(zstd.open("cut.zst").read()))
except EOFError:
    print("backports.zstd.open, cut: EOFError")
PY
mkdir src
cat >Cargo.toml <<'TOML'
[package]
name = "frames"
version = "0.1.0"
edition = "2021"
[dependencies]
lz4_flex = "=0.14.2"
ruzstd = "=0.9.1"
TOML
cat >src/main.rs <<'RS'
use std::{fs::File, io::Read};

fn tell(name: &str, mut from: impl Read) {
    let mut found = String::new();
    from.read_to_string(&mut found).unwrap();
    println!("{name}: {:?}", found.split_whitespace().collect::<Vec<_>>());
}

fn main() {
    tell("ruzstd", ruzstd::decoding::StreamingDecoder::new(File::open("log.zst").unwrap()).unwrap());
    tell("lz4_flex", lz4_flex::frame::FrameDecoder::new(File::open("log.lz4").unwrap()));
}
RS
found=$(env/bin/python frames.py; cargo run --quiet)
printf 'two frames, by what read them\n%s\n' "$found"
[[ $found == "zstandard.open: ['first', 'second']
zstandard.decompress: ['first']
zstandard read_to_iter: ['first']
backports.zstd.decompress: ['first', 'second']
lz4.frame.open: ['first', 'second']
lz4.frame.decompress: ['first']
zstandard.open, cut: no error, fewer rows
backports.zstd.open, cut: EOFError
ruzstd: [\"first\"]
lz4_flex: [\"first\"]" ]]
