# shellcheck shell=bash disable=SC2034,SC2154  # variables shared with campaign.sh
# Private memory at a large backlog into the null sink against that at a small one: Job 1, which must
# hold the bound of docs/contract.md, and all jobs, which are only shown.
# Each is the median of three runs: a peak is one moment, and the small backlog has few of them.
# Arguments: [SMALL_EVENTS [LARGE_EVENTS]], by default 190 000 (200 MB) and 1 900 000 (2 GB).
presets=(bench)
needs_stack=yes

lensart() { "$root/build/bench/lensart" "$@"; }

use() {
  export LENSART_KAFKA_TOPICS_ORDER_CREATED=$1-created LENSART_KAFKA_TOPICS_ORDER_UPDATED=$1-updated
  export LENSART_KAFKA_TOPICS_ORDER_CANCELLED=$1-cancelled LENSART_KAFKA_TOPICS_ORDER_EVENTS=$1-events
  export LENSART_POSTGRES_SCHEMA=$1
}

# The peak in MiB over the backlog of that name. Arguments: a name for the run, the jobs, the backlog's
# name, its events.
peak_of() {
  local run=$1-$3
  use "$3"
  LENSART_STATE_DIRECTORY=$LENSART_STACK_DIR/state-$run "$root/bench/measure.py" \
    --program "$root/build/bench/lensart" --records "$4" --json -- \
    --set sink.kind=null --set "kafka.group=$run" --set "pipeline.jobs=$2" >"$results/$run.json"
  rm -rf "$LENSART_STACK_DIR/state-$run"
  python3 -c 'import json,sys; print(json.load(open(sys.argv[1]))["peak_private_mib"])' "$results/$run.json"
}

# The median of three; the arguments are those of peak_of.
usual_peak_of() {
  local name=$1 round
  shift
  for round in 1 2 3; do peak_of "$name$round" "$@" || return; done | sort -n | sed -n 2p
}

campaign() {
  local small=${1:-190000} large=${2:-1900000} backlog jobs what failed=
  for backlog in small large; do
    use "$backlog"
    lensart init >/dev/null
    lensart generate --events "${!backlog}" --seed 5 --tests 0 --to kafka >/dev/null
  done
  for jobs in '["orders"]' '["orders","status","metrics"]'; do
    what=job1
    [ "$jobs" = '["orders"]' ] || what=all
    python3 - "$what" "$(usual_peak_of "$what" "$jobs" small "$small")" \
      "$(usual_peak_of "$what" "$jobs" large "$large")" <<'P' || failed=$failed$what
import sys
name, small, large = sys.argv[1], float(sys.argv[2]), float(sys.argv[3])
print("%s: peak private memory %.0f MiB at the small backlog, %.0f MiB at the large one: %.3f"
      % (name, small, large, large / small))
sys.exit(0 if large <= 1.1 * small else 1)
P
  done
  case $failed in job1*) die "Job 1: more than 1.1 at the large backlog" ;; esac
}
