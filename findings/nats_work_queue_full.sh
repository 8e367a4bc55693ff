#!/usr/bin/env bash
# nats-server 2.9.10 (Debian 12), a JetStream stream of `WORK_QUEUE` retention, which keeps each message until a worker has acknowledged it, with
# `max_msgs=5`: the sixth is accepted, with its number, and the first, which nobody has had, is gone. What a full stream does is `discard`, "old" unless it is
# set. The guess would be that a full queue of work refuses more, which `DiscardPolicy.NEW` brings. The client is nats-py 2.16.0 (PyPI).
set -euo pipefail
dir=$(mktemp -d)
server=
trap 'kill -KILL "$server" 2>/dev/null || true; rm -rf "$dir"' EXIT
cd "$dir"
apt-get download -qq nats-server=2.9.10-1+b3 2>/dev/null
dpkg-deb -x ./*.deb root
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check nats-py==2.16.0
port=$(python3 -c 'import socket; print(socket.create_server(("127.0.0.1", 0)).getsockname()[1])')
root/usr/sbin/nats-server -js -sd "$dir/store" -a 127.0.0.1 -p "$port" >log 2>&1 &
server=$!
until grep -q 'Server is ready' log; do sleep 0.1; done
cat >job.py <<'EOF'
import asyncio, sys
import nats
from nats.js.api import DiscardPolicy, RetentionPolicy, StreamConfig
from nats.js.errors import APIError

async def main():
    client = await nats.connect(f"nats://127.0.0.1:{sys.argv[1]}")
    stream = client.jetstream()
    for name, discard in [("unset", None), ("new", DiscardPolicy.NEW)]:
        await stream.add_stream(StreamConfig(
            name=name, subjects=[name], retention=RetentionPolicy.WORK_QUEUE, max_msgs=5, discard=discard))
        worker = await stream.pull_subscribe(name, durable="worker")
        accepted, done = 0, []
        for item in range(8):
            try:
                await stream.publish(name, str(item).encode())
                accepted += 1
            except APIError:
                pass
        for message in await worker.fetch(8, timeout=2):
            done.append(message.data.decode())
            await message.ack_sync()
        print(name, "accepted", accepted, "done", *done)
    await client.close()

asyncio.run(main())
EOF
seen=$(env/bin/python job.py "$port" | paste -sd/)
echo "nats-server 2.9.10, 8 items into a queue of 5, with discard: $seen"
[[ $seen == 'unset accepted 8 done 3 4 5 6 7/new accepted 5 done 0 1 2 3 4' ]]
