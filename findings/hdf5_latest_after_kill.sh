#!/usr/bin/env bash
# h5py 3.16.0 (PyPI): what was flushed to an HDF5 file survives the death of its process or not, as the newest format was asked for or
# not. With `libver="latest"` the file is refused then ("already open for write"), also for reading, until `h5clear` mends it; by the
# format that is used unless another is asked for, it is read. The guess would be that the newer format is the safer one.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check h5py==3.16.0 numpy==2.4.6
cat >write.py <<'EOF'
import h5py, os, signal, sys
file = h5py.File(sys.argv[1], "w", libver=sys.argv[2] if len(sys.argv) > 2 else None)
file["weights"] = [1, 2, 3]
file.flush()
os.kill(os.getpid(), signal.SIGKILL)
EOF
cat >read.py <<'EOF'
import h5py, sys
try:
    print([int(it) for it in h5py.File(sys.argv[1], "r")["weights"]])
except OSError as error:
    print(error)
EOF
env/bin/python write.py usual.h5 || true
env/bin/python write.py latest.h5 latest || true
usual=$(env/bin/python read.py usual.h5)
latest=$(env/bin/python read.py latest.h5)
printf 'h5py 3.16.0, flushed, then killed\n  usual: %s\n  libver="latest": %s\n' "$usual" "$latest"
[[ $usual == '[1, 2, 3]' && $latest == *'already open for write'* ]]
