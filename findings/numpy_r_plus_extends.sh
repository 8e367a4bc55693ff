#!/usr/bin/env bash
# numpy 2.4.6 (PyPI): an array of results, of which a kill or a full disk has left the first part. `np.load(FILE)` and `mmap_mode="r"` raise ValueError. `mmap_mode="r+"`,
# by which a job would fill in the rest, makes the file as long as its head says, without an error: the missing results are noughts from then on, and every reader
# takes the file for whole. `np.memmap(FILE, mode="r+", shape=..)` does it too. The guess would be that "r+" opens what is there, and that "w+" alone makes anything.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check numpy==2.4.6
cat >job.py <<'EOF'
import os
import numpy as np

def found(open_it):
    try:
        results = np.asarray(open_it())
        return f"{len(results)} results, {np.count_nonzero(results == 0)} of them nought"
    except ValueError:
        return "ValueError"

def cut(name):
    os.truncate(name, os.path.getsize(name) - 400 * 8)

np.save("results.npy", np.arange(1, 1001))
cut("results.npy")
for mode in [None, "r", "r+", "r"]:
    print(mode, found(lambda: np.load("results.npy", mmap_mode=mode)), sep=": ")
np.arange(1, 1001).tofile("results")
cut("results")
for mode in ["r", "r+"]:
    print("memmap", mode, found(lambda: np.memmap("results", mode=mode, dtype="i8", shape=(1000,))), sep=": ")
EOF
seen=$(env/bin/python job.py)
printf 'numpy 2.4.6, 600 of 1000 results are in the file; opened by each in turn\n%s\n' "$seen"
[[ $seen == 'None: ValueError
r: ValueError
r+: 1000 results, 400 of them nought
r: 1000 results, 400 of them nought
memmap: r: ValueError
memmap: r+: 1000 results, 400 of them nought' ]]
