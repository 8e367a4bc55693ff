#!/usr/bin/env bash
# cpulimit 2.8 (Debian 12), which holds a job to a share of a processor by SIGSTOP and SIGCONT: when cpulimit is killed (where memory is short, or by `kill
# -9`), the job stays stopped. It is there, holds its locks, does nothing, and SIGTERM does not end it, until a SIGCONT. At a limit of 5 % it is stopped
# nearly always. The guess would be that a job whose limiter is gone has no limit, as behind a regular end of cpulimit.
set -euo pipefail
dir=$(mktemp -d)
job=
trap 'kill -KILL "$job" 2>/dev/null || true; rm -rf "$dir"' EXIT
cd "$dir"
apt-get download -qq cpulimit=2.8-1 2>/dev/null
dpkg-deb -x ./*.deb root
state() { sed -n 's/^State:\t\(.\).*/\1/p' "/proc/$job/status" 2>/dev/null || true; }
# after SIGNAL: the state of a job whose limiter was sent SIGNAL while the job was stopped, now and after SIGTERM to the job.
after() {
    sh -c 'while :; do :; done' &
    job=$!
    root/usr/bin/cpulimit -l 5 -p "$job" >/dev/null &
    local limiter=$!
    until [[ $(state) == T ]]; do sleep 0.02; done
    kill "-$1" "$limiter"
    wait "$limiter" 2>/dev/null || true
    sleep 1
    local left
    left=$(state)
    kill "$job"
    sleep 0.5
    echo "$left then $(state)"
    kill -KILL "$job" 2>/dev/null || true
    wait "$job" 2>/dev/null || true
}
regular=$(after TERM) killed=$(after KILL)
# It may have let the job go on just before.
[[ $killed == T* ]] || killed=$(after KILL)
echo "cpulimit 2.8, the job's state when its limiter has ended, and behind SIGTERM to the job: SIGTERM $regular, SIGKILL $killed"
[[ $regular == 'R then '* && $regular != *T* && $killed == 'T then T' ]]
