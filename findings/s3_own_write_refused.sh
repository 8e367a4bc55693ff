#!/usr/bin/env bash
# A worker takes a lock by creating an object with `If-None-Match: *`. The connection breaks when the object is there and before the answer comes:
# boto3 1.44.8 (PyPI) asks again by itself, and raises PreconditionFailed, the error of a lock that another has. So nobody works, and the
# lock stays. The guess would be that a request whose second try means something else is not tried again, or that the error tells of the
# first. With `total_max_attempts=1` the error is that of the connection. The server is moto 5.2.5, behind a proxy that loses one answer.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check boto3==1.44.8 'moto[server]==5.2.5'
cat >lock.py <<'PY'
import logging, os, socket, threading
os.environ.update(AWS_ACCESS_KEY_ID="testing", AWS_SECRET_ACCESS_KEY="testing", AWS_DEFAULT_REGION="us-east-1")
import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError
from moto.server import ThreadedMotoServer

logging.disable()
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
there = server.get_host_and_port()
direct = boto3.client("s3", endpoint_url="http://%s:%s" % there)
direct.create_bucket(Bucket="jobs")
lost = threading.Semaphore(0)

def carry(source, target, answers):
    try:
        while data := source.recv(1 << 16):
            if answers and data.startswith(b"HTTP/1.1 200") and lost.acquire(blocking=False):
                break
            target.sendall(data)
    except OSError:
        pass
    for end in source, target:
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

def serve(listener):
    while True:
        client, _ = listener.accept()
        behind = socket.create_connection(there)
        for way in (client, behind, False), (behind, client, True):
            threading.Thread(target=carry, args=way, daemon=True).start()

listener = socket.create_server(("127.0.0.1", 0))
threading.Thread(target=serve, args=(listener,), daemon=True).start()
address = "http://127.0.0.1:%d" % listener.getsockname()[1]

configs = {
    "by default": Config(),
    "standard": Config(retries={"mode": "standard"}),
    "adaptive": Config(retries={"mode": "adaptive"}),
    "one attempt": Config(retries={"total_max_attempts": 1}),
}
for name, config in configs.items():
    client = boto3.client("s3", endpoint_url=address, config=config)
    lost.release()
    try:
        client.put_object(Bucket="jobs", Key=name, Body=b"mine", IfNoneMatch="*")
        said = "taken"
    except ClientError as error:
        said = error.response["Error"]["Code"]
    except ConnectionClosedError as error:
        said = type(error).__name__
    print(f"{name}: {said}, there is {direct.get_object(Bucket='jobs', Key=name)['Body'].read().decode()}")
server.stop()
PY
found=$(env/bin/python lock.py 2>log)
printf 'boto3 1.44.8, the answer is lost\n%s\n' "$found"
[[ $found == 'by default: PreconditionFailed, there is mine
standard: PreconditionFailed, there is mine
adaptive: PreconditionFailed, there is mine
one attempt: ConnectionClosedError, there is mine' ]]
