#!/usr/bin/env bash
# indicatif 0.18.6 (crates.io): a job tells of what went wrong by `bar.println`, which keeps the line clear of its progress bar. On a terminal the lines are there. Where standard error is
# a file or a pipe, as under cron, a batch system, or `2>&1 | tee`, they are nowhere, and so is the message it ends with: as there is nothing to draw, they are not printed
# either. `MultiProgress::println` does the same, and returns `Ok`. The guess would be the lines without the bar, as by `tqdm.write` in Python; `bar.suspend(|| eprintln!(..))` prints them.
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
indicatif = "=0.18.6"
EOF
cat >src/main.rs <<'EOF'
fn main() {
    let bars = indicatif::MultiProgress::new();
    let bar = bars.add(indicatif::ProgressBar::new(3));
    bar.println("item 1 failed");
    let answer = bars.println("item 2 failed");
    bar.suspend(|| eprintln!("item 3 failed"));
    bar.abandon_with_message("3 failed");
    println!("{answer:?}");
}
EOF
cargo build --quiet
answer=$(target/debug/job 2>log)
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check tqdm==4.67.1
env/bin/python -c 'import sys, tqdm
for item in tqdm.tqdm([1]): tqdm.tqdm.write("item 1 failed", file=sys.stderr)' 2>tqdm.log
# A terminal of its own.
terminal=$(env/bin/python -c 'import pty; pty.spawn(["target/debug/job"])' | grep -o 'item . failed' | sort -u | paste -sd/)
printf 'on a terminal: %s\nin a file: %s, and MultiProgress::println returned %s; tqdm: %s\n' "$terminal" "$(paste -sd/ log)" "$answer" "$(grep -o 'item . failed' tqdm.log)"
[[ $terminal == 'item 1 failed/item 2 failed/item 3 failed' && $(paste -sd/ log) == 'item 3 failed' && $answer == 'Ok(())' ]]
grep -q 'item 1 failed' tqdm.log
