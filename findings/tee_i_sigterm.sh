#!/usr/bin/env bash
# `JOB 2>&1 | tee -i log` with coreutils 9.1 (Debian 12), where SIGTERM goes to the whole group, as by `timeout`, a batch system or a service manager: `-i` ignores SIGINT, "interrupts", and nothing
# more, so tee ends at once. A job that handles SIGTERM, and says so before it saves, is ended by the saying: in Python print raises BrokenPipeError in the handler, in Rust
# `println!` panics. The guess would be that the option is for stops of any kind. Behind `(trap '' TERM; exec tee log)` the job saves.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get download -qq coreutils=9.1-1 2>/dev/null
dpkg-deb -x ./*.deb root
cat >job.py <<'END_OF_JOB'
import signal, sys, time

def stop(*_):
    time.sleep(0.5)  # the end of an item
    print("asked to end", flush=True)
    open("saved", "w").close()
    sys.exit(75)

signal.signal(signal.SIGTERM, stop)
print("begins", flush=True)
time.sleep(30)
END_OF_JOB
mkdir src
cat >Cargo.toml <<'END_OF_CRATE'
[package]
name = "job"
version = "0.1.0"
edition = "2021"
[dependencies]
signal-hook = "=0.4.4"
END_OF_CRATE
cat >src/main.rs <<'END_OF_MAIN'
fn main() {
    let mut signals = signal_hook::iterator::Signals::new([signal_hook::consts::SIGTERM]).unwrap();
    println!("begins");
    signals.forever().next();
    std::thread::sleep(std::time::Duration::from_millis(500));
    println!("asked to end");
    std::fs::write("saved", "").unwrap();
}
END_OF_MAIN
cargo build --quiet
# stopped JOB SINK: whether the job has saved, in a group of its own that got SIGTERM, and what it raised.
stopped() {
    rm -f saved log
    JOB=$1 SINK=$2 setsid bash -c 'eval "$JOB 2>error | $SINK"' &
    until grep -qs begins log; do sleep 0.1; done
    kill -TERM -- "-$!"
    wait "$!" 2>/dev/null || true
    sleep 1
    echo "$([[ -e saved ]] && echo saved || echo 'not saved') $(grep -o 'BrokenPipeError\|Broken pipe' error | head -n 1)"
}
plain=root/usr/bin/tee
python=$(stopped 'python3 job.py' "$plain -i log >/dev/null")
rust=$(stopped 'target/debug/job' "$plain -i log >/dev/null")
trapped=$(stopped 'python3 job.py' "(trap '' TERM; exec $plain log >/dev/null)")
printf 'SIGTERM to the group, tee -i: Python %s, Rust %s; tee that ignores SIGTERM: Python %s\n' "$python" "$rust" "$trapped"
[[ $python == 'not saved BrokenPipeError' && $rust == 'not saved Broken pipe' && $trapped == 'saved ' ]]
