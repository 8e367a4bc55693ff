#!/usr/bin/env bash
# flexbuffers 25.12.19 (crates.io) stores a `char` as its lowest byte, by serde, without an error: what is above U+00FF comes back as another
# character, U+0100 as U+0000. A `String` of the same characters is right.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
mkdir src
cat >Cargo.toml <<'EOF'
[package]
name = "chars"
version = "0.1.0"
edition = "2021"
[dependencies]
flexbuffers = "=25.12.19"
EOF
cat >src/main.rs <<'EOF'
fn main() {
    for given in ['a', '\u{e9}', '\u{100}', '\u{20ac}'] {
        let bytes = flexbuffers::to_vec(given).unwrap();
        let came: char = flexbuffers::from_slice(&bytes).unwrap();
        let bytes = flexbuffers::to_vec(given.to_string()).unwrap();
        let text: String = flexbuffers::from_slice(&bytes).unwrap();
        println!("{:x} {:x} {}", u32::from(given), u32::from(came), text == given.to_string());
    }
}
EOF
found=$(cargo run --quiet)
printf 'flexbuffers 25.12.19: a char, what came back, whether a string of it did\n%s\n' "$found"
[[ $found == '61 61 true
e9 e9 true
100 0 true
20ac ac true' ]]
