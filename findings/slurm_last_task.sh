#!/usr/bin/env bash
# Slurm 22.05.8 (Debian 12): the last task of an array to start has the array's own id as its SLURM_JOB_ID, so by
# `squeue --jobs=$SLURM_JOB_ID` it is told the lines of all tasks, where each other task is told its own: who takes the first line
# takes another task's time. `JobArrayID` (77_3) tells them apart. And a job that `scontrol requeue` puts back starts two minutes
# later, on an idle cluster, until `scontrol update StartTime=now`.
# By Debian's slurmctld, slurmd, slurm-client and munge, which have to be installed; as root, or as any user.
set -uo pipefail
PATH=$PATH:/usr/sbin
dir=$(mktemp -d)
pids=()
stop() {
    scancel --full --signal=KILL --partition=p
    sleep 2
    # A node waits for what runs on it.
    kill -KILL "${pids[@]}"
    wait "${pids[@]}"
    rm -rf "$dir"
} 2>/dev/null
trap stop EXIT
cd "$dir"
export SLURM_CONF=$dir/slurm.conf
read -r one two < <(python3 -c '
import socket
sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
print(*(socket.getsockname()[1] for socket in sockets))')
mkdir state
cat >slurm.conf <<END
ClusterName=c
SlurmctldHost=localhost
SlurmctldPort=$one
SlurmUser=$(id -un)
SlurmdUser=$(id -un)
AuthInfo=socket=$dir/munge.sock
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/spool
SlurmctldPidFile=$dir/ctld.pid
SlurmdPidFile=$dir/d.pid
ProctrackType=proctrack/pgid
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
KillWait=2
NodeName=n NodeHostname=localhost NodeAddr=127.0.0.1 Port=$two CPUs=8
PartitionName=p Nodes=n Default=YES State=UP
END
head -c 128 /dev/urandom >key; chmod 400 key
munged --foreground --force --socket="$dir/munge.sock" --key-file="$dir/key" --pid-file="$dir/m.pid" --seed-file="$dir/m.seed" \
    --log-file="$dir/m.log" >m.out 2>&1 &
pids+=($!)
slurmctld -D -i >ctld.log 2>&1 &
pids+=($!)
slurmd -D -N n >d.log 2>&1 &
pids+=($!)
for _ in $(seq 100); do [[ $(sinfo -h -o %T 2>/dev/null) == idle ]] && break; sleep 0.2; done
version=$(sinfo --version)
cat >job.sh <<'END'
#!/bin/sh
sleep 2
echo "task $SLURM_ARRAY_TASK_ID of $SLURM_ARRAY_JOB_ID is job $SLURM_JOB_ID: $(squeue -h -j "$SLURM_JOB_ID" -o %i | wc -l) lines"
sleep 30
END
id=$(sbatch --parsable --requeue --array=0-2 -o task.%a job.sh)
for _ in $(seq 50); do [[ $(cat task.* 2>/dev/null | wc -l) == 3 ]] && break; sleep 0.2; done
cat task.*
first=$(grep -c ': 1 lines' task.0 task.1 | grep -c ':1$')
last=$(grep -c "is job $id: 3 lines" task.2)
now=$(date +%s)
scontrol requeue "${id}_0"
for _ in $(seq 50); do [[ $(squeue -h -j "${id}_0" -o %T) == PENDING ]] && break; sleep 0.2; done
start=$(date -d "$(scontrol show job "${id}_0" | sed -n 's/.*StartTime=\([^ ]*\).*/\1/p')" +%s)
echo "$version: put back, it starts $((start - now)) s later: $(squeue -h -j "${id}_0" -o '%T %r')"
[[ $first == 2 && $last == 1 && $((start - now)) -ge 115 ]] || { echo 'this has changed'; exit 1; }
echo 'as it was seen'
