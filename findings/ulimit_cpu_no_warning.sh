#!/usr/bin/env bash
# `ulimit -t N` of bash 5.2 and dash 0.5.12, and `prlimit --cpu=N` of util-linux 2.38.1 (Debian 12): a job that handles SIGXCPU to save what it has is
# killed by SIGKILL without it. They set the soft and the hard limit at once, and Linux looks at the hard one first, so SIGXCPU comes only where
# the hard limit is later. The guess would be SIGXCPU at the limit, and SIGKILL some time behind it.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get download -qq bash=5.2.15-2+b13 dash=0.5.12-2 util-linux=2.38.1-5+deb12u3 2>/dev/null
for package in *.deb; do dpkg-deb -x "$package" root; done
cat >job.py <<'END'
import signal
signal.signal(signal.SIGXCPU, lambda *_: print("saved", flush=True))
while True:
    pass
END
# ended COMMAND..: what the job said, and how it ended.
ended() {
    code=0
    said=$("$@" 2>/dev/null) || code=$?
    echo "${said:-nothing} $code"
}
bash=$(ended root/bin/bash -c 'ulimit -t 1; exec python3 job.py')
dash=$(ended root/bin/dash -c 'ulimit -t 1; exec python3 job.py')
prlimit=$(ended root/usr/bin/prlimit --cpu=1 python3 job.py)
apart=$(ended root/usr/bin/prlimit --cpu=1:2 python3 job.py)
echo "1 s of processor: bash $bash, dash $dash, prlimit --cpu=1 $prlimit, prlimit --cpu=1:2 $apart"
[[ "$bash,$dash,$prlimit,$apart" == 'nothing 137,nothing 137,nothing 137,saved 137' ]]
