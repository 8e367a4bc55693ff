#!/usr/bin/env bash
# PostgreSQL 16.2: `UPDATE queue SET state = 'taken' WHERE state = 'new' AND id IN (SELECT id .. WHERE state = 'new' ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)`
# takes each new row, where the table has a partial index on what is new, and most of it is done: the plan asks the subquery once for each row of the
# outer scan, and each time LIMIT 1 is another row, as those taken are skipped. With `id = (SELECT ..)` it takes one. All settings are the defaults.
# The programs come from pgserver 0.1.4 (PyPI). As root they run as nobody.
set -euo pipefail
dir=$(mktemp -d)
chmod 711 "$dir"
as=(); [[ $EUID != 0 ]] || as=(setpriv --reuid=nobody --regid=nogroup --clear-groups)
trap '"${as[@]}" "$bin/pg_ctl" -D "$dir/own/data" -m immediate stop >/dev/null 2>&1; rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv --copies env
env/bin/pip install --quiet --disable-pip-version-check pgserver==0.1.4
bin=$(echo "$dir"/env/lib/python3*/site-packages/pgserver/pginstall/bin)
mkdir -m 777 own
"${as[@]}" "$bin/initdb" -D own/data -A trust -U tester >/dev/null
"${as[@]}" "$bin/pg_ctl" -D own/data -w -l own/log -o "-k $dir/own -c listen_addresses=" start >/dev/null
ask() { "$bin/psql" -h "$dir/own" -U tester -d postgres -qAtc "$1"; }
ask "CREATE TABLE queue (id int PRIMARY KEY, state text NOT NULL DEFAULT 'new')"
ask "CREATE INDEX ON queue (id) WHERE state = 'new'"
ask "INSERT INTO queue SELECT id, 'done' FROM generate_series(1, 100000) id"
ask 'VACUUM ANALYZE queue'
ask 'INSERT INTO queue SELECT id FROM generate_series(100001, 100010) id'
next="SELECT id FROM queue WHERE state = 'new' ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED"
one=$(ask "UPDATE queue SET state = 'taken' WHERE state = 'new' AND id = ($next) RETURNING id" | wc -l)
all=$(ask "UPDATE queue SET state = 'taken' WHERE state = 'new' AND id IN ($next) RETURNING id" | wc -l)
echo "$("$bin/postgres" --version): $one taken by = (.. LIMIT 1), $all of the 9 left by IN (.. LIMIT 1)"
[[ $one == 1 && $all == 9 ]]
