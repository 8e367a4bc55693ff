#!/usr/bin/env bash
# supervisor 4.3.0 (PyPI) runs a batch job that succeeds four times: with `autorestart=unexpected`, of which one expects that exit
# code 0 is the end, a process that ends within `startsecs` (1 s unless set) "exited too quickly" whatever its exit code, is started
# again `startretries` times (3 unless set), and is FATAL then. So a resumed job with little left does all its work anew.
# With `startsecs=0` it runs once.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check supervisor==4.3.0
# runs OPTION: how often the job runs.
runs() {
    printf '%s\n' '[supervisord]' 'nodaemon=true' "logfile=$dir/log" "pidfile=$dir/pid" '[program:job]' \
        "command=sh -c 'echo ran >>$dir/runs'" 'autorestart=unexpected' "$1" >conf
    rm -f runs
    env/bin/supervisord -c conf >/dev/null 2>&1 &
    sleep 12
    kill $!
    wait $! || true
    wc -l <runs
}
usual=$(runs '')
grep -o 'exited: job.*\|gave up.*' log
none=$(runs startsecs=0)
echo "supervisor $(env/bin/supervisord --version): $usual runs of a job that succeeds, $none with startsecs=0"
[[ $usual == 4 && $none == 1 ]]
