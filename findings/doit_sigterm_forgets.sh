#!/usr/bin/env bash
# doit 0.37.0 (PyPI), eight tasks, ended in the fifth and run again: behind SIGINT the four that were done are passed over; behind SIGTERM, as
# batch systems and containers send it, and SIGKILL, all eight are carried out, whichever of the backends has the list: what is done is
# written at the end of the run alone, which Ctrl-C reaches and SIGTERM does not. The guess would be that each task is noted as it is done.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check doit==0.37.0
cat >dodo.py <<'PY'
import time

def work(item):
    with open("began", "a") as began:
        print(item, file=began)
    time.sleep(0.5)

def task_work():
    for item in range(8):
        yield {"name": str(item), "actions": [(work, [item])], "file_dep": ["dodo.py"]}
PY
# again SIGNAL BACKEND: which tasks the second run carries out, where the first was ended in task 4.
again() {
    rm -rf .doit.db* began
    # Python is given its own SIGINT, which a shell without job control has its jobs ignore.
    env/bin/python -c "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)
from doit.doit_cmd import DoitMain
DoitMain().run(['run', '--backend=$2'])" >log 2>&1 &
    until grep -qs 4 began; do sleep 0.02; done
    { kill -"$1" $! && wait $! || true; } 2>/dev/null
    rm began
    env/bin/python -m doit run --backend="$2" >log
    paste -sd' ' began
}
found=$(for backend in dbm json sqlite3; do for signal in INT TERM KILL; do echo "$backend, $signal: $(again $signal $backend)"; done; done)
printf 'doit 0.37.0, what the second run carries out\n%s\n' "$found"
all='0 1 2 3 4 5 6 7'
[[ $found == "dbm, INT: 4 5 6 7
dbm, TERM: $all
dbm, KILL: $all
json, INT: 4 5 6 7
json, TERM: $all
json, KILL: $all
sqlite3, INT: 4 5 6 7
sqlite3, TERM: $all
sqlite3, KILL: $all" ]]
