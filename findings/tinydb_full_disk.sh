#!/usr/bin/env bash
# tinydb 4.9.0 (PyPI): an `insert` for which the disk has no room raises OSError, and takes with it all that was stored before: the whole file is written
# again in place, what does not fit is cut off, and the next start can't read it. The guess would be that a failed insert leaves what was there, as by
# sqlite3. With `CachingMiddleware` it ends the same way. A limit of the file's size stands for the full disk.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check tinydb==4.9.0
cat >job.py <<'EOF'
import resource, sqlite3, tinydb
from tinydb.middlewares import CachingMiddleware
from tinydb.storages import JSONStorage

def put(name):
    if name == "sqlite3":
        table = sqlite3.connect("sqlite3", isolation_level=None)
        table.execute("CREATE TABLE done (item, result)")
        return lambda item: table.execute("INSERT INTO done VALUES (?, ?)", (item, "x" * 50))
    table = tinydb.TinyDB(name, storage=CachingMiddleware(JSONStorage) if name == "caching" else JSONStorage)
    return lambda item: table.insert({"item": item, "result": "x" * 50})

def left(name):
    try:
        if name == "sqlite3":
            return sqlite3.connect(name).execute("SELECT count(*) FROM done").fetchone()[0]
        return len(tinydb.TinyDB(name))
    except ValueError as error:
        return type(error).__name__

limit = 1 << 17
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
for name in ("plain", "caching", "sqlite3"):
    insert = put(name)
    # What is stored is known to be readable until the one that fails.
    stored = 0
    try:
        while True:
            insert(stored)
            stored += 1
    except (OSError, sqlite3.OperationalError) as error:
        kind = type(error).__name__
    count = left(name)
    print(name, kind, "all" if count == stored else count)
EOF
seen=$(env/bin/python job.py | paste -sd'/')
echo "tinydb 4.9.0, what an insert into the full file raises, and what is left: $seen"
[[ $seen == 'plain OSError JSONDecodeError/caching OSError JSONDecodeError/sqlite3 OperationalError all' ]]
