#!/usr/bin/env bash
# dask.distributed 2026.8.0 (PyPI): twenty tasks are done, each of which has sent something, and their futures say "finished". Then a worker dies. The tasks that it had done are carried out
# once more, on another, without an error or a retry that was asked for: a result is in the memory of the worker that made it, and the futures are still held. The guess would be that
# "finished" is final, and `retries`, which is 0, the number of times more that a task may run. Futures whose results were gathered, and which were let go, send nothing again.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check distributed==2026.8.0
cat >job.py <<'EOF'
import os, signal, time
from dask.distributed import Client, LocalCluster, wait

def send(item, run):
    with open(run, "a") as log:
        print(item, os.getpid(), file=log)
    return item

def sent(run):
    return [line.split() for line in open(run)]

def go(client, run, held):
    futures = client.map(send, range(20), run=run)
    wait(futures)
    states, before = {it.status for it in futures}, len(sent(run))
    if not held:
        futures = client.gather(futures)
    killed = sent(run)[0][1]
    by_killed = sum(pid == killed for _, pid in sent(run))
    os.kill(int(killed), signal.SIGKILL)
    time.sleep(5)
    if held:
        wait(futures)
    print(run, *states, before, "sent more often:", "all of the dead" if len(sent(run)) == before + by_killed else len(sent(run)) - before)

if __name__ == "__main__":
    with LocalCluster(n_workers=3, threads_per_worker=1, dashboard_address=None, silence_logs=50) as cluster, Client(cluster) as client:
        go(client, "held", True)
        go(client, "gathered", False)
EOF
seen=$(env/bin/python job.py 2>/dev/null)
printf 'dask.distributed 2026.8.0, 20 tasks, and then a worker is killed\n%s\n' "$seen"
[[ $seen == 'held finished 20 sent more often: all of the dead
gathered finished 20 sent more often: 0' ]]
