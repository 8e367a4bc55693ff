#!/usr/bin/env bash
# celery 5.7.0 (PyPI) with `task_acks_late` and `task_reject_on_worker_lost`, by which a task is acknowledged behind its end: where the queue is in files
# (`filesystem://`) or in SQLite (`sqla+sqlite:`), a task whose worker is killed is gone all the same. These two take it out of the queue, or hide it,
# when it is fetched, and nothing brings it back. The guess would be that the next worker gets it, or that a broker which can't do what the options
# ask for is refused: they are accepted without a word.
set -euo pipefail
dir=$(mktemp -d)
worker=
trap 'kill -KILL $worker 2>/dev/null || true; wait 2>/dev/null; rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check celery==5.7.0 sqlalchemy==2.1.9
cat >tasks.py <<'PY'
import os, time
from celery import Celery

queue = Celery("tasks", broker=os.environ["BROKER"])
queue.conf.update(task_acks_late=True, task_reject_on_worker_lost=True, worker_prefetch_multiplier=1)
if os.environ["BROKER"].startswith("filesystem"):
    queue.conf.broker_transport_options = {"data_folder_in": "queue", "data_folder_out": "queue", "control_folder": "control"}

def note(name, task):
    with open(name, "a") as file:
        print(task, file=file)

@queue.task
def work(task):
    note("began", task)
    time.sleep(1)
    note("ended", task)
PY
mkdir queue control
consume() { env/bin/celery -A tasks worker --concurrency 1 --pool solo --without-mingle --without-gossip >>log 2>&1 & worker=$!; }
# ended BROKER: the tasks of 0 to 3 that end, when the first worker is killed in task 1 and the second has 15 s behind the last of the others.
ended() {
    export BROKER=$1
    rm -f began ended
    env/bin/python -c 'import tasks; [tasks.work.delay(it) for it in range(4)]'
    consume
    until grep -qs 1 began; do sleep 0.1; done
    kill -KILL "$worker"
    wait "$worker" 2>/dev/null || true
    consume
    until grep -qs 3 ended; do sleep 0.1; done
    for _ in $(seq 150); do ! grep -q 1 ended || break; sleep 0.1; done
    kill -KILL "$worker"
    wait "$worker" 2>/dev/null || true
    found=$(sort ended | paste -sd' ')
}
ended filesystem://
files=$found
ended sqla+sqlite:///queue.db
sqlite=$found
printf 'celery 5.7.0, acknowledged late, killed in task 1 of 0 to 3, ended\n  files: %s\n  SQLite: %s\n' "$files" "$sqlite"
[[ $files == '0 2 3' && $sqlite == '0 2 3' ]]
