#!/usr/bin/env bash
# util-linux 2.38.1 (Debian 12): a job under `runuser -u USER --` or `su -c` that ends neatly at SIGTERM is killed 2 s after it, whatever time its
# supervisor gives: these two pass SIGTERM on, wait for 2 s, and send SIGKILL. The guess would be what setpriv does, which the job replaces, or sudo,
# which waits. The manual page of su says so, that of runuser does not. Needs root.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
chmod 755 .
apt-get download -qq util-linux=2.38.1-5+deb12u3 2>/dev/null
dpkg-deb -x util-linux_*.deb root
cat >job.sh <<'END'
trap 'sleep 4; echo saved; exit 0' TERM
echo began
while :; do sleep 0.1; done
END
# stopped COMMAND..: what the job says when the program above it gets SIGTERM and is given all the time that it takes.
stopped() {
    "$@" >said 2>/dev/null &
    until grep -q began said; do sleep 0.1; done
    kill $!
    code=0
    wait $! || code=$?
    echo "$(paste -sd' ' said), exit code $code"
}
runuser=$(stopped root/sbin/runuser -u nobody -- bash "$dir/job.sh")
su=$(stopped root/bin/su -s /bin/bash nobody -c "bash $dir/job.sh")
setpriv=$(stopped root/usr/bin/setpriv --reuid=nobody --regid=nogroup --clear-groups bash "$dir/job.sh")
printf '%s, SIGTERM to a job that takes 4 s to end\n  runuser: %s\n  su: %s\n  setpriv: %s\n' \
    "$(root/sbin/runuser --version)" "$runuser" "$su" "$setpriv"
[[ $runuser == 'began, exit code 143' && $su == "$runuser" && $setpriv == 'began saved, exit code 0' ]]
