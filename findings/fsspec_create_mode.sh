#!/usr/bin/env bash
# fsspec 2026.9.0 (PyPI): `mode="create"`, which fails where the file is there, holds for `pipe_file` and, in memory, for `put_file`; on local files
# `put_file(.., mode="create")` writes over the file without an error. So what publishes a result once on memory and on S3 does not
# where it is tried on a disk.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check fsspec==2026.9.0
cat >try.py <<'EOF'
import fsspec, os

open("source", "wb").write(b"second")
for kind, path in ("memory", "/result"), ("file", os.path.abspath("result")):
    files = fsspec.filesystem(kind)
    for call in "pipe_file", "put_file":
        files.pipe_file(path, b"first")
        try:
            if call == "pipe_file":
                files.pipe_file(path, b"second", mode="create")
            else:
                files.put_file("source", path, mode="create")
            told = "no error"
        except FileExistsError:
            told = "FileExistsError"
        print(kind, call, told, files.cat_file(path).decode())
EOF
found=$(env/bin/python try.py)
printf 'fsspec 2026.9.0, mode="create" on a file that is there\n%s\n' "$found"
[[ $found == 'memory pipe_file FileExistsError first
memory put_file FileExistsError first
file pipe_file FileExistsError first
file put_file no error second' ]]
