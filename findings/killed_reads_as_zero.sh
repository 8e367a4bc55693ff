#!/usr/bin/env bash
# What starts a job and passes its exit code on, where the job is killed, as the kernel does when memory is short: Node.js' `process.exit(spawnSync(..).status)` and `child.on("exit", process.exit)`
# exit with 0, as the code of a killed child is null; so does Perl's `exit(system(..) >> 8)`, as the signal is in the bits that are shifted out; `find -exec JOB \;` of findutils 4.9.0
# and `script -c` of util-linux 2.38.1 (Debian 12), without -e, exit with 0 whatever happens. So cron, CI and `&&` take the killed job for done. The guess would be 137, as
# from a shell, `timeout` and awk, or some other code than 0, as from Python's `sys.exit(subprocess.call(..))`. Perl is 5.36.0.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get download -qq findutils=4.9.0-4 bsdutils=1:2.38.1-5+deb12u3 perl-base=5.36.0-7+deb12u3 2>/dev/null
for package in *.deb; do dpkg-deb -x "$package" root; done
cat >killed <<'JOB'
#!/bin/sh
kill -KILL $$
JOB
cat >failed <<'JOB'
#!/bin/sh
exit 3
JOB
chmod +x killed failed
# codes COMMAND..: its exit codes for a job that fails with 3, and for one that is killed.
codes() {
    local job code
    for job in failed killed; do
        code=0
        "${@//JOB/.\/$job}" >/dev/null 2>&1 || code=$?
        echo "$code"
    done | paste -sd' '
}
seen=$(
    echo "node, spawnSync: $(codes node -e 'process.exit(require("child_process").spawnSync("JOB").status)')"
    echo "node, exit: $(codes node -e 'require("child_process").spawn("JOB").on("exit", process.exit)')"
    echo "perl: $(codes root/usr/bin/perl -e 'exit(system("JOB") >> 8)')"
    echo "find: $(codes root/usr/bin/find killed -exec JOB ';')"
    echo "script: $(codes root/usr/bin/script -q -c JOB /dev/null)"
    echo "script -e: $(codes root/usr/bin/script -q -e -c JOB /dev/null)"
    echo "sh: $(codes sh -c 'JOB; exit $?')"
    echo "python: $(codes python3 -c 'import subprocess, sys; sys.exit(subprocess.call("JOB"))')"
)
printf 'exit code where the job failed with 3, and where it was killed\n%s\n' "$seen"
[[ $seen == 'node, spawnSync: 3 0
node, exit: 3 0
perl: 3 0
find: 0 0
script: 0 0
script -e: 3 137
sh: 3 137
python: 3 247' ]]
