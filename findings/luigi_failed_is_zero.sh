#!/usr/bin/env bash
# luigi 3.8.1 (PyPI): `luigi --module jobs All --local-scheduler` exits with 0 though a task raised an error and `All` was never begun, so what looks at the
# exit code (cron, a batch system, `&&`) takes the run for done. And a task whose `run` returns without having made its output counts as "ran successfully".
# The guess would be the exit code of a program that failed, which the section `[retcode]` in luigi.cfg brings.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check luigi==3.8.1
cat >jobs.py <<'EOF'
import luigi

class Part(luigi.Task):
    number = luigi.IntParameter()

    def output(self):
        return luigi.LocalTarget(f"part-{self.number}")

    def run(self):
        if self.number == 2:
            raise ValueError("not this one")
        if self.number != 1:
            with self.output().open("w") as part:
                part.write("done")

class All(luigi.Task):
    def requires(self):
        return [Part(number) for number in range(4)]

    def output(self):
        return luigi.LocalTarget("all")

    def run(self):
        with self.output().open("w") as whole:
            whole.write("done")
EOF
run() {
    code=0
    PYTHONPATH=. env/bin/luigi --module jobs All --local-scheduler >log 2>&1 || code=$?
    echo "exit code $code, made $(ls -d all part-* | paste -sd' '), $(grep -o '[0-9] Part(number=.*)' log | paste -sd' ')"
}
plain=$(run 2>/dev/null)
rm part-*
printf '[retcode]\ntask_failed=30\nscheduling_error=35\n' >luigi.cfg
told=$(run 2>/dev/null)
printf 'luigi 3.8.1, ran and failed: %s\nwith [retcode]: %s\n' "$plain" "$told"
[[ $plain == 'exit code 0, made part-0 part-3, 3 Part(number=0,1,3) 1 Part(number=2)' && $told == "exit code 30${plain#exit code 0}" ]]
