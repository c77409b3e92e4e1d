# shellcheck shell=bash disable=SC2034,SC2154  # variables shared with campaign.sh
# Job 1 from Kafka to the null sink against the floor, and into PostgreSQL against \copy.
# Arguments: [EVENTS_A [EVENTS_B]], by default 1 000 000 and 200 000.
presets=(bench)
needs_stack=yes
stack_options=(--postgres-option shared_buffers=256MB --postgres-option max_wal_size=4GB)

lensart() { "$root/build/bench/lensart" "$@"; }
figure() { python3 -c 'import json,sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' "$1" "$2"; }
ratio() { python3 -c 'import sys; print("%.3f" % (float(sys.argv[1]) / float(sys.argv[2])))' "$1" "$2"; }
sql() { psql -qAt -v ON_ERROR_STOP=1 "$LENSART_POSTGRES_DSN" "$@"; }

# Topics, schema and state of their own for each part.
use() {
  export LENSART_KAFKA_TOPICS_ORDER_CREATED=$1-created LENSART_KAFKA_TOPICS_ORDER_UPDATED=$1-updated
  export LENSART_KAFKA_TOPICS_ORDER_CANCELLED=$1-cancelled LENSART_KAFKA_TOPICS_ORDER_EVENTS=$1-events
  export LENSART_KAFKA_DLQ_TOPIC=$1-dlq LENSART_KAFKA_REPLAY_TOPIC=$1-replay LENSART_KAFKA_GROUP=$1
  export LENSART_POSTGRES_SCHEMA=$1 LENSART_STATE_DIRECTORY=$LENSART_STACK_DIR/state-$1
  lensart init >/dev/null
}

against_the_floor() {
  local events=$1
  use bench_a
  say "Part a: $events events, without poison"
  lensart generate --events "$events" --seed 11 --duplicates 0.02 --tests 0 --json --to kafka \
    >"$results/generate-a.json"
  sync  # what the broker has written is on its way to the disk for a minute
  # Rounds up to 0 do not count: the broker is a young Java process, and compiles what serves a consumer
  # while it does so for the first times, on the cores that are measured (ADR 24).
  local round
  for round in -2 -1 0 1 2 3; do
    "$root/build/bench/bench/lensart_floor" --brokers "$LENSART_KAFKA_BROKERS" \
      --topics "$LENSART_KAFKA_TOPICS_ORDER_CREATED,$LENSART_KAFKA_TOPICS_ORDER_UPDATED,$LENSART_KAFKA_TOPICS_ORDER_CANCELLED,$LENSART_KAFKA_TOPICS_ORDER_EVENTS" \
      --runs 1 --json | tail -n 1 >"$results/floor-$round.json"
    rm -rf "$LENSART_STATE_DIRECTORY"
    "$root/bench/measure.py" --program "$root/build/bench/lensart" --records "$events" --json -- \
      --set sink.kind=null --set "kafka.group=bench_a$round" --set 'pipeline.jobs=["orders"]' \
      >"$results/null-$round.json"
    ((round > 0)) || continue
    say "  round $round: floor $(figure "$results/floor-$round.json" best_rate)/s," \
      "lensart $(figure "$results/null-$round.json" rate)/s," \
      "ratio $(ratio "$(figure "$results/null-$round.json" rate)" "$(figure "$results/floor-$round.json" best_rate)")," \
      "$(figure "$results/null-$round.json" cpu_microseconds_an_event) us CPU an event," \
      "$(figure "$results/null-$round.json" peak_private_mib) MiB private"
  done
  rm -rf "$LENSART_STATE_DIRECTORY"
  "$root/bench/measure.py" --program "$root/build/bench/lensart" --records "$events" --json -- \
    --set sink.kind=null --set kafka.group=bench_all >"$results/null-all.json"
  say "  all jobs: $(figure "$results/null-all.json" rate)/s," \
    "CPU $(ratio "$(figure "$results/null-all.json" cpu_microseconds_an_event)" \
      "$(figure "$results/null-3.json" cpu_microseconds_an_event)") x that of Job 1 in round 3"
  rm -rf "$LENSART_STATE_DIRECTORY"
}

# What is timed below is right: a sample of the same events, by the same nodes and the same state, into
# PostgreSQL and audited. (The null sink leaves nothing that could be looked at.)
verify_a_sample() {
  use bench_s
  lensart generate --events 50000 --seed 11 --duplicates 0.02 --tests 0 --to kafka >/dev/null
  lensart run --until-end 2>"$results/sample.log"
  lensart verify >"$results/verify-sample.txt" || die "verify found differences; see $results/verify-sample.txt"
  say "A sample of 50 000 events: verify clean"
}

against_copy() {
  local events=$1
  use bench_b
  say "Part b: $events events"
  lensart generate --events "$events" --seed 12 --duplicates 0.02 --tests 0 --json --to kafka \
    >"$results/generate-b.json"
  export LENSART_PIPELINE_JOBS='["orders"]'
  "$root/bench/measure.py" --program "$root/build/bench/lensart" --records "$events" --json \
    >"$results/postgres.json"
  lensart verify >"$results/verify-b.txt" || die "verify found differences; see $results/verify-b.txt"
  local columns="event_id, event_type, order_id, user_id, branch_id, total_price, order_status, payment_status, payment_method, event_data, event_timestamp, kafka_topic, kafka_partition, kafka_offset, too_late"
  sql -c "\\copy (SELECT $columns FROM bench_b.orders_raw ORDER BY id) TO '$LENSART_STACK_DIR/raw.copy'"
  local rows began ended
  rows=$(sql -c 'SELECT count(*) FROM bench_b.orders_raw')
  LENSART_POSTGRES_SCHEMA=bench_c lensart init >/dev/null
  began=$EPOCHREALTIME
  sql -c "\\copy bench_c.orders_raw ($columns) FROM '$LENSART_STACK_DIR/raw.copy'"
  ended=$EPOCHREALTIME
  [ "$(sql -c 'SELECT count(*) FROM bench_c.orders_raw')" = "$rows" ] || die "the copy lost rows"
  local copy_rate
  copy_rate=$(python3 -c 'import sys; print(float(sys.argv[1]) / (float(sys.argv[3]) - float(sys.argv[2])))' \
    "$rows" "$began" "$ended")
  echo "{\"rate\": $copy_rate}" >"$results/copy.json"
  say "  \\copy $copy_rate/s, lensart $(figure "$results/postgres.json" rate)/s," \
    "ratio $(ratio "$(figure "$results/postgres.json" rate)" "$copy_rate")," \
    "$(figure "$results/postgres.json" peak_private_mib) MiB private; verify clean"
}

campaign() {
  say "$(nproc) cores, $(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1), commit $(git -C "$root" rev-parse --short HEAD)"
  verify_a_sample
  against_the_floor "${1:-1000000}"
  against_copy "${2:-200000}"
}
