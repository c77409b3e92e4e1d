#!/usr/bin/env bash
# Each job alone: a set of events with everything a job has a rule for, and the rows that must come of
# them, to the value. Five orders at a branch of their own, and a generated lot with duplicates and
# broken payloads. Leaves a report.
#   scripts/test-jobs.sh [--embedded | --containers] [--dir DIR] [--timeout SECONDS] [--report DIR]
#
#   --embedded, --containers, --dir DIR     which stack; see start-all.sh --help
#   --timeout S       how long rows may take; default: 120
#   --report DIR      where jobs.md and jobs.xml go; default: DIR/reports of the stack
#
# A job that pipeline.jobs does not name is skipped. Not tried here, because it takes more than half a
# minute of silence: lateness, and the timer of stuck orders (tests/recovery/ has both).
# Exit codes: 0 every row is as expected; 1 one is not; 64 wrong command line; 69 the stack is not
# ready.
set -euo pipefail
# shellcheck source=lib/operate.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/operate.sh"
# shellcheck source=lib/report.sh
source "$root/scripts/lib/report.sh"
# shellcheck source=lib/events.sh
source "$root/scripts/lib/events.sh"

own_argument() { report_argument "$@"; }

# rows EXPECTED-ROW... : as sql prints them
rows() { printf '%s\n' "$@"; }

# job NAME: whether pipeline.jobs has it; else its checks are skipped.
job() {
  [[ " $(setting pipeline.jobs) " = *" $1 "* ]] && return 0
  skip "job $1" 'pipeline.jobs does not name it'
  return 1
}

# ---- events in ----------------------------------------------------------------------------------

# delivered: created, packed, sent, done, paid.   cancelled: created, cancelled.
# changed: created, then updated with another price and other lines.
# odd: an unknown payment method, a step back, a gap.   stuck: two changes thirty hours apart, no more.
send() {
  local delivered=$first cancelled=$((first + 1)) changed=$((first + 2)) odd=$((first + 3)) \
    stuck=$((first + 4))
  local at lines
  at=$(hour_of_business '+%F %H:%M:00')
  lines="[$(line 11 2 1000000.00),$(line 12 1 500000.00 450000.00)]"
  {
    created 600 "$(snapshot "$delivered" 1500000.00 "$status_new" COD "$at" "$lines")" d
    created 595 "$(snapshot "$cancelled" 250000.50 "$status_new" momo "$at" "[$(line 11 1 250000.50)]")" c
    created 590 "$(snapshot "$changed" 100000 "$status_new" 'Tiền mặt' "$at" "[$(line 11 1 100000)]")" u
    created 585 "$(snapshot "$odd" 50000.00 "$status_new" bitcoin "$at" '[]')" o
    changed d1 540 "$delivered" "$status_new" "$status_packed"
    changed d2 480 "$delivered" "$status_packed" "$status_sent"
    changed d3 420 "$delivered" "$status_sent" "$status_done"
    request events/generic "$(payment_change d4 410 "$delivered" "$paid")"
    request events/order-cancelled \
      "$(event c1 535 "$(snapshot "$cancelled" 250000.50 "$status_new" momo "$at" '[]')")"
    request events/order-updated "$(event u1 530 \
      "$(snapshot "$changed" 300000 "$status_new" 'Tiền mặt' "$at" "[$(line 13 3 300000)]")")"
    changed o1 525 "$odd" "$status_new" "$status_sent"
    changed o2 465 "$odd" "$status_sent" "$status_new"
    changed o3 405 "$odd" "$status_done" "$status_sent"
    changed s1 180000 "$stuck" "$status_new" "$status_sent"
    changed s2 72000 "$stuck" "$status_sent" "$status_done"
  } >"$requests"
  while IFS=$'\t' read -r path body; do post "$path" "$body" >/dev/null || return 1; done <"$requests"
}
request() { printf '%s\t%s\n' "$1" "$2"; }
created() { request events/order-created "$(event "$3" "$1" "$2")"; }
changed() { request events/order-status-changed "$(event "$1" "$2" "$(status_change "$3" "$4" "$5")")"; }

# ---- rows out -----------------------------------------------------------------------------------

job_ingestion() {
  check 'ingestion: every event is in orders_raw, by type' settles \
    "$(rows 'order.cancelled|1' 'order.created|4' 'order.payment_status_changed|1' \
      'order.status_changed|8' 'order.updated|1')" \
    "SELECT event_type, count(*) FROM orders_raw WHERE order_id $mine GROUP BY 1 ORDER BY 1"
  check 'ingestion: its columns hold what the event writes' sql_is \
    "$(rows "$run-c1|250000.50|$status_off|$unpaid|momo" "$run-d4|||$paid|" "$run-o3||$status_sent||")" \
    "SELECT event_id, total_price, order_status, payment_status, payment_method FROM orders_raw
     WHERE event_id IN ('$run-c1', '$run-d4', '$run-o3') ORDER BY event_id"
}

# Duplicates, broken payloads and test messages of a generated lot, against what it says of itself.
# Other traffic at the same time would be counted, too.
job_ingestion_generated() {
  local sum='SELECT sum(consumed), sum(accepted), sum(duplicate), sum(ignored), sum(dead_lettered) FROM pipeline_accounts'
  local before summary expected
  before=$(sql "$sum")
  summary=$(lensart generate --orders 60 --tests 3 --duplicates 0.2 --poison 0.2 --span 20m \
    --seed "$now" --first-order $((first + 100)) --to kafka --json 2>/dev/null) || return 1
  expected=$(jq -r --arg before "$before" '
    ($before | split("|") | map(tonumber? // 0)) as $b
    | [.records, .accepted, .duplicates, .ignored, .rejected]
    | to_entries | map(.value + $b[.key]) | join("|")' <<<"$summary")
  settles "$expected" "$sum"
}

job_orders() {
  job orders || return 0
  check 'orders: each order as its last events left it' settles \
    "$(rows "$status_done|$paid|1500000.00|3|COD" "$status_off|$unpaid|250000.50|0|momo" \
      "$status_new|$unpaid|300000.00|3|Tiền mặt" "$status_sent|$unpaid|50000.00|0|bitcoin")" \
    "SELECT order_status, payment_status, total_price, items_count, payment_method
     FROM orders_processed WHERE order_id $mine ORDER BY order_id"
  check 'orders: lines of the latest snapshot only, unit prices given or derived' sql_is \
    "$(rows '0|11|2|500000.00|1000000.00' '0|12|1|450000.00|500000.00' '2|13|3|100000.00|300000.00')" \
    "SELECT order_id - $first, product_id, quantity, unit_price, total_price
     FROM order_items_analytics WHERE order_id $mine ORDER BY 1, 2"
  check 'orders: enriched with the names of user and branch' sql_is \
    '4|Nguyễn Thị Thử|thu@example.org|LensArt Thử|1 Lê Lợi' \
    "SELECT count(*), min(user_name), min(user_email), min(branch_name), min(branch_address)
     FROM orders_processed WHERE order_id $mine"
  check 'orders: v_branch_performance has the branch' sql_is '4|2100000.50|525000.13|1|1' \
    "SELECT total_orders, total_revenue, avg_order_value, completed_orders, cancelled_orders
     FROM v_branch_performance WHERE branch_id = $first"
}

job_status() {
  job status || return 0
  check 'status: the time in each status, and what is odd' settles \
    "$(rows '0|60|' '0|60|' '0|60|' '3|60|' '3|60|backward' '3|60|sequence_gap')" \
    "SELECT order_id - $first, processing_time_seconds, anomaly FROM order_status_history
     WHERE order_id $mine ORDER BY order_id, changed_at"
  check 'status: sessions, two where thirty hours lie between' sql_is \
    "$(rows "0|3|$status_packed|$status_done" "3|3|$status_sent|$status_sent" \
      "4|1|$status_sent|$status_sent" "4|1|$status_done|$status_done")" \
    "SELECT order_id - $first, changes, first_status, last_status FROM order_status_sessions
     WHERE order_id $mine ORDER BY order_id, started_at"
  check 'status: anomalies, a day without change among them' sql_is \
    "$(rows "3|backward|$status_new|f" "3|sequence_gap|$status_sent|f" '3|unknown_status|bitcoin|f' \
      "4|stuck|$status_sent|t")" \
    "SELECT order_id - $first, kind, status, resolved_at IS NOT NULL FROM order_anomalies
     WHERE order_id $mine ORDER BY order_id, kind"
  check 'status: an order without snapshot waits' sql_is 1 \
    "SELECT count(*) FROM v_orders_waiting WHERE order_id = $first + 4"
}

job_metrics() {
  job metrics || return 0
  local hour
  hour=$(hour_of_business '+%F|%-H')
  check 'metrics: the hour of the branch, each order once, in its present state' settles \
    "$hour|4|2100000.50|525000.13|1|1|1|1|2|1" \
    "SELECT metric_date, metric_hour, total_orders, total_revenue, avg_order_value, pending_orders,
            processing_orders, completed_orders, cancelled_orders, cash_orders, online_orders
     FROM order_metrics WHERE branch_id = $first"
  check 'metrics: twelve sliding windows of an hour, five minutes apart' sql_is \
    '12|01:00:00|00:55:00|4|4|2100000.50|2100000.50' \
    "SELECT count(*), min(window_end - window_start), max(window_start) - min(window_start),
            min(total_orders), max(total_orders), min(total_revenue), max(total_revenue)
     FROM order_metrics_sliding WHERE branch_id = $first"
}

parse_arguments "$@"
require_ready
load_settings
requests=$(mktemp)
trap 'rm -f "$requests"' EXIT
report_begin 'The jobs: events in, rows out'
begin_run jobs
mine="BETWEEN $first AND $first + 9"
check 'the gateway takes fifteen events' send
job_ingestion
job_orders
job_status
job_metrics
job product_sales_hourly && check 'product_sales_hourly: products of the hour' settles t \
  "SELECT count(*) >= 3 FROM product_sales_hourly WHERE product_id IN (11, 12, 13)"
check 'ingestion: duplicates, broken payloads, test messages, each under its own heading' \
  job_ingestion_generated
check 'lensart verify finds no difference' verify_clean
report_end jobs
