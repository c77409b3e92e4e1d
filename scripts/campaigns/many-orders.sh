# shellcheck shell=bash disable=SC2034,SC2154  # variables shared with campaign.sh
# A restart with a million orders in the state; throughput and memory with ten million, against 100 000.
# Arguments: [ORDERS_OF_THE_RESTART [MANY [FEW [UPDATES]]]], by default 1 000 000, 10 000 000, 100 000
# and 1 000 000. The first part reads from Kafka, the second from a source in memory; all jobs, into the
# null sink. Needs about 20 GB of disk.
presets=(bench)
needs_stack=yes

lensart() { "$root/build/bench/lensart" "$@"; }
figure() { python3 -c 'import json,sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' "$1" "$2"; }
# holds A OP B: a comparison of numbers with a fraction.
holds() { python3 -c "import sys; sys.exit(0 if $1 $2 $3 else 1)"; }

# As many orders as told, all in the state; kill -9; then further events for new ones.
restart() {
  local orders=$1 further=100000
  export LENSART_SINK_KIND=null LENSART_STATE_DIRECTORY=$LENSART_STACK_DIR/state-restart
  lensart init >/dev/null
  lensart generate --orders "$orders" --seed 21 --tests 0 --to kafka >"$results/generate.txt"
  lensart run --until-end 2>"$results/restart-fill.log"
  say "Part 1: $orders orders in the state, $(du -sm "$LENSART_STATE_DIRECTORY" | cut -f1) MB"
  # One that reads, and dies of it.
  lensart generate --orders 1000 --seed 22 --first-order $((orders + 1)) --tests 0 --to kafka >/dev/null
  "$root/build/bench/lensart" run 2>"$results/restart-killed.log" &  # no function: the signal is for it
  local run=$!
  sleep 1
  kill -KILL "$run"
  wait "$run" 2>/dev/null || true
  lensart generate --events "$further" --seed 23 --first-order $((orders + 2001)) --tests 0 --to kafka >"$results/generate-further.txt"
  "$root/bench/measure.py" --program "$root/build/bench/lensart" --records "$further" --json >"$results/restart.json"
  local seconds mib
  seconds=$(figure "$results/restart.json" seconds_to_first_record)
  mib=$(figure "$results/restart.json" peak_private_mib)
  say "  restart after kill -9 to the first event processed $seconds s, private memory $mib MiB at most"
  holds "$seconds" '<=' 1 || die "the restart took more than 1 s"
  holds "$mib" '<=' '500e6 / 2**20' || die "more than 500 MB"
  rm -rf "$LENSART_STATE_DIRECTORY"
}

# Fills a state and reads the updates. Leaves $results/NAME-fill.json and NAME-update.json.
updates_over() {
  local name=$1 orders=$2 updates=$3 directory=$LENSART_STACK_DIR/$1
  mkdir -p "$directory"
  "$root/build/bench/bench/many_orders/lensart_many_orders" fill "$directory" "$orders" \
    >"$results/$name-fill.json" 2>"$results/$name.log"
  sync
  "$root/build/bench/bench/many_orders/lensart_many_orders" update "$directory" "$orders" "$updates" \
    >"$results/$name-update.json" 2>>"$results/$name.log"
  say "  $orders orders: filled at $(figure "$results/$name-fill.json" rate)/s with" \
    "$(figure "$results/$name-fill.json" peak_private_mib) MiB," \
    "updated at $(figure "$results/$name-update.json" rate)/s with" \
    "$(figure "$results/$name-update.json" peak_private_mib) MiB"
  rm -rf "$directory"
}

campaign() {
  restart "${1:-1000000}"
  say "Part 2: updates, nine in ten on orders of the last three days"
  updates_over few "${3:-100000}" "${4:-1000000}"
  updates_over many "${2:-10000000}" "${4:-1000000}"
  local few many
  few=$(figure "$results/few-update.json" rate)
  many=$(figure "$results/many-update.json" rate)
  say "  throughput with many: $(python3 -c "print('%.3f' % ($many / $few))") of that with few"
  local step
  for step in fill update; do
    holds "$(figure "$results/many-$step.json" peak_private_mib)" '<=' '1e9 / 2**20' || die "more than 1 GB ($step)"
  done
  holds "$many" '>=' "0.5 * $few" || die "less than half the throughput"
}
