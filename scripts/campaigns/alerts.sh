# shellcheck shell=bash disable=SC2034,SC2154,SC2317  # variables shared with campaign.sh; called by name
# Each alert fires by its real cause, in a real Prometheus, and ends with it; minutes are seconds here.
# Arguments: [ALERT...], by default all. As root, for a small disk of its own.
presets=(dev)
needs_stack=yes

campaign() {
  local name failed=0
  lensart=$root/build/dev/lensart
  stack=$root/scripts/stack.sh
  export LENSART_HTTP_LISTEN LENSART_STATE_DIRECTORY LENSART_PIPELINE_STUCK_AFTER=1h
  export LENSART_PIPELINE_IDLE_TIMEOUT=300ms LENSART_PIPELINE_EPOCH_MAX_BYTES=1MiB
  export LENSART_SINK_OUTBOX_MAX=2MiB LENSART_START_TIMEOUT=30s
  LENSART_HTTP_LISTEN=127.0.0.1:$(free_port)
  prometheus=127.0.0.1:$(free_port)
  ours=()
  trap 'verdict=$?; set +e; clean_up; (exit "$verdict"); report' EXIT
  : >"$results/lensart.log"
  make_disk
  start_prometheus
  "$lensart" init >>"$results/lensart.log" 2>&1
  # Something for every figure, and orders that have been at rest for an hour: they are stuck.
  "$lensart" generate --orders 500 --seed 1 >>"$results/lensart.log" 2>&1
  run_program
  (($#)) || set -- StuckOrders DeadLetters LettersUnsent DatabaseAway KafkaAway Stalled LagGrows \
    RowsStale DiskLow ClockSkew RestartLoop Down
  printf '%-24s %-9s %-9s %s\n' alert 'fired s' 'ended s' cause | tee "$results/alerts.txt"
  for name in "$@"; do one_alert "$name" || failed=1; done
  return "$failed"
}

# ---- the parts ----------------------------------------------------------------------------------

disk_mounted=no
make_disk() {
  ((EUID == 0)) || die 'this campaign mounts a small disk: run it as root'
  mkdir -p "$results/disk"
  mount -t tmpfs -o size=400m tmpfs "$results/disk"
  disk_mounted=yes
  LENSART_STATE_DIRECTORY=$results/disk/state
}

# alerts.yml with seconds for minutes, in what is compared and waited for; and a second for the minute
# that rows may be old.
start_prometheus() {
  mkdir -p "$results/prometheus"
  rm -rf "$results/prometheus/data"
  sed -E '/^ *(summary|description):/!{s/\b([0-9]+)m\b/\1s/g; s/> 60$/> 1/}' \
    "$root/docker/prometheus/alerts.yml" >"$results/prometheus/alerts.yml"
  sed -e 's/interval: 5s/interval: 500ms/' -e "s/127.0.0.1:8081/$LENSART_HTTP_LISTEN/" \
    "$root/docker/prometheus/prometheus.yml" >"$results/prometheus/prometheus.yml"
  promtool check rules "$results/prometheus/alerts.yml" >/dev/null
  prometheus --config.file="$results/prometheus/prometheus.yml" --web.listen-address="$prometheus" \
    --storage.tsdb.path="$results/prometheus/data" 2>"$results/prometheus.log" &
  ours+=($!)
}

run_program() {
  "$lensart" run 2>>"$results/lensart.log" &
  program=$!
  wait_until 60 answers_or_ended
}
answers() { curl -fsS -o /dev/null "http://$LENSART_HTTP_LISTEN/livez" 2>/dev/null; }
answers_or_ended() { answers || ! kill -0 "$program" 2>/dev/null; }
stop_program() {
  kill "-${1:-TERM}" "$program" 2>/dev/null || true
  wait "$program" 2>/dev/null || true
}

# trickle RATE [OPTION...]: events until stop_trickle.
trickle() {
  local rate=$1
  shift
  orders=$((${orders:-100000} + 100000))
  "$lensart" generate --events 1000000 --orders 1000000 --rate "$rate" --first-order "$orders" --span 2h \
    "$@" >>"$results/lensart.log" 2>&1 &
  feeder=$!
}
stop_trickle() {
  [ -n "${feeder:-}" ] || return 0
  kill "$feeder" 2>/dev/null || true
  wait "$feeder" 2>/dev/null || true
}

sql() { psql -qAtX -v ON_ERROR_STOP=1 "$LENSART_TEST_ADMIN_DSN" "$@"; }

clean_up() {
  stop_trickle
  stop_program
  kill "${ours[@]}" 2>/dev/null || true
  wait 2>/dev/null || true
  if [ "$disk_mounted" = yes ]; then umount "$results/disk" || true; fi
}

fires() {
  curl -fsS --get "http://$prometheus/api/v1/query" \
    --data-urlencode "query=ALERTS{alertname=\"Lensart$1\",alertstate=\"firing\"}" 2>/dev/null |
    jq -e '.data.result | length > 0' >/dev/null
}
rests() { ! fires "$1"; }

# one_alert NAME: it must not fire before its cause, fire by it, and end with it.
one_alert() {
  local name=$1 start fired=never ended=never
  if [ "$name" != StuckOrders ] && ! wait_until 90 rests "$name"; then
    printf '%-24s fires without its cause\n' "Lensart$name" | tee -a "$results/alerts.txt"
    return 1
  fi
  start=$EPOCHREALTIME
  "begin_$name"
  if wait_until 120 fires "$name"; then fired=$(seconds_since "$start"); fi
  start=$EPOCHREALTIME
  "end_$name"
  if wait_until 120 rests "$name"; then ended=$(seconds_since "$start"); fi
  printf '%-24s %-9s %-9s %s\n' "Lensart$name" "$fired" "$ended" "$(cause_of "$name")" |
    tee -a "$results/alerts.txt"
  [ "$fired" != never ] && [ "$ended" != never ]
}

# ---- the causes ---------------------------------------------------------------------------------

cause_of() {
  case $1 in
    StuckOrders) echo 'orders at rest for an hour (pipeline.stuck_after = 1h)' ;;
    DeadLetters) echo 'three in ten events are broken' ;;
    LettersUnsent) echo 'the dead letter topic was deleted' ;;
    DatabaseAway) echo 'PostgreSQL was stopped' ;;
    KafkaAway) echo 'the broker was stopped' ;;
    Stalled) echo 'somebody held a lock on orders_raw' ;;
    LagGrows) echo 'a trigger made each row of orders_raw take 10 ms' ;;
    RowsStale) echo 'a trigger made each statement on orders_raw take 1.5 s' ;;
    DiskLow) echo 'something else filled the disk' ;;
    ClockSkew) echo 'the clock of PostgreSQL was five minutes ahead (faketime)' ;;
    RestartLoop) echo 'killed and started four times' ;;
    Down) echo 'the process was stopped' ;;
  esac
}

begin_StuckOrders() { :; }
# Somebody moves them on: an event of a status that is final for each.
end_StuckOrders() {
  local topic=order-events now
  now=$(date -u +%FT%TZ)
  sql -c "SELECT DISTINCT format('{\"event_type\":\"order.status_changed\",\"event_id\":\"moved-%s\",\"timestamp\":\"$now\",\"data\":{\"order_id\":%s,\"old_status\":\"x\",\"new_status\":\"Đã giao\"}}', order_id, order_id)
            FROM order_anomalies WHERE kind = 'stuck' AND resolved_at IS NULL" |
    "$stack" kafka console-producer --topic "$topic" >/dev/null
}

begin_DeadLetters() { trickle 200 --poison 0.3; }
end_DeadLetters() {
  stop_trickle
  trickle 200
  sleep 12  # until the window of the rate has passed
  stop_trickle
}

begin_LettersUnsent() {
  "$stack" kafka topics --delete --topic order-events-dlq >/dev/null
  trickle 50 --poison 0.3
}
end_LettersUnsent() {
  stop_trickle
  "$lensart" init >/dev/null
}

begin_DatabaseAway() { "$stack" stop postgres; }
end_DatabaseAway() { "$stack" start postgres 2>/dev/null; }

begin_KafkaAway() { "$stack" stop kafka; }
end_KafkaAway() { "$stack" start kafka 2>/dev/null; }

# More than the outbox takes, so that records wait in Kafka.
begin_Stalled() {
  sql -c 'BEGIN; LOCK TABLE orders_raw; SELECT pg_sleep(600)' >/dev/null 2>&1 &
  holder=$!
  sleep 1
  trickle 2000
}
end_Stalled() {
  stop_trickle
  kill "$holder"
  sql -c "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)%'
            AND pid <> pg_backend_pid()" >/dev/null
  wait "$holder" 2>/dev/null || true
}

# slow_down ROW|STATEMENT SECONDS
slow_down() {
  sql >/dev/null <<SQL
CREATE OR REPLACE FUNCTION slow_down() RETURNS trigger LANGUAGE plpgsql AS
  \$\$ BEGIN PERFORM pg_sleep($2); RETURN NEW; END \$\$;
CREATE OR REPLACE TRIGGER slow BEFORE INSERT ON orders_raw FOR EACH $1 EXECUTE FUNCTION slow_down();
SQL
}

begin_LagGrows() {
  slow_down ROW 0.01
  trickle 1000
}
end_LagGrows() {
  stop_trickle
  # Dropping it waits for the transaction under way; the sessions that are slow are ended instead.
  sql -c "SET lock_timeout = '60s'; DROP TRIGGER slow ON orders_raw" >/dev/null
}
# Each transaction is late, yet there are several in the window of the rate.
begin_RowsStale() {
  slow_down STATEMENT 1.5
  trickle 200
}
# Until nothing is old any more, a few fresh ones must have come.
end_RowsStale() {
  end_LagGrows
  wait_until 60 caught_up
  trickle 200
  sleep 10
  stop_trickle
}
caught_up() {
  curl -fsS "http://$LENSART_HTTP_LISTEN/metrics" |
    awk '/^lensart_consumer_lag_records|^lensart_outbox_epochs/ {sum += $NF} END {exit sum > 0}'
}

begin_DiskLow() {
  local free
  free=$(df --output=avail -B1 "$results/disk" | tail -n 1)
  fallocate -l $((free - 20 * 1024 * 1024)) "$results/disk/somebody-elses"
}
end_DiskLow() { rm "$results/disk/somebody-elses"; }

# PostgreSQL's clock: ours would take the preparations of quiet-night.sh.
begin_ClockSkew() { LENSART_STACK_PG_CLOCK=+5m "$stack" restart postgres; }
end_ClockSkew() { "$stack" restart postgres; }

begin_RestartLoop() {
  local times
  for times in 1 2 3 4; do
    stop_program KILL
    run_program
    sleep 1
  done
}
end_RestartLoop() { :; }

begin_Down() { stop_program; }
end_Down() { run_program; }
