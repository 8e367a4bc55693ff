#!/usr/bin/env bash
# etcdctl 3.4.23 (Debian 12): `etcdctl lock NAME COMMAND` runs its command on when its lease has ended, and exits with 0. After a pause of etcdctl
# alone (a frozen container, a machine that swaps) or a network that was away for longer than `--ttl`, two commands run under one lock, and
# neither is told. The guess would be that it ends its command, or at least tells; without a command it ends with "session expired".
set -euo pipefail
dir=$(mktemp -d)
started=()
trap 'kill -KILL "${started[@]}" 2>/dev/null || true; wait 2>/dev/null; rm -rf "$dir"' EXIT
cd "$dir"
apt-get download -qq etcd-server=3.4.23-4+b4 etcd-client=3.4.23-4+b4 2>/dev/null
for package in *.deb; do dpkg-deb -x "$package" root; done
read -r client peer < <(python3 -c 'import socket
free = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
print(*(s.getsockname()[1] for s in free))')
root/usr/bin/etcd --data-dir data --listen-client-urls "http://127.0.0.1:$client" --advertise-client-urls "http://127.0.0.1:$client" \
    --listen-peer-urls "http://127.0.0.1:$peer" --initial-advertise-peer-urls "http://127.0.0.1:$peer" \
    --initial-cluster "default=http://127.0.0.1:$peer" >log 2>&1 &
started+=($!)
export ETCDCTL_API=3 ETCDCTL_ENDPOINTS=127.0.0.1:$client
until root/usr/bin/etcdctl endpoint health >/dev/null 2>&1; do sleep 0.2; done
# The command works until it is let go.
cat >job.sh <<'END'
: >"$1.began"
until [[ -e end ]]; do echo "$1" >>work; sleep 0.1; done
END
root/usr/bin/etcdctl lock --ttl 2 job bash job.sh first >first 2>&1 &
first=$!
started+=("$first")
until [[ -e first.began ]]; do sleep 0.1; done
kill -STOP "$first"
root/usr/bin/etcdctl lock --ttl 2 job bash job.sh second >second 2>&1 &
second=$!
started+=("$second")
until [[ -e second.began ]]; do sleep 0.1; done
kill -CONT "$first"
sleep 3
: >work
sleep 1
both=$(sort -u work | paste -sd' ')
: >end
codes=
for it in "$first" "$second"; do code=0; wait "$it" || code=$?; codes+="$code "; done
echo "etcdctl 3.4.23, 3 s after the first is let go on, under one lock work: $both; exit codes $codes; they say '$(cat first second)'"
[[ $both == 'first second' && $codes == '0 0 ' ]]
