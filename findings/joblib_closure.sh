#!/usr/bin/env bash
# joblib 1.6.0 (PyPI), `Memory.cache` for results that are dear: a result is known by the function's name and source, and its arguments. What a closure has from the function around it,
# and a global that was read from the settings, are none of these: with another factor the old result is returned, without an error or a warning. And the cache is in files, so the
# next run with other settings gets the results of the first. The guess would be that it goes by what the function uses, as it does for a bound method, whose `self` is compared, or
# that a closure is refused.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check joblib==1.6.0
cat >job.py <<'EOF'
import sys
import joblib

memory = joblib.Memory("results", verbose=0)
RATE = int(sys.argv[1])

def by(rate):
    @memory.cache
    def closure(price):
        return price * rate
    return closure

@memory.cache
def by_global(price):
    return price * RATE

class By:
    def __init__(self, rate):
        self.rate = rate
        self.method = memory.cache(self.method)

    def method(self, price):
        return price * self.rate

@memory.cache
def by_argument(price, rate):
    return price * rate

print(by(RATE)(10), by_global(10), By(RATE).method(10), by_argument(10, RATE))
EOF
seen=$(for rate in 2 3; do env/bin/python job.py $rate 2>&1; done | paste -sd'/')
echo "joblib 1.6.0, 10 by a rate of 2 / of 3; in a closure, a global, a field, an argument: $seen"
[[ $seen == '20 20 20 20/20 20 30 30' ]]
