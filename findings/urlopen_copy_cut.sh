#!/usr/bin/env bash
# Python 3.11.2 (Debian 12): a download whose connection breaks half-way, as `shutil.copyfileobj(urllib.request.urlopen(URL), file)`, line by line, or by `readinto`, ends without an error, with
# half of the bytes that the server has told of. `urlopen(URL).read()` raises IncompleteRead, `urlretrieve` ContentTooShortError, and requests 2.34.2 (PyPI) an error of
# its own, also when copied by its `raw`. The guess would be that the error comes however the body is read: it comes of `read()` without a size alone. So the half has the
# name of the whole, and "is it there?" passes over it.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python=3.11.2-6+deb12u9
apt-get download -qq "python3.11-minimal=$python" "libpython3.11-minimal=$python" "libpython3.11-stdlib=$python" 2>/dev/null
for package in *.deb; do dpkg-deb -x "$package" root; done
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check requests==2.34.2
cat >job.py <<'EOF'
import io, shutil, socket, sys, threading, urllib.request

def serve(server):
    while True:
        client, _ = server.accept()
        client.recv(4096)
        client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + b"1234567\n" * 5000)
        client.close()

def copied(source):
    file = io.BytesIO()
    shutil.copyfileobj(source, file)
    return len(file.getvalue())

def read_into(source):
    some, total = bytearray(8192), 0
    while read := source.readinto(some):
        total += read
    return total

def tell(name, download):
    try:
        print(name, download())
    except Exception as error:
        print(name, type(error).__name__)

server = socket.create_server(("127.0.0.1", 0))
threading.Thread(target=serve, args=(server,), daemon=True).start()
url = f"http://127.0.0.1:{server.getsockname()[1]}/"
if len(sys.argv) > 1:
    import requests
    tell("requests", lambda: len(requests.get(url).content))
    tell("requests, raw copied", lambda: copied(requests.get(url, stream=True).raw))
else:
    tell("copyfileobj", lambda: copied(urllib.request.urlopen(url)))
    tell("lines", lambda: sum(map(len, urllib.request.urlopen(url))))
    tell("readinto", lambda: read_into(urllib.request.urlopen(url)))
    tell("read", lambda: len(urllib.request.urlopen(url).read()))
    tell("urlretrieve", lambda: urllib.request.urlretrieve(url, "file"))
EOF
seen=$(root/usr/bin/python3.11 -I job.py; env/bin/python job.py requests)
printf 'bytes that came of 100000, where the connection breaks at 40000\n%s\n' "$seen"
[[ $seen == 'copyfileobj 40000
lines 40000
readinto 40000
read IncompleteRead
urlretrieve ContentTooShortError
requests ChunkedEncodingError
requests, raw copied ProtocolError' ]]
