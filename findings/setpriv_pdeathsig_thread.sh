#!/usr/bin/env bash
# `setpriv --pdeathsig TERM JOB` of util-linux 2.38.1 (Debian 12), so that a job ends when its parent does: a parent that starts it from a thread (of a pool,
# of a request) loses it when that thread ends, and lives on itself. The guess would be the parent process; Linux means the thread that forked. A job that is
# started from the first thread stays. The manual page of prctl says so, that of setpriv does not.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get download -qq util-linux=2.38.1-5+deb12u3 libcap-ng0 2>/dev/null
for package in *.deb; do dpkg-deb -x "$package" root; done
export LD_LIBRARY_PATH=$dir/root/usr/lib/$(uname -m)-linux-gnu:$dir/root/lib/$(uname -m)-linux-gnu
cat >parent.py <<'END'
import subprocess, threading

jobs = []

def start():
    job = ["root/usr/bin/setpriv", "--pdeathsig", "TERM", "sh", "-c", "echo begun; exec sleep 3"]
    jobs.append(subprocess.Popen(job, stdout=subprocess.PIPE))
    jobs[-1].stdout.readline()

start()
thread = threading.Thread(target=start)
thread.start()
thread.join()
print(*(job.wait() for job in jobs))
END
seen=$(python3 parent.py)
echo "setpriv 2.38.1, the exit codes of two jobs of 3 s whose parent lives: started from its first thread, from one that ended: $seen"
[[ $seen == '0 -15' ]]
