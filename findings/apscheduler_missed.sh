#!/usr/bin/env bash
# APScheduler 3.11.3 (PyPI), jobs in an SQLite file: one that is to run once, and whose time came while the program was away for two seconds or more (a
# restart), is removed and never run; a line in the log is all. A job may be late by a second (`misfire_grace_time`) unless it says otherwise. The guess would
# be that what was stored to outlive a restart is run after it, which `misfire_grace_time=None` brings.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv env
env/bin/pip install --quiet --disable-pip-version-check apscheduler==3.11.3 sqlalchemy==2.0.44
cat >tasks.py <<'EOF'
def note(name):
    with open("ran", "a") as ran:
        print(name, file=ran)
EOF
cat >job.py <<'EOF'
import datetime, sys, time
import tasks
from apscheduler.schedulers.background import BackgroundScheduler

scheduler = BackgroundScheduler(timezone=datetime.timezone.utc)
scheduler.add_jobstore("sqlalchemy", url="sqlite:///jobs.db")
scheduler.start(paused=len(sys.argv) > 1)
if len(sys.argv) > 1:
    now = datetime.datetime.now(datetime.timezone.utc)
    for name, after, more in [("early", 1, {}), ("patient", 1, {"misfire_grace_time": None}), ("late", 8, {})]:
        at = now + datetime.timedelta(seconds=after)
        scheduler.add_job(tasks.note, "date", run_date=at, args=[name], **more)
else:
    # Until none is left.
    while scheduler.get_jobs():
        time.sleep(0.1)
    time.sleep(0.5)
scheduler.shutdown()
EOF
env/bin/python job.py plan
sleep 4
env/bin/python job.py 2>log
ran=$(paste -sd' ' ran)
echo "APScheduler 3.11.3, of early, patient and late ran: $ran; of early the log says: $(grep -c 'was missed' log) missed"
[[ $ran == 'patient late' && $(grep -c 'was missed' log) == 1 ]]
