#!/usr/bin/env bash
# bullmq 6.7.0 (npm): a job with `attempts: 10` whose worker is killed twice has failed for good, "job stalled more than allowable limit", with one attempt
# counted: a worker's death is no attempt, and of deaths a job has one (`maxStalledCount`, an option of the worker). The guess would be ten. So a long job on
# machines that are taken away is given up. Redis 7.0.15 is Debian 12's, unpacked into a temporary folder.
set -euo pipefail
dir=$(mktemp -d)
redis= worker=
trap 'kill -KILL "$worker" "$redis" 2>/dev/null || true; rm -rf "$dir"' EXIT
cd "$dir"
version=5:7.0.15-1~deb12u10
apt-get download -qq "redis-server=$version" "redis-tools=$version" libjemalloc2 liblzf1 2>/dev/null
for package in *.deb; do dpkg-deb -x "$package" root; done
export LD_LIBRARY_PATH=$dir/root/usr/lib/$(uname -m)-linux-gnu PATH=$dir/root/usr/bin:$PATH
npm install --silent --no-audit --no-fund bullmq@6.7.0 ioredis@6.0.0 >/dev/null
PORT=$(python3 -c 'import socket; print(socket.create_server(("127.0.0.1", 0)).getsockname()[1])')
export PORT
redis-server --port "$PORT" --bind 127.0.0.1 --save '' >redis.log 2>&1 &
redis=$!
until [[ $(redis-cli -p "$PORT" ping 2>/dev/null) == PONG ]]; do sleep 0.1; done
cat >job.mjs <<'EOF'
import { appendFileSync } from "node:fs"
import { Queue, Worker } from "bullmq"
const connection = { host: "127.0.0.1", port: Number(process.env.PORT) }
const queue = new Queue("jobs", { connection })
if (process.argv[2] == "work") {
  const long = async () => {
    appendFileSync("began", "x\n")
    await new Promise(done => setTimeout(done, 60_000))
  }
  // Other times alone: that a worker is dead is noticed within a second instead of half a minute.
  new Worker("jobs", long, { connection, lockDuration: 1000, stalledInterval: 1000 })
} else {
  if (process.argv[2] == "add") await queue.add("work", {}, { jobId: "long", attempts: 10 })
  const job = await queue.getJob("long")
  console.log(await job.getState(), job.attemptsMade, job.failedReason ?? "")
  await queue.close()
}
EOF
node job.mjs add >/dev/null
work() { node job.mjs work >>log 2>&1 & worker=$!; }
for deaths in 1 2; do
    work
    until [[ -e began && $(wc -l <began) == "$deaths" ]]; do sleep 0.1; done
    kill -KILL "$worker"
    wait "$worker" 2>/dev/null || true
done
work
until [[ $(node job.mjs ask) != active* ]]; do sleep 0.2; done
seen=$(node job.mjs ask)
echo "bullmq 6.7.0, 10 attempts, two workers killed, $(wc -l <began) began: $seen"
[[ $seen == 'failed 1 job stalled more than allowable limit' && $(wc -l <began) == 2 ]]
