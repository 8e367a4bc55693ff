#!/usr/bin/env bash
# lmdb 3.0.0 (PyPI), one key that a job writes its position to, over and over: a process that only looked at it, and was killed within its read, keeps the
# file from using any page again. So each write makes the file grow, until MapFullError, with one key of 100 kB in 16 MiB. The guess would be that the dead
# hold nothing. What lets go of the dead is `reader_check()`, or a start when no process has the file open.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check lmdb==3.0.0
cat >look.py <<'EOF'
import lmdb, time

with lmdb.open("db").begin() as looking:
    looking.get(b"position")
    print("reads", flush=True)
    time.sleep(60)
EOF
cat >job.py <<'EOF'
import lmdb, subprocess, sys

db = lmdb.open("db", map_size=16 << 20)

def writes(count):
    try:
        for done in range(count):
            with db.begin(write=True) as transaction:
                transaction.put(b"position", bytes(100_000))
        return "all"
    except lmdb.MapFullError:
        return "MapFullError, all before" if done > 50 else "MapFullError"

print(writes(2000))

def killed_reader():
    look = subprocess.Popen([sys.executable, "look.py"], stdout=subprocess.PIPE)
    look.stdout.readline()
    look.kill()
    look.wait()

killed_reader()
print(writes(2000))
print(writes(2000))
print("let go", db.reader_check())
print(writes(2000))
killed_reader()
print(writes(2000))
db.close()
db = lmdb.open("db", map_size=16 << 20)
print(writes(2000))
EOF
seen=$(env/bin/python job.py | paste -sd'/')
echo "lmdb 3.0.0, 2000 writes: alone / after a reader was killed / again / reader_check / after it / after another / opened anew: $seen"
[[ $seen == 'all/MapFullError, all before/MapFullError/let go 1/all/MapFullError, all before/all' ]]
