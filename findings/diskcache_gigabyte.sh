#!/usr/bin/env bash
# diskcache 5.6.3 (PyPI), `Cache(DIRECTORY)` for the results of a job's items: each `set` returns True, and beyond 1 GiB the oldest results are gone, without
# an error. Size and rule are the defaults (`size_limit`, `least-recently-stored`). So a run that goes on does the first items again. The guess would be that
# what is stored in a file, with no time given, stays there: with `eviction_policy="none"` it does, and in `Index` of the same package.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check diskcache==5.6.3
cat >job.py <<'EOF'
import diskcache

# 1.2 GB in all; each is removed before the next.
def kept(store, put):
    taken = [put(item, bytes(4 << 20)) for item in range(300)]
    there = [item for item in range(300) if item in store]
    print(taken.count(True), "taken,", len(there), "kept, from", there[0])
    store.clear()

cache = diskcache.Cache("cache")
kept(cache, cache.set)
endless = diskcache.Cache("endless", eviction_policy="none")
kept(endless, endless.set)
index = diskcache.Index("index")
kept(index, lambda item, value: index.update({item: value}) is None)
EOF
seen=$(env/bin/python job.py | paste -sd'/')
echo "diskcache 5.6.3, 300 results of 4 MiB: Cache / with eviction_policy none / Index: $seen"
[[ $seen == '300 taken, 250 kept, from 50/300 taken, 300 kept, from 0/300 taken, 300 kept, from 0' ]]
