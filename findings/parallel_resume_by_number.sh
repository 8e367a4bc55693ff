#!/usr/bin/env bash
# GNU parallel 20221122 (Debian 12), `parallel --joblog LOG --resume JOB ::: in/*`, run again when one more file has come that sorts before the others: what is passed over goes by the number
# in the list, and not by the argument that the log has beside it. So the new file is never done, the last one of the first run is done twice, and the exit code is 0. The
# guess would be the argument, or an error, as the command in the log is another. With `--resume-failed` the same.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get download -qq parallel=20221122+ds-2 2>/dev/null
dpkg-deb -x ./*.deb root
run() { perl root/usr/bin/parallel --will-cite -j 1 --joblog "$1" "$2" 'echo {/} >>done' ::: in/*; }
# how OPTION: what was done by the first run, and by the second, and its exit code.
how() {
    local code=0 first
    rm -rf in done
    mkdir in
    touch in/{b,c,d}
    run "log$1" "$1"
    first=$(paste -sd' ' done)
    rm done
    touch in/a in/e
    run "log$1" "$1" || code=$?
    echo "$first; then $(paste -sd' ' done) ($code)"
}
resume=$(how --resume)
failed=$(how --resume-failed)
echo "b c d, and then a b c d e: --resume $resume; --resume-failed $failed"
[[ $resume == 'b c d; then d e (0)' && $failed == "$resume" ]]
