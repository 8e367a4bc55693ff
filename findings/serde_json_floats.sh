#!/usr/bin/env bash
# serde_json 1.0.154 (crates.io): of the numbers that it writes by itself, it reads more than one in ten back as the neighbour of what it wrote, unless the feature `float_roundtrip` is
# on. So a sum that is kept as JSON between two runs ends as another number than in one run, without an error. What is written is right: Rust's own `parse` of the same text,
# ron 0.12.3 and Python read each as it was. The guess would be that a number comes back as it went, as from these.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
mkdir src
cat >Cargo.toml <<'EOF'
[package]
name = "floats"
version = "0.1.0"
edition = "2021"
[features]
roundtrip = ["serde_json/float_roundtrip"]
[dependencies]
ron = "=0.12.3"
serde_json = "=1.0.154"
EOF
cat >src/main.rs <<'EOF'
fn main() {
    let (mut json, mut parsed, mut ron) = (0, 0, 0);
    // The same sum, in one run, and by a checkpoint in JSON behind each item.
    let (mut sum, mut resumed) = (0.0, 0.0);
    for item in 1..=100_000 {
        let value = 1.0 / f64::from(item);
        let text = serde_json::to_string(&value).unwrap();
        json += i32::from(serde_json::from_str::<f64>(&text).unwrap() != value);
        parsed += i32::from(text.parse::<f64>().unwrap() != value);
        ron += i32::from(ron::from_str::<f64>(&ron::to_string(&value).unwrap()).unwrap() != value);
        sum += value;
        resumed = serde_json::from_str(&serde_json::to_string(&(resumed + value)).unwrap()).unwrap();
    }
    println!("{json} {parsed} {ron} {}", sum == resumed);
}
EOF
plain=$(cargo run --quiet)
told=$(cargo run --quiet --features roundtrip)
python=$(python3 -c 'import json; print(sum(json.loads(json.dumps(1 / item)) != 1 / item for item in range(1, 100_001)))')
printf 'of 100000 numbers, those read as another: by serde_json, parse, ron; whether a sum by checkpoints is the sum of one run\n%s\nwith float_roundtrip: %s\nPython: %s\n' "$plain" "$told" "$python"
read -r json rest <<<"$plain"
[[ $json -gt 5000 && $rest == '0 0 false' && $told == '0 0 0 true' && $python == 0 ]]
