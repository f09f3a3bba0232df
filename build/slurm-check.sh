#!/usr/bin/env bash
# Trains blocks on a real Slurm of two nodes and takes one of them away, with its step in the middle. Needs root and Debian: it installs
# slurm-wlm and munge, starts a Slurm of its own on this machine, and stops it at the end.
#   build/slurm-check.sh [FILE.json]
# 'blocks launch --engine slurm --submit' runs an array of blocks. The first task that is in the middle of an epoch loses its node, as by a
# power cut; the next one gets SIGUSR1, as near its time limit. Both have to come back by themselves. Then the merged model has to be the
# one that a single process trains, file by file within the zip (the zip itself has the time of saving in it).
# BLOCKS, EPOCHS and IMAGES (a folder of class folders) make it smaller or larger; BUILD=no takes the program as it is.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
json=${1:-}
blocks=${BLOCKS:-3}
epochs=${EPOCHS:-4}
folder=$(mktemp -d)
export SLURM_CONF=$folder/slurm.conf OMP_NUM_THREADS=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
program=src/NullaProp.ML.Samples/bin/Release/net10.0/NullaProp.ML.Samples

install_slurm() {
    if ! command -v slurmctld > /dev/null || ! command -v munged > /dev/null; then
        apt-get update -qq
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq slurm-wlm munge > /dev/null
    fi
}

# Two nodes of one core each, on this machine. Without a database, cgroups or the network.
start_slurm() {
    mkdir -p "$folder"/{state,spool,logs}
    if ! pgrep -x munged > /dev/null; then
        mkdir -p /run/munge
        chown munge /run/munge
        su -s /bin/sh munge -c munged
    fi
    cat > "$SLURM_CONF" <<CONF
ClusterName=check
SlurmctldHost=$(hostname -s)(127.0.0.1)
SlurmctldPort=17817
SlurmUser=root
AuthType=auth/munge
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool/%n
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/%n.pid
SlurmctldLogFile=$folder/logs/slurmctld.log
SlurmdLogFile=$folder/logs/%n.log
SlurmdTimeout=10
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
ReturnToService=2
NodeName=node[1-2] NodeHostname=$(hostname -s) NodeAddr=127.0.0.1 Port=[17821-17822] CPUs=1
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
CONF
    slurmctld
    slurmd -N node1
    slurmd -N node2
    wait_until 30 nodes_are_idle
}

nodes_are_idle() { [ "$(sinfo --noheader --states=idle --format=%D 2> /dev/null)" = 2 ]; }

is_down() { ! pgrep -F "$folder/slurmctld.pid" > /dev/null 2>&1; }

stop() {
    local status=$?
    scontrol shutdown > /dev/null 2>&1 || true
    wait_until 20 is_down || true
    if [ "$status" -ne 0 ]; then
        tail -n 5 "$folder"/run/block-*.log "$folder"/logs/slurmctld.log 2> /dev/null || true
        echo "Failed; what was written stays in $folder."
    else
        rm -rf "$folder" || true
    fi
}
trap stop EXIT

# wait_until SECONDS COMMAND…
wait_until() {
    local end=$((SECONDS + $1))
    shift
    until "$@"; do
        if [ $SECONDS -ge $end ]; then
            echo "Waited in vain for: $*"
            return 1
        fi
        sleep 0.2
    done
}

now() { date +%s.%N; }
minus() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.1f", a - b }'; }

# The newest whole checkpoint of a block, and the time when it was written.
newest() {
    find "$folder/run/blocks/$(printf 'block-%04d' "$1")" -maxdepth 1 -name 'epoch-*' ! -name '*.tmp' 2> /dev/null | sort | tail -n 1
}

written() { stat -c %.9Y "$1/training.json"; }

# Tasks at work: "BLOCK NODE JOB" a line.
running() { squeue --noheader --array --states=R --format='%K %N %A'; }

# Whether a task is past an epoch and half a second into the next one, but not in its last: its line is in $victim then.
in_an_epoch() {
    local line checkpoint
    while read -r line; do
        [ "$line" != "${taken:-}" ] || continue
        checkpoint=$(newest "${line%% *}")
        case ${checkpoint##*/} in
            "" | "$(printf 'epoch-%06d' "$epochs")"*) continue ;;
        esac
        if awk -v a="$(now)" -v b="$(written "$checkpoint")" 'BEGIN { exit !(a - b > 0.5) }'; then
            victim=$line
            return 0
        fi
    done < <(running)
    return 1
}

# Kills a node's daemon and all that runs on the node: what a task started has the node's name in its environment.
cut_power() {
    local pid parent
    kill -9 "$(cat "$folder/$1.pid")"
    for pid in $(grep -lz "^SLURMD_NODENAME=$1$" /proc/[0-9]*/environ 2> /dev/null | cut -d / -f 3); do
        parent=$(awk '/^PPid:/ { print $2 }' "/proc/$pid/status" 2> /dev/null || true)
        if grep -q '^slurmstepd' "/proc/${parent:-0}/comm" 2> /dev/null; then
            kill -9 "$parent" 2> /dev/null || true
        fi
        kill -9 "$pid" 2> /dev/null || true
    done
}

# Whether the worker of a block has said that it goes on from a checkpoint.
goes_on() { grep -q 'Training goes on from the checkpoint' "$folder/run/block-$1.log"; }

# The contents of a model's zip, as lines of hashes.
contents() {
    local to
    to=$(mktemp -d -p "$folder")
    unzip -q "$1" -d "$to"
    (cd "$to" && find . -type f -print0 | sort -z | xargs -0 sha256sum)
}

install_slurm
[ "${BUILD:-yes}" = no ] || dotnet build -c Release src/NullaProp.ML.Samples -v q --nologo -p:RunAnalyzers=false
images=${IMAGES:-artifacts/data/fashion-mnist/train}
if [ ! -d "$images" ]; then
    "$program" quickstart --epochs 1 > /dev/null # unpacks them
fi
start_slurm
"$program" blocks prepare "$images" --run "$folder/run" --blocks "$blocks" --epochs "$epochs" --batch-size 128 | tee "$folder/prepared"

began=$(now)
"$program" blocks launch --run "$folder/run" --engine slurm --workers 2 --threads 1 --submit > "$folder/launch" 2>&1 &
launch=$!
wait_until 120 in_an_epoch
taken=$victim
read -r lost_block node _ <<< "$victim"
checkpoint=$(newest "$lost_block")
cut_power "$node"
cut=$(now)
lost=$(minus "$cut" "$(written "$checkpoint")")
echo "Cut the power of $node $lost s after block $lost_block wrote ${checkpoint##*/}."

wait_until 120 in_an_epoch
read -r told_block _ job <<< "$victim"
scancel --batch --signal=USR1 "$job"
told=$(now)
wait_until 30 grep -q 'was stopped and is saved' "$folder/run/block-$told_block.log"
checkpoint=$(newest "$told_block")
saved=$(minus "$(written "$checkpoint")" "$told")
echo "Told block $told_block to stop; it wrote ${checkpoint##*/} $saved s later."

wait_until 300 goes_on "$lost_block"
back=$(minus "$(now)" "$cut")
echo "Block $lost_block went on $back s after the power cut."
wait "$launch" || { cat "$folder/launch"; exit 1; }
array=$(minus "$(now)" "$began")
cat "$folder/launch"

"$program" blocks merge --run "$folder/run" --output "$folder/merged.zip"
began=$(now)
"$program" blocks fit --run "$folder/run" --output "$folder/single.zip" > /dev/null
single=$(minus "$(now)" "$began")
contents "$folder/merged.zip" > "$folder/merged"
contents "$folder/single.zip" > "$folder/single"
if diff "$folder/merged" "$folder/single"; then equal=true; else equal=false; fi

cat > "$folder/figures.json" <<JSON
{
  "equalToASingleProcess": $equal,
  "filesCompared": $(wc -l < "$folder/merged"),
  "modelSha256": "$(sha256sum < "$folder/merged" | cut -d ' ' -f 1)",
  "slurm": "$(slurmctld -V | cut -d ' ' -f 2)",
  "nodes": 2,
  "threadsOfABlock": 1,
  "blocks": $blocks,
  "epochs": $epochs,
  "images": $(tr -dc '0-9 ' < "$folder/prepared" | awk '{ print $1 }'),
  "powerCut": {
    "block": $lost_block,
    "secondsOfTheBlockLost": $lost,
    "secondsUntilItWentOn": $back
  },
  "signalUsr1": {
    "block": $told_block,
    "secondsUntilItsStateWasSaved": $saved
  },
  "secondsOfTheArray": $array,
  "secondsOfASingleProcess": $single,
  "processor": "$(awk -F ': ' '/^model name/ { print $2; exit }' /proc/cpuinfo)",
  "processors": $(nproc --all)
}
JSON
cat "$folder/figures.json"
if [ -n "$json" ]; then
    mkdir -p "$(dirname "$json")"
    cp "$folder/figures.json" "$json"
fi
[ "$equal" = true ]
