#!/usr/bin/env bash
# Python 3.11.2 (Debian 12), a job that keeps how far it is in a dbm file, and is killed at 100, having begun at 9. By `dbm.gnu` the file says 100. By `dbm.ndbm` it says 9: nothing is
# written before the end. By `dbm.dumb`, which `dbm` and `shelve` fall back on where neither is built in, it says 1: the value is written, its length is not, so what is read is
# the first byte of the new one. The guess would be 100, or 9, and not a third number without an error. `sync()` before the kill brings 100 from each.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python=3.11.2-6+deb12u9
apt-get download -qq "python3.11-minimal=$python" "libpython3.11-minimal=$python" "libpython3.11-stdlib=$python" python3-gdbm=3.11.2-3 libgdbm6 libdb5.3 2>/dev/null
for package in *.deb; do dpkg-deb -x "$package" root; done
libraries=$dir/root/usr/lib/$(uname -m)-linux-gnu
cat >job.py <<'EOF'
import importlib, os, signal, sys

kind, how = sys.argv[1:]
dbm = importlib.import_module("dbm." + kind)
with dbm.open(kind + how, "c") as db:
    db["done"] = "9"
db = dbm.open(kind + how, "c")
for done in range(10, 101):
    db["done"] = str(done)
if how == "synced":
    db.sync()
os.kill(os.getpid(), signal.SIGKILL)
EOF
run() { LD_LIBRARY_PATH=$libraries PYTHONPATH=$(echo root/usr/lib/python3/dist-packages root/usr/lib/python3.11/lib-dynload | tr ' ' :) root/usr/bin/python3.11 -s "$@"; }
cat >read.py <<'EOF'
import importlib, sys

print(importlib.import_module("dbm." + sys.argv[1]).open(sys.argv[1] + sys.argv[2])["done"].decode())
EOF
seen=$(for kind in gnu ndbm dumb; do
    for how in killed synced; do
        { run job.py $kind $how || true; } 2>/dev/null
        echo "$kind $how: $(run read.py $kind $how)"
    done
done | paste -sd,)
echo "Python 3.11.2, what the file says behind a kill at 100: $seen"
[[ $seen == 'gnu killed: 100,gnu synced: 100,ndbm killed: 9,ndbm synced: 100,dumb killed: 1,dumb synced: 100' ]]
