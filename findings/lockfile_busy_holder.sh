#!/usr/bin/env bash
# proper-lockfile 4.1.2 (npm), the lock of a job that computes for 13 s without a pause: another process is given the lock after 10 s, while the first one works. The holder renews the
# lock by a timer, which does not fire while JavaScript runs, and a lock that was not renewed for `stale`, 10 s, counts as that of the dead. The first is told (`onCompromised`)
# when its work is done. The guess would be that a process that is there keeps its lock, as with `flock`.
set -euo pipefail
dir=$(mktemp -d)
first=
trap 'kill "$first" 2>/dev/null || true; rm -rf "$dir"' EXIT
cd "$dir"
npm install --silent --no-audit --no-fund proper-lockfile@4.1.2 >/dev/null
cat >first.js <<'EOF'
require('proper-lockfile').lock('job', { onCompromised: () => console.log('the first is told') }).then(() => {
  console.log('the first has the lock');
  const end = Date.now() + 13000;
  while (Date.now() < end);
  console.log('the first is done');
  setTimeout(() => {}, 2000);
});
EOF
cat >second.js <<'EOF'
const { lock } = require('proper-lockfile');
const ask = () => lock('job').then(() => { console.log('the second has the lock'); process.exit(); }, () => setTimeout(ask, 200));
ask();
EOF
touch job
node first.js >>log &
first=$!
until [[ -s log ]]; do sleep 0.1; done
node second.js >>log
wait "$first"
seen=$(paste -sd, log)
echo "proper-lockfile 4.1.2: $seen"
[[ $seen == 'the first has the lock,the second has the lock,the first is done,the first is told' ]]
