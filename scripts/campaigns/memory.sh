# shellcheck shell=bash disable=SC2034,SC2154  # variables shared with campaign.sh
# Private memory at a large backlog into the null sink against that at a small one.
# Arguments: [SMALL_EVENTS [LARGE_EVENTS]], by default 190 000 (200 MB) and 1 900 000 (2 GB).
presets=(bench)
needs_stack=yes

campaign() {
  local name events peak=()
  for name in small large; do
    events=${1:-190000}
    [ "$name" = large ] && events=${2:-1900000}
    export LENSART_KAFKA_TOPICS_ORDER_CREATED=$name-created LENSART_KAFKA_TOPICS_ORDER_UPDATED=$name-updated
    export LENSART_KAFKA_TOPICS_ORDER_CANCELLED=$name-cancelled LENSART_KAFKA_TOPICS_ORDER_EVENTS=$name-events
    export LENSART_STATE_DIRECTORY=$LENSART_STACK_DIR/state-$name LENSART_POSTGRES_SCHEMA=$name
    "$root/build/bench/lensart" init >/dev/null
    "$root/build/bench/lensart" generate --events "$events" --seed 5 --tests 0 --to kafka >/dev/null
    "$root/bench/measure.py" --program "$root/build/bench/lensart" --records "$events" --json -- \
      --set sink.kind=null --set "kafka.group=$name" >"$results/$name.json"
    peak+=("$(python3 -c 'import json,sys; print(json.load(open(sys.argv[1]))["peak_private_mib"])' "$results/$name.json")")
    say "$name: $events events, peak private memory ${peak[-1]} MiB"
  done
  python3 - "${peak[@]}" <<'P' || die "memory grows with the backlog"
import sys
small, large = map(float, sys.argv[1:])
print("large / small: %.3f (at most 1.1)" % (large / small))
sys.exit(0 if large <= 1.1 * small else 1)
P
}
