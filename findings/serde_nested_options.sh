#!/usr/bin/env bash
# Of eight serde formats (crates.io) six read a stored `Some(None)` as `None`, without an error: serde_json 1, rmp-serde 1.3.1, ciborium 0.2.2,
# cbor4ii 1.2.4, pot 3.0.1, flexbuffers 25.12.19. They differ in `Some(())`, which cbor4ii and pot alone of these give back. postcard 1.2.0 and
# serde_bare 0.5.0 give both back. So a checkpoint's "looked for, and not there" becomes "not looked for", by the format.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
mkdir src
cat >Cargo.toml <<'EOF'
[package]
name = "options"
version = "0.1.0"
edition = "2021"
[dependencies]
cbor4ii = { version = "=1.2.4", features = ["serde1"] }
ciborium = "=0.2.2"
flexbuffers = "=25.12.19"
postcard = { version = "=1.2.0", features = ["use-std"] }
pot = "=3.0.1"
rmp-serde = "=1.3.1"
serde = "1"
serde_bare = "=0.5.0"
serde_json = "1"
EOF
cat >src/main.rs <<'EOF'
use std::fmt::Debug;

use serde::{de::DeserializeOwned, Serialize};

fn came<T: Serialize + DeserializeOwned + Debug>(what: T) -> [(&'static str, String); 8] {
    let show = |came: T| format!("{came:?}");
    let mut cbor = Vec::new();
    ciborium::into_writer(&what, &mut cbor).unwrap();
    [
        ("cbor4ii", show(cbor4ii::serde::from_slice(&cbor4ii::serde::to_vec(Vec::new(), &what).unwrap()).unwrap())),
        ("ciborium", show(ciborium::from_reader(&cbor[..]).unwrap())),
        ("flexbuffers", show(flexbuffers::from_slice(&flexbuffers::to_vec(&what).unwrap()).unwrap())),
        ("json", show(serde_json::from_slice(&serde_json::to_vec(&what).unwrap()).unwrap())),
        ("postcard", show(postcard::from_bytes(&postcard::to_stdvec(&what).unwrap()).unwrap())),
        ("pot", show(pot::from_slice(&pot::to_vec(&what).unwrap()).unwrap())),
        ("rmp", show(rmp_serde::from_slice(&rmp_serde::to_vec(&what).unwrap()).unwrap())),
        ("serde_bare", show(serde_bare::from_slice(&serde_bare::to_vec(&what).unwrap()).unwrap())),
    ]
}

fn main() {
    let nested = came(vec![Some(None::<u8>)]);
    let unit = came(vec![Some(())]);
    for ((format, nested), (_, unit)) in nested.iter().zip(&unit) {
        println!("{format} {nested} {unit}");
    }
}
EOF
found=$(cargo run --quiet)
printf 'what [Some(None)] and [Some(())] come back as\n%s\n' "$found"
[[ $found == 'cbor4ii [None] [Some(())]
ciborium [None] [None]
flexbuffers [None] [None]
json [None] [None]
postcard [Some(None)] [Some(())]
pot [None] [Some(())]
rmp [None] [None]
serde_bare [Some(None)] [Some(())]' ]]
