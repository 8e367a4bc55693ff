#!/usr/bin/env bash
# A job that goes on from the lines that its output has, as a step of GNU make 4.3, ninja 1.11.1 (Debian 12) or Snakemake 9.27.1 (PyPI): each removes the
# half output when it is told to stop by SIGTERM, so the next run begins anew, and Snakemake removes it before each run as well. The guess would
# be that a regular stop keeps at least what SIGKILL does: behind that ninja lets the job go on, and make takes the half for the whole.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
apt-get download -qq make=4.3-4.1 ninja-build=1.11.1-2~deb12u1 2>/dev/null
for package in *.deb; do dpkg-deb -x "$package" root; done
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check snakemake==9.27.1
cat >job.sh <<'END'
touch "$1"
begins=$(wc -l <"$1")
echo "$begins" >begins
for line in $(seq $((begins + 1)) 20); do echo "$line" >>"$1"; sleep 0.1; done
END
touch in
printf 'out: in\n\tbash job.sh out\n' >Makefile
printf 'rule job\n  command = bash job.sh $out\nbuild out: job in\n' >build.ninja
printf 'rule out:\n  input: "in"\n  output: "out"\n  shell: "bash job.sh {output}"\n' >Snakefile
# begins SIGNAL COMMAND..: at which line the second run of the job begins, when the signal came behind the fifth line of the first.
begins() {
    signal=$1
    shift
    rm -rf out .ninja* .snakemake
    setsid "$@" >>log 2>&1 &
    tool=$!
    until [[ -e out && $(wc -l <out) -ge 5 ]]; do sleep 0.05; done
    pkill "-$signal" --session "$tool"
    wait "$tool" 2>/dev/null || true
    rm -f begins
    "$@" >>log 2>&1
    case $(cat begins 2>/dev/null) in
    0) echo anew ;;
    '') echo nowhere ;;
    *) echo on ;;
    esac
}
# both COMMAND..: the same after SIGTERM, and after SIGKILL, behind which Snakemake has to be told that the output is not whole.
both() { echo "$(begins TERM "$@"), $(begins KILL "$@")"; }
make=$(both root/usr/bin/make)
ninja=$(both root/usr/bin/ninja)
snakemake=$(both env/bin/snakemake --cores 1 --rerun-incomplete --nolock out)
printf 'where the second run of the job begins, after SIGTERM and after SIGKILL\n  make 4.3: %s\n  ninja 1.11.1: %s\n  Snakemake: %s\n' \
    "$make" "$ninja" "$snakemake"
[[ "$make; $ninja; $snakemake" == 'anew, nowhere; anew, on; anew, anew' ]]
