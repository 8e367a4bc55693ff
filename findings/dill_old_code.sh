#!/usr/bin/env bash
# A script saves an object of a class of its own, is killed, is mended in that class, and goes on. By pickle the object has the mended code. By cloudpickle
# 3.1.3 (PyPI) it has the old code, which is in the file. By dill 0.4.1 it depends on where the object is: one that is saved by itself has the mended code,
# one in a dict the old, without an error. The guess would be that a checkpoint holds what was computed, and the script says how.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check dill==0.4.1 cloudpickle==3.1.3
# script PERCENT: the script, which saves its state if there is none, and else goes on from it.
script() {
    cat >job.py <<EOF
import importlib, os, pickle, sys

class Rate:
    def of(self, amount):
        return amount * $1

library, alone = importlib.import_module(sys.argv[1]), sys.argv[2] == "alone"
saved = "-".join(sys.argv[1:])
if not os.path.exists(saved):
    with open(saved, "wb") as file:
        library.dump(Rate() if alone else {"done": 7, "rate": Rate()}, file)
else:
    with open(saved, "rb") as file:
        state = (dill if (dill := sys.modules.get("dill")) else pickle).load(file)
    print((state if alone else state["rate"]).of(1))
EOF
}
all() {
    for library in pickle dill cloudpickle; do
        for place in alone dict; do env/bin/python job.py $library $place; done
    done | paste -sd' '
}
script 19
all
script 21
seen=$(all)
echo "saved by code that says 19, gone on by code that says 21, alone and in a dict: pickle, dill 0.4.1, cloudpickle 3.1.3: $seen"
[[ $seen == '21 21 21 19 19 19' ]]
