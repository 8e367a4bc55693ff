#!/usr/bin/env bash
# supervisor 4.3.0 (PyPI) with `stopasgroup` and `killasgroup`, and a script that bounds its job by coreutils' `timeout`: after `restart` the job of before
# runs on beside the new one, and after `stop` both do, while supervisor says STOPPED. `timeout` moves itself and the job to a process group
# of their own, which no signal to the script's group reaches. The guess would be that the two options reach whatever the script starts. With
# `timeout --foreground` they do.
set -euo pipefail
dir=$(mktemp -d)
cd "$dir"
daemon=
stop() {
    [[ -z $daemon ]] || { kill "$daemon"; wait "$daemon"; } 2>/dev/null || true
    while read -r it; do kill -KILL "$it" 2>/dev/null || true; done < <(cat began 2>/dev/null)
    rm -rf "$dir"
}
trap stop EXIT
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check supervisor==4.3.0 'setuptools<81'
cat >job.sh <<'END'
echo $$ >>began
while :; do echo $$ >>work; sleep 0.1; done
END
cat >conf <<END
[supervisord]
nodaemon = true
logfile = $dir/log
pidfile = $dir/pid
[unix_http_server]
file = $dir/socket
[supervisorctl]
serverurl = unix://$dir/socket
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[program:job]
command = bash run.sh
directory = $dir
stopasgroup = true
killasgroup = true
END
ask() { env/bin/supervisorctl -c conf "$@"; }
# began COUNT: waits until as many jobs have begun.
began() { until [[ -e began && $(wc -l <began) == "$1" ]]; do sleep 0.1; done; }
working() {
    sleep 0.5
    : >work
    sleep 1
    sort -u work | wc -l
}
# counted OPTIONS: how many jobs work after a restart, and after a stop, where `timeout` has the options.
counted() {
    while read -r it; do kill -KILL "$it" 2>/dev/null || true; done < <(cat began 2>/dev/null)
    rm -f began
    echo "timeout $1 1d bash job.sh; echo ended" >run.sh
    env/bin/supervisord -c conf >out 2>&1 &
    daemon=$!
    began 1
    ask restart job >/dev/null
    began 2
    restarted=$(working)
    ask stop job >/dev/null
    stopped="$(working) ($({ ask status job || true; } | tr -s ' ' | cut -d' ' -f2))"
    kill "$daemon"
    wait "$daemon" || true
    daemon=
}
counted ''
plain="$restarted, $stopped"
counted --foreground
echo "supervisor 4.3.0, jobs that work after restart and after stop: $plain; with --foreground: $restarted, $stopped"
[[ $plain == '2, 2 (STOPPED)' && "$restarted, $stopped" == '1, 0 (STOPPED)' ]]
