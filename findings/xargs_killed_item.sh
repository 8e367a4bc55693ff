#!/usr/bin/env bash
# xargs of findutils 4.9.0 and of busybox 1.35.0 (Debian 12), a list of items: one that fails by exit code 1 is told at the end, and all others are done. One
# that is killed by a signal, as the kernel does where memory is short, ends the list: what comes behind it is not begun, and the exit code is 125 and not
# 123. The guess would be that a killed item is a failed one, as by GNU parallel 20221122. With a shell between, which makes 137 of it, it is.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get download -qq findutils=4.9.0-4 busybox=1:1.35.0-4+deb12u1+b1 parallel=20221122+ds-2 2>/dev/null
for package in *.deb; do dpkg-deb -x "$package" root; done
cat >item <<'END'
#!/bin/sh
echo "$1" >>began
[ "$1" != 3 ] || eval "$END"
END
chmod +x item
# how END COMMAND..: which items began, where item 3 ends by END, and the exit code of the whole.
how() {
    local code=0
    rm -f began
    seq 6 | END=$1 "${@:2}" >/dev/null 2>&1 || code=$?
    echo "$(paste -sd' ' began) ($code)"
}
failed='exit 1' killed='kill -KILL $$'
busybox=(root/bin/busybox xargs -n 1)
seen=$(
    how "$failed" root/usr/bin/xargs -n 1 ./item
    how "$killed" root/usr/bin/xargs -n 1 ./item
    how "$failed" "${busybox[@]}" ./item
    how "$killed" "${busybox[@]}" ./item
    how "$killed" perl root/usr/bin/parallel -j 1 ./item
    how "$killed" root/usr/bin/xargs -n 1 sh -c './item "$0"; exit $?'
)
printf 'item 3 of 6 fails, is killed: xargs, busybox xargs; is killed: parallel, xargs with a shell between\n%s\n' "$seen"
[[ $seen == '1 2 3 4 5 6 (123)
1 2 3 (125)
1 2 3 4 5 6 (123)
1 2 3 (125)
1 2 3 4 5 6 (1)
1 2 3 4 5 6 (123)' ]]
