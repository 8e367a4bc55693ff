#!/usr/bin/env bash
# mosquitto 2.0.11 (Debian 12) with `persistence true`: messages of QoS 2 that it has acknowledged to the sender, for a worker with a session of its own
# that is away, and the session itself, are gone when the broker is killed: it writes its file at a regular end and each `autosave_interval`,
# which is half an hour. The guess would be that what is acknowledged by the strongest level is in the file. The client is paho-mqtt 2.1.0 (PyPI).
set -euo pipefail
dir=$(mktemp -d)
chmod 777 "$dir"
broker=
trap '[[ -z $broker ]] || kill -KILL "$broker" 2>/dev/null || true; wait 2>/dev/null; rm -rf "$dir"' EXIT
cd "$dir"
version=2.0.11-1.2+deb12u2
apt-get download -qq "mosquitto=$version" libdlt2 2>/dev/null
for package in *.deb; do dpkg-deb -x "$package" root; done
LD_LIBRARY_PATH=$(find "$PWD/root/usr/lib" -name 'libdlt.so*' -printf '%h\n' | head -n 1)
export LD_LIBRARY_PATH
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check paho-mqtt==2.1.0
port=$(python3 -c 'import socket; print(socket.create_server(("127.0.0.1", 0)).getsockname()[1])')
printf 'listener %s 127.0.0.1\nallow_anonymous true\npersistence true\npersistence_location %s/\n' "$port" "$dir" >conf
cat >client.py <<'PY'
import sys, time
from paho.mqtt.client import CallbackAPIVersion, Client

def connected(name):
    client, got, began = Client(CallbackAPIVersion.VERSION2, name, clean_session=False), [], []
    client.on_message = lambda _client, _data, message: got.append(message.payload.decode())
    client.on_connect = lambda *_: began.append(True)
    client.connect("127.0.0.1", int(sys.argv[2]))
    client.loop_start()
    while not began:
        time.sleep(0.05)
    return client, got

if sys.argv[1] == "subscribe":
    client, _ = connected("worker")
    done = []
    client.on_subscribe = lambda *_: done.append(True)
    client.subscribe("jobs", qos=2)
    while not done:
        time.sleep(0.05)
elif sys.argv[1] == "publish":
    client, _ = connected("boss")
    for item in range(3):
        sent = client.publish("jobs", f"item {item}", qos=2)
        sent.wait_for_publish(30)
        assert sent.is_published()
else:
    client, got = connected("worker")
    time.sleep(2)
    print(", ".join(got) or "nothing")
client.disconnect()
PY
start() {
    root/usr/sbin/mosquitto -c conf >>log 2>&1 &
    broker=$!
    until : <"/dev/tcp/127.0.0.1/$port"; do sleep 0.1; done 2>/dev/null
}
# after SIGNAL: what a worker gets that was away when the broker had acknowledged three items and got the signal.
after() {
    rm -f mosquitto.db
    start
    env/bin/python client.py subscribe "$port"
    env/bin/python client.py publish "$port"
    kill "-$1" "$broker"
    wait "$broker" 2>/dev/null || true
    start
    env/bin/python client.py get "$port" >got
    kill "$broker"
    wait "$broker" || true
    broker=
}
after TERM
ended=$(<got)
after KILL
killed=$(<got)
echo "mosquitto $version, acknowledged at QoS 2, 3 items: after SIGTERM the worker gets $ended; after SIGKILL $killed"
[[ $ended == 'item 0, item 1, item 2' && $killed == nothing ]]
