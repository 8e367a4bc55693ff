#!/usr/bin/env bash
# The crate sd-notify 0.5.0 does not reach a manager of services that listens at an abstract name.
#
# sd_notify(3) says of $NOTIFY_SOCKET: "@" as its first character stands for the null byte of a name in Linux's abstract
# namespace; such an address is what some managers give, as their socket is then in no file system. The crate takes the text
# for a path, finds no such file, and returns an error, which most programs ignore, as its documentation does: the
# service is never ready, and its watchdog is never fed. At a path it works.
#
# It takes Rust and Python 3. Exits with 1 if the crate reaches both.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
mkdir src
cat >Cargo.toml <<'END'
[package]
name = "notifies"
version = "0.0.0"
edition = "2024"
[dependencies]
sd-notify = "=0.5.0"
END
cat >src/main.rs <<'END'
fn main() {
    println!("{:?}", sd_notify::notify(&[sd_notify::NotifyState::Ready]).map_err(|error| error.to_string()));
}
END
CARGO_TARGET_DIR=$folder/target cargo build --quiet
cat >listen.py <<'END'
import os, socket, subprocess, sys
def told(given, bound):
    listens = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listens.bind(bound)
    listens.settimeout(1)
    said = subprocess.run(['target/debug/notifies'], env={'NOTIFY_SOCKET': given}, capture_output=True, text=True)
    try:
        heard = listens.recv(100)
    except TimeoutError:
        heard = None
    print(f'sd-notify 0.5.0, NOTIFY_SOCKET={given}: returned {said.stdout.strip()}, the manager heard {heard}')
    return heard
name = f'finding-{os.getpid()}'
path = told(os.path.abspath('notify'), 'notify')
abstract = told('@' + name, '\0' + name)
sys.exit(0 if path == b'READY=1\n' and abstract is None else 1)
END
python3 listen.py
