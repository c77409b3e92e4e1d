#!/usr/bin/env bash
# Orders flowing from a private Kafka into a private PostgreSQL, from nothing: sets up, builds,
# starts everything, produces orders, shows the tables, their audit and how to look further.
# On a terminal it stays up, with a trickle of orders, until Ctrl-C; otherwise it stops and exits 0.
#   scripts/demo.sh [--orders N]         default: 20000 orders, of a few events each
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=lib/common.sh
source "$here/lib/common.sh"
# shellcheck source=lib/build.sh
source "$here/lib/build.sh"

orders=20000
case ${1:-} in
  '') ;;
  --orders) orders=${2:?--orders needs a number} ;;
  *) sed -n '2,5s/^# \{0,1\}//p' "$0"; [ "$1" = --help ] && exit 0; exit 64 ;;
esac

demo=$root/.lensart/demo
lensart=$root/build/release/lensart
stack=("$here/stack.sh" --dir "$demo")
pipeline='' trickle=''

sql() { "${stack[@]}" psql -X -q -P pager=off -P footer=off -c "$1"; }
value() { "${stack[@]}" psql -X -q -A -t -c "$1"; }
metrics() { curl -fsS "http://$LENSART_HTTP_LISTEN/metrics"; }

stop_everything() {
  local code=$?
  trap '' INT TERM HUP
  if [ -n "$trickle" ]; then kill -TERM "$trickle" 2>/dev/null || true; fi
  if [ -n "$pipeline" ]; then
    kill -TERM "$pipeline" 2>/dev/null || true
    wait "$pipeline" 2>/dev/null || true
  fi
  "${stack[@]}" down
  if ((code == 0 || code == 130)); then
    say "Stopped. What it left lies in $demo; scripts/demo.sh begins anew."
    exit 0
  fi
  say "The demonstration failed ($code). The pipeline's log: $demo/lensart.log"
  exit "$code"
}

start_stack() {
  heading 'A private Kafka and PostgreSQL'
  "${stack[@]}" down --remove
  "${stack[@]}" up 8>&-
  "${stack[@]}" status
  # shellcheck source=/dev/null
  source <("${stack[@]}" env)
  LENSART_HTTP_LISTEN=127.0.0.1:$(free_port 8081)
  export LENSART_HTTP_LISTEN
}

is_ready() { curl -fsS -o "$demo/readyz" "http://$LENSART_HTTP_LISTEN/readyz" 2>/dev/null; }
ready_or_dead() { is_ready || ! kill -0 "$pipeline" 2>/dev/null; }

# In a session of its own, so that Ctrl-C reaches this script only, which then stops it once.
start_pipeline() {
  heading 'lensart init, lensart run'
  (cd "$demo" && "$lensart" init)
  (cd "$demo" && exec setsid "$lensart" run >"$demo/lensart.log" 2>&1 </dev/null 8>&-) &
  pipeline=$!
  if ! wait_until 60 ready_or_dead || ! is_ready; then
    tail -n 20 "$demo/lensart.log" >&2
    die 'lensart run did not become ready' 69
  fi
  echo "ready: http://$LENSART_HTTP_LISTEN/readyz"
}

lag() { metrics | awk '/^lensart_consumer_lag_records/ {sum += $NF} END {print sum + 0}'; }
consumed() { value 'SELECT coalesce(sum(consumed), 0) FROM pipeline_accounts'; }

# wait_for_all RECORDS: until each is accounted for in PostgreSQL and Kafka has no more.
wait_for_all() {
  local deadline=$((SECONDS + 300))
  until (($(consumed) >= $1)) && [ "$(lag)" = 0 ]; do
    kill -0 "$pipeline" 2>/dev/null || die 'the pipeline has ended by itself'
    ((SECONDS < deadline)) || die "after 5 minutes $(consumed) of $1 records are in, lag $(lag)"
    sleep 0.5
  done
}

produce() {
  local start=${EPOCHREALTIME/[.,]/} summary records milliseconds
  heading "lensart generate: $orders orders, out of order, with duplicates and poison"
  summary=$(cd "$demo" && "$lensart" generate --orders "$orders" --disorder 10m --duplicates 0.05 \
    --poison 0.02 --to kafka --json)
  records=$(jq .records <<<"$summary")
  jq -r '"\(.records) records: \(.accepted) events to accept, \(.duplicates) duplicates, " +
         "\(.ignored) to ignore, \(.rejected) broken"' <<<"$summary"
  wait_for_all "$records"
  milliseconds=$(((${EPOCHREALTIME/[.,]/} - start) / 1000))
  printf 'all in PostgreSQL after %d.%d s: %d events/s, making them included; lag %s\n' \
    $((milliseconds / 1000)) $((milliseconds % 1000 / 100)) \
    $((records * 1000 / milliseconds)) "$(lag)"
}

show_tables() {
  heading 'The tables'
  sql "SELECT 'orders_raw' AS \"table\", count(*) AS rows FROM orders_raw
       UNION ALL SELECT 'orders_processed', count(*) FROM orders_processed
       UNION ALL SELECT 'order_items_analytics', count(*) FROM order_items_analytics
       UNION ALL SELECT 'dead_letters', count(*) FROM dead_letters"
  heading 'The latest orders (v_recent_orders)'
  sql 'SELECT order_id, user_name, branch_name, order_date, total_price, order_status, items_count
       FROM v_recent_orders LIMIT 5'
  heading 'The best-selling products (v_product_popularity)'
  sql 'SELECT product_name, sum(order_count) AS orders, sum(total_quantity_sold) AS sold,
       sum(total_revenue) AS revenue FROM v_product_popularity
       GROUP BY product_name ORDER BY revenue DESC LIMIT 5'
  heading 'What was refused, and why (dead_letters)'
  sql 'SELECT code, count(*), min(field) AS "a field", min(message) AS "a message"
       FROM dead_letters GROUP BY code ORDER BY count(*) DESC, code LIMIT 8'
  heading 'Where every offset went (pipeline_accounts): consumed = the sum of the others'
  sql 'SELECT topic, partition, sum(consumed) AS consumed, sum(accepted) AS accepted,
       sum(duplicate) AS duplicate, sum(ignored) AS ignored, sum(dead_lettered) AS dead_lettered
       FROM pipeline_accounts GROUP BY topic, partition ORDER BY topic, partition'
}

audit() {
  heading 'lensart verify: every table recomputed from orders_raw, and compared'
  (cd "$demo" && "$lensart" verify)
}

tell_more() {
  heading 'To look further'
  cat <<TEXT
  psql                 psql '$LENSART_POSTGRES_DSN'
  state                curl http://$LENSART_HTTP_LISTEN/readyz
  metrics              curl http://$LENSART_HTTP_LISTEN/metrics
  the wiring           build/release/lensart graph --format dot
  Kafka                scripts/stack.sh --dir .lensart/demo kafka topics --describe
  the log              .lensart/demo/lensart.log
  more orders          eval "\$(scripts/stack.sh --dir .lensart/demo env)"
                       build/release/lensart generate --orders 1000 --first-order 10000000
TEXT
}

# Orders that go on by themselves, with ids that the first lot did not use.
stay() {
  heading 'Staying up, with about 20 events a second. Ctrl-C stops everything.'
  (cd "$demo" && exec setsid "$lensart" generate --orders 100000000 --rate 20 --span 1h --seed 2 \
    --first-order $((orders + 1)) --to kafka >/dev/null 2>&1 </dev/null 8>&-) &
  trickle=$!
  while kill -0 "$pipeline" 2>/dev/null; do
    sleep 5
    printf '%s  %s orders, %s events, lag %s\n' "$(date +%T)" \
      "$(value 'SELECT count(*) FROM orders_processed')" "$(consumed)" "$(lag)"
  done
  die 'the pipeline has ended by itself'
}

"$here/setup.sh"
heading 'Building lensart (the first time takes minutes)'
build release lensart
mkdir -p "$root/.lensart"
exec 8>"$root/.lensart/demo.lock"
flock -n 8 || die 'another demonstration is running in this checkout'
trap stop_everything EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
start_stack
start_pipeline
produce
show_tables
audit
tell_more
if [ -t 1 ]; then stay; fi
