#!/usr/bin/env bash
# duckdb 2.0.1 (PyPI), a process that is killed in `COPY .. TO 'out/part.csv'`. If there was no such file, the rows go straight into it: the half has the
# name of the whole, for who passes over parts that are there. Over a file that is there a temporary one is written first, but
# beside it and with the same ending, out/tmp_part.csv: the next `FROM 'out/*.csv'` reads its rows as well, without an error, though
# its last number may be cut. The guess would be a temporary file each time, whose name no such pattern matches.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check duckdb==2.0.1
cat >killed.py <<'PY'
import duckdb, os, signal, threading, time

def end():
    while not any(os.path.getsize("out/" + it) > 1_000_000 for it in os.listdir("out")):
        time.sleep(0.005)
    os.kill(os.getpid(), signal.SIGKILL)

threading.Thread(target=end, daemon=True).start()
duckdb.sql("SET threads = 1")
duckdb.sql("COPY (SELECT i FROM range(1_000_000_000) rows(i)) TO 'out/part.csv'")
PY
query() { env/bin/python -c "import duckdb, sys; print(duckdb.sql(sys.argv[1]).fetchall()[0][0])" "$1"; }
mkdir out
{ env/bin/python killed.py || true; } 2>/dev/null
new=$(ls out | paste -sd' ')
new_rows=$(query "SELECT count(*) FROM 'out/*.csv'")
env/bin/python -c "import duckdb; duckdb.sql(\"COPY (SELECT i FROM range(10) rows(i)) TO 'out/part.csv'\")"
{ env/bin/python killed.py || true; } 2>/dev/null
over=$(ls out | paste -sd' ')
over_rows=$(query "SELECT count(*) FROM 'out/*.csv'")
kept=$(query "SELECT count(*) FROM 'out/part.csv'")
printf 'duckdb 2.0.1, killed in COPY\n  to a new file: %s, %s rows\n  over one of 10 rows: %s, %s rows; part.csv alone %s\n' "$new" "$new_rows" "$over" "$over_rows" "$kept"
[[ $new == part.csv && $new_rows -gt 1000 && $over == 'part.csv tmp_part.csv' && $over_rows -gt 1000 && $kept == 10 ]]
