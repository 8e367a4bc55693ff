#!/usr/bin/env bash
# s3rver 3.7.1 answers 200 to `If-None-Match: *` on an object that is there, and writes over it: so it can't hold a lock.
# The guess would be 412, as S3 answers, or 501 of a server that does not know the header. From npm, without installation.
set -euo pipefail
dir=$(mktemp -d)
trap 'kill "$server" 2>/dev/null; wait "$server" 2>/dev/null || true; rm -rf "$dir"' EXIT
server=
cd "$dir"
npm install --silent --no-audit --no-fund s3rver@3.7.1 >/dev/null
port=$(python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])')
mkdir data
node_modules/.bin/s3rver -d data -a 127.0.0.1 -p "$port" --configure-bucket jobs >log 2>&1 &
server=$!
until : 2>/dev/null <"/dev/tcp/127.0.0.1/$port"; do sleep 0.1; done
put() { curl -s -o answer -w '%{http_code}' -X PUT -H 'If-None-Match: *' --data-binary "$1" "http://127.0.0.1:$port/jobs/lease"; }
curl -s -o /dev/null "http://127.0.0.1:$port/jobs/lease" # it listens
first=$(put first)
second=$(put second)
stored=$(cat data/jobs/lease._S3rver_object 2>/dev/null || curl -s "http://127.0.0.1:$port/jobs/lease")
echo "s3rver $(node -p 'require("./node_modules/s3rver/package.json").version'): first create $first, second create $second, stored: $stored"
[[ $first == 200 && $second == 200 && $stored == second ]]
