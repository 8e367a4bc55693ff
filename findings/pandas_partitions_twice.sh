#!/usr/bin/env bash
# pandas 3.1.1 with pyarrow 26.0.1 (PyPI): a step that is run again writes its result again. `to_parquet(PATH)` replaces what is there; `to_parquet(PATH, partition_cols=[..])` adds to
# it, as each run's files have names of their own: after the second run each row is there twice, without an error. The guess would be that the two differ in the
# layout alone. pyarrow's `existing_data_behavior="delete_matching"` brings it.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check pandas==3.1.1 pyarrow==26.0.1
cat >job.py <<'EOF'
import pandas

result = pandas.DataFrame({"day": [1, 1, 2], "sum": [10, 20, 30]})
for run in [1, 2]:
    result.to_parquet("whole.parquet")
    result.to_parquet("parts", partition_cols=["day"])
    result.to_parquet("replaced", partition_cols=["day"], existing_data_behavior="delete_matching")
    print(run, *(len(pandas.read_parquet(it)) for it in ["whole.parquet", "parts", "replaced"]))
EOF
seen=$(env/bin/python job.py | paste -sd'/')
echo "run, and rows of the one file, of the partitions, and of those with delete_matching: $seen"
[[ $seen == '1 3 3 3/2 3 6 3' ]]
