#!/usr/bin/env bash
# bash 5.2.15 (Debian 12) runs the trap of a signal between `PROGRAM &` and `pid=$!` on the same line, so a trap with `kill -USR1 $pid`, as batch
# scripts have it, passes nothing on to a program that has already begun: bash was still returning from its fork. A trap with `kill -USR1 $!`
# passes the signal on, as `$!` is set with the fork. The guess would be that both are the same. strace 6.1 makes the fork return late, as a
# busy machine does: there 25 of 60 signals were lost.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get download bash=5.2.15-2+b13 strace=6.1-0.1 >/dev/null 2>&1
for package in *.deb; do dpkg-deb -x "$package" root; done
cat >program <<'SH'
#!/bin/sh
trap 'echo signal >>told' USR1
echo ready >>told
left=100
while [ ! -e go ] && [ $left -gt 0 ]; do sleep 0.01; left=$((left - 1)); done
SH
printf '%s\n' 'trap "kill -USR1 \$pid 2>/dev/null" USR1' './program & pid=$!' 'while kill -0 $pid 2>/dev/null; do wait $pid; done' >by_name
printf '%s\n' 'trap "kill -USR1 \$! 2>/dev/null" USR1' './program &' 'while kill -0 $! 2>/dev/null; do wait $!; done' >by_parameter
chmod +x program
# told SCRIPT: what the program tells of itself, if the script gets the signal when the program is ready.
told() {
    rm -f told go
    root/usr/bin/strace -D -o /dev/null -e trace=clone -e inject=clone:delay_exit=200000 root/bin/bash "$1" &
    until [[ -s told ]]; do sleep 0.01; done
    kill -USR1 $!
    sleep 0.5
    touch go
    wait $! || true
    tr '\n' ' ' <told
}
name=$(told by_name)
parameter=$(told by_parameter)
printf 'bash 5.2.15\n  $pid: %s\n  $!: %s\n' "$name" "$parameter"
[[ $name == 'ready ' && $parameter == 'ready signal ' ]]
