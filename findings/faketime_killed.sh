#!/usr/bin/env bash
# faketime 0.9.10 (Debian 12) starts no program under the process id that a killed faketime had: it exits with 1 and "sem_open: File exists".
# Its semaphore has the id in its name, is created by the wrapper, and stays in /dev/shm after SIGKILL. Containers that share /dev/shm number
# their processes alike, so the second one fails every time; on one machine it is as rare as a reused id. The guess would be that a killed
# program leaves nothing that stops the next one. FAKETIME with LD_PRELOAD, without the wrapper, starts. Takes root, for namespaces.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get download faketime=0.9.10-2.1 libfaketime=0.9.10-2.1 >/dev/null 2>&1
for package in *.deb; do dpkg-deb -x "$package" root; done
export FAKETIME_COMMAND=$dir/root/usr/bin/faketime
LIBRARY=$(find "$dir/root" -name libfaketime.so.1)
export LIBRARY
# container COMMAND: runs a script in a process namespace, with a /dev/shm that all of them share.
container() {
    unshare --pid --fork --mount sh -c "mount --bind '$dir/shm' /dev/shm; $1" 2>&1 || true
}
mkdir shm
# shellcheck disable=SC2016
killed='"$FAKETIME_COMMAND" -f +0 sleep 9 >said 2>&1 & p=$!; sleep 0.5; kill -9 $p 2>/dev/null; wait $p; echo "code $?"; grep -o "sem_open.*" said'
first=$(container "$killed" | tr '\n' ' ')
second=$(container "$killed" | tr '\n' ' ')
# shellcheck disable=SC2016
preloaded=$(container 'sleep 0; LD_PRELOAD=$LIBRARY FAKETIME="2001-01-01 00:00:00" date +%Y')
printf 'faketime 0.9.10\n  first: %s\n  second: %s\n  by LD_PRELOAD: %s\n' "$first" "$second" "$preloaded"
[[ $first == *'code 137'* && $first != *sem_open* && $second == *'code 1 sem_open: File exists'* && $preloaded == 2001 ]]
