#!/usr/bin/env bash
# huey 3.5.4 (PyPI), queue in an SQLite file: a task with `retries=3` whose consumer is killed while it runs is gone. It leaves the queue before it
# begins, and only what raises an error is tried again. The next consumer does those behind it, and nothing tells of the one.
set -euo pipefail
dir=$(mktemp -d)
trap 'kill -KILL "$consumer" 2>/dev/null || true; rm -rf "$dir"' EXIT
consumer=
cd "$dir"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check huey==3.5.4
cat >tasks.py <<'EOF'
import time
from huey import SqliteHuey

queue = SqliteHuey(filename="queue.db")

def note(name, task):
    with open(name, "a") as file:
        print(task, file=file)

@queue.task(retries=3)
def work(task):
    note("began", task)
    time.sleep(1)
    note("ended", task)
EOF
env/bin/python -c 'import tasks; [tasks.work(it) for it in range(4)]'
consume() { PYTHONPATH=. env/bin/python -m huey.bin.huey_consumer tasks.queue -w 1 -n >>log 2>&1 & consumer=$!; }
consume
until grep -qs 1 began; do sleep 0.05; done
kill -KILL "$consumer"
wait "$consumer" 2>/dev/null || true
consume
until grep -qs 3 ended; do sleep 0.1; done
sleep 2
waiting=$(env/bin/python -c 'import tasks; print(len(tasks.queue))')
printf 'huey 3.5.4, killed in task 1 of 0 to 3: began %s, ended %s, %s wait\n' "$(paste -sd' ' began)" "$(paste -sd' ' ended)" "$waiting"
[[ $(paste -sd' ' began) == '0 1 2 3' && $(paste -sd' ' ended) == '0 2 3' && $waiting == 0 ]]
