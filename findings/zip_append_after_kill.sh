#!/usr/bin/env bash
# A job puts each result into a ZIP file as it comes, is killed, and goes on: Python 3.11.2's (Debian 12) `ZipFile(.., "a")` takes a file whose directory was not
# written yet for no ZIP file, and begins one behind it, without a word: the results of the first run are in the file, and in no list of any
# reader. The guess would be `BadZipFile`, as "r" raises, or the list from the entries' own heads, which `zip -FF` of Info-ZIP 3.0 finds all of.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python=3.11.2-6+deb12u9
apt-get download -qq zip=3.0-13 libbz2-1.0 "python3.11-minimal=$python" "libpython3.11-minimal=$python" "libpython3.11-stdlib=$python" 2>/dev/null
for package in *.deb; do dpkg-deb -x "$package" root; done
python3() { root/usr/bin/python3.11 -I "$@"; }
cat >job.py <<'PY'
import os, signal, sys, zipfile

with zipfile.ZipFile("results.zip", "a") as results:
    done = {it.filename for it in results.infolist()}
    for item in ["0", "1", "2", "3", "4", "5"]:
        if item in done or item <= open("last").read():
            continue
        results.writestr(item, item * 1000)
        results.fp.flush()
        os.fsync(results.fp.fileno())
        open("last", "w").write(item)
        if item == sys.argv[1]:
            os.kill(os.getpid(), signal.SIGKILL)
PY
echo >last
python3 job.py 3 &
wait $! 2>/dev/null || true
cp results.zip killed.zip
read_killed=$(python3 -c 'import zipfile; zipfile.ZipFile("killed.zip")' 2>&1 | tail -n 1 || true)
python3 job.py none
listed=$(python3 -c 'import zipfile; file = zipfile.ZipFile("results.zip"); print(*file.namelist()); assert file.testzip() is None')
found=$(echo y | root/usr/bin/zip -FF killed.zip --out whole.zip >/dev/null && python3 -c 'import zipfile; print(*zipfile.ZipFile("whole.zip").namelist())')
echo "$(python3 --version): killed behind 3, opened to read: $read_killed; opened to append and ended with exit code 0, it lists $listed; zip -FF finds $found of the first run"
[[ $read_killed == *BadZipFile* && $listed == '4 5' && $found == '0 1 2 3' ]]
