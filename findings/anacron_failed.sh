#!/usr/bin/env bash
# anacron 2.3 (Debian 12), which makes up for runs that were missed: a daily job that failed, or was killed, is stamped as one that succeeded, and not run
# again until the next day. Where anacron is killed in the middle of the job, the job is run again. The guess would be that what makes up for missed runs
# makes up for failed ones. So what was half done stays so for the whole period, which may be a month.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get download -qq anacron=2.3-36 2>/dev/null
dpkg-deb -x ./*.deb root
mkdir spool
cat >tab <<END
SHELL=/bin/sh
PATH=$PATH
1 0 fails echo fails >>$dir/ran; exit 1
1 0 killed echo killed >>$dir/ran; kill -KILL \$\$
30 0 works echo works >>$dir/ran
30 0 long echo long >>$dir/ran; until [ -e $dir/free ]; do sleep 0.1; done
END
anacron() { root/usr/sbin/anacron -d -s -t tab -S spool "$@" 2>>log; }
anacron &
until grep -qs long ran; do sleep 0.1; done
pkill -KILL -P "$!" anacron || true
kill -KILL "$!" 2>/dev/null || true
wait "$!" 2>/dev/null || true
touch free
echo / >>ran
anacron
seen=$(paste -sd' ' ran)
echo "anacron 2.3, ran at the first call, killed in the job \`long\`, and at the second: $seen"
[[ $seen == 'fails killed works long / long' ]]
