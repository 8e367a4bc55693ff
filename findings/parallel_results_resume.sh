#!/usr/bin/env bash
# GNU parallel 20221122 (Debian 12): with `--results DIR --resume` a task that was under way when all was killed is passed over, and the exit code is
# 0: its files in DIR are made when it begins, and count as its result, also beside a `--joblog` that does not have the task. By `--joblog
# --resume` alone it is done again. The guess would be that a result is what a task leaves that ended.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get download parallel=20221122+ds-2 >/dev/null 2>&1
dpkg-deb -x parallel_*.deb root
# The task tells when it ends.
printf 'sleep 1\necho "$1" >>ended\n' >task.sh
# ended OPTIONS: which tasks end in two runs, of which the first is killed when the second pair is under way.
ended() {
    rm -rf ended log results
    run=(perl root/usr/bin/parallel --will-cite -j2 "$@" bash task.sh ::: 1 2 3 4 5 6)
    setsid "${run[@]}" >/dev/null 2>&1 &
    until [[ -s ended && $(wc -l <ended) -ge 2 ]]; do sleep 0.05; done
    sleep 0.5
    pkill -KILL --session $!
    wait $! 2>/dev/null || true
    "${run[@]}" >/dev/null
    sort -u ended | tr '\n' ' '
}
log=$(ended --joblog log --resume)
both=$(ended --joblog log --results results --resume)
results=$(ended --results results --resume)
printf 'GNU parallel 20221122, ended of six tasks, exit code 0\n  --joblog: %s\n  --joblog --results: %s\n  --results: %s\n' "$log" "$both" "$results"
[[ $log == '1 2 3 4 5 6 ' && $both == '1 2 5 6 ' && $results == '1 2 5 6 ' ]]
