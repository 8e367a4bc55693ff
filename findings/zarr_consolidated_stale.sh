#!/usr/bin/env bash
# zarr 3.1.6 (PyPI): a job appends to an array of a group whose metadata was consolidated once (xarray's `to_zarr` does it unless told otherwise). The rows are
# stored, and `open_array` of the array finds them. By the group, which is where the next run looks, the array is as long as when it was consolidated, without a
# word: so its append writes over what the run before has appended. The guess would be that who appends renews the copy of the metadata, or leaves it out:
# `use_consolidated=False` does.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check zarr==3.1.6
cat >job.py <<'EOF'
import warnings
import numpy, zarr

warnings.simplefilter("ignore")

def lengths():
    return [zarr.open_group("job")["results"].shape[0], zarr.open_array("job/results").shape[0]]

results = zarr.create_group("job").create_array("results", shape=(10,), chunks=(10,), dtype="i4")
results[:] = 1
zarr.consolidate_metadata("job")
# Two runs, each of which opens the group, and appends 10 results.
for run in [2, 3]:
    zarr.open_group("job", mode="a")["results"].append(numpy.full(10, run, dtype="i4"))
    print(*lengths(), *numpy.unique(zarr.open_array("job/results")[:]))
EOF
seen=$(env/bin/python job.py | paste -sd'/')
echo "zarr 3.1.6, 10 results, 10 more appended by each of two runs; length by the group, by the array, whose results are there: $seen"
[[ $seen == '10 20 1 2/10 20 1 3' ]]
