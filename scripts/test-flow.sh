#!/usr/bin/env bash
# Follows events all the way: through each of the gateway's endpoints, into Kafka, into every table of
# PostgreSQL, and through the audit. Writes three orders at a branch of their own. Leaves a report.
#   scripts/test-flow.sh [--embedded | --containers] [--dir DIR] [--timeout SECONDS] [--report DIR]
#
#   --embedded, --containers, --dir DIR     which stack; see start-all.sh --help
#   --timeout S       how long an event may take to a table; default: 120
#   --report DIR      where flow.md and flow.xml go; default: DIR/reports of the stack
#
# Exit codes: 0 everything arrived; 1 something did not; 64 wrong command line; 69 the stack is not
# ready.
set -euo pipefail
# shellcheck source=lib/operate.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/operate.sh"
# shellcheck source=lib/report.sh
source "$root/scripts/lib/report.sh"
# shellcheck source=lib/events.sh
source "$root/scripts/lib/events.sh"

own_argument() { report_argument "$@"; }

order_topics() {
  local topic
  for topic in order_created order_updated order_cancelled order_events; do
    setting "kafka.topics.$topic"
  done
}

# Where Kafka's topics end now is kept in a consumer group of this run, which reads on from there.
mark_ends() {
  local topic options=()
  while read -r topic; do options+=(--topic "$topic"); done < <(order_topics)
  kafka_command consumer-groups --group "$run" "${options[@]}" --reset-offsets --to-latest --execute
}

# read_new COUNT: the payloads that came since; stops after COUNT records or 15 s.
read_new() {
  kafka_command console-consumer --group "$run" --include "$(order_topics | paste -sd '|')" \
    --max-messages "$1" --timeout-ms 15000
}

# in_kafka ID: the event is there, once.
in_kafka() {
  local count
  count=$(grep -cF "\"$run-$1\"" <<<"$records") || true
  [ "$count" = 1 ] || { echo "it is there $count times"; return 1; }
}

send_everything() {
  local placed lines whole one=$first two=$((first + 1)) three=$((first + 2))
  placed=$(hour_of_business '+%F %H:%M:00')
  lines="[$(line 7 2 1000000.00),$(line 8 1 500000.00 500000.00)]"
  whole=$(snapshot "$one" 1500000.00 "$status_new" COD "$placed" "$lines")
  check 'order-created is taken' post events/order-created "$(event created 60 "$whole")"
  check 'order-status-changed is taken' post events/order-status-changed \
    "$(event sent 50 "$(status_change "$one" "$status_new" "$status_sent")")"
  check 'order-status-changed backwards is taken' post events/order-status-changed \
    "$(event back 40 "$(status_change "$one" "$status_sent" "$status_new")")"
  check 'order-updated is taken' post events/order-updated \
    "$(event updated 30 "$(jq -c '.note = "gói quà"' <<<"$whole")")"
  check 'order-cancelled is taken' post events/order-cancelled \
    "$(event cancelled 20 "$(snapshot "$two" 250000.50 "$status_new" momo "$placed" '[]')")"
  check 'generic is taken' post events/generic "$(payment_change paid 10 "$one" "$paid")"
  check 'send is taken' post events/send "$(event sent-again 10 \
    "$(snapshot "$three" 10000 "$status_new" cash "$placed" '[]')" |
    jq -c '. + {event_type: "order.updated"}')"
  check 'test-connection answers' post test-connection ''
  check 'a repeat is taken' post events/order-created "$(event created 60 "$whole")"
  check 'what breaks a rule is refused (422)' post events/order-created \
    "$(event broken 5 "$(jq -c '.total_price = -1' <<<"$whole")")" 422
}

check_kafka() {
  local id
  for id in created sent back updated cancelled paid sent-again; do
    check "Kafka has the event $id, once" in_kafka "$id"
  done
}

# job_of TABLE: the job that fills it, if it can be switched off.
job_of() {
  case $1 in
    orders_processed | order_items_analytics) echo orders ;;
    order_status_* | order_anomalies) echo status ;;
    order_metrics*) echo metrics ;;
    product_sales_hourly) echo product_sales_hourly ;;
  esac
}

# Every table that is there: one that this script does not know is a failure, not a gap.
check_tables() {
  local mine="order_id BETWEEN $first AND $first + 2" table job
  check 'orders_raw: seven events, the repeat counted once' settles 7 \
    "SELECT count(*) FROM orders_raw WHERE event_id LIKE '$run-%'"
  check 'orders_raw: each came in by the topic of its type' sql_is \
    "$(setting kafka.topics.order_cancelled)|1
$(setting kafka.topics.order_created)|1
$(setting kafka.topics.order_events)|3
$(setting kafka.topics.order_updated)|2" \
    "SELECT kafka_topic, count(*) FROM orders_raw WHERE event_id LIKE '$run-%'
     GROUP BY 1 ORDER BY min(event_type), 1"
  while read -r table; do
    job=$(job_of "$table")
    if [[ -n $job && " $(setting pipeline.jobs) " != *" $job "* ]]; then
      skip "$table" "pipeline.jobs does not name $job"
      continue
    fi
    case $table in
      orders_raw) ;;
      orders_processed)
        check "$table: each order as its last events left it" settles \
          "$(printf '%s\n' "$status_new|$paid|3|gói quà" "$status_off|$unpaid|0|" "$status_new|$unpaid|0|")" \
          "SELECT order_status, payment_status, items_count, note FROM $table WHERE $mine ORDER BY order_id"
        ;;
      order_items_analytics)
        check "$table: the lines" settles $'7|2|500000.00|1000000.00\n8|1|500000.00|500000.00' \
          "SELECT product_id, quantity, unit_price, total_price FROM $table WHERE $mine ORDER BY 1"
        ;;
      order_status_history)
        check "$table: both changes, the second backwards" settles $'10|\n10|backward' \
          "SELECT processing_time_seconds, anomaly FROM $table WHERE $mine ORDER BY changed_at"
        ;;
      order_status_sessions)
        check "$table: one session of two changes" settles 2 \
          "SELECT changes FROM $table WHERE $mine"
        ;;
      order_anomalies)
        check "$table: what went backwards" settles "backward|$status_new" \
          "SELECT kind, status FROM $table WHERE $mine"
        ;;
      order_metrics)
        check "$table: three orders in their hour" settles '3|1760000.50|586666.83|2|1' \
          "SELECT total_orders, total_revenue, avg_order_value, pending_orders, cancelled_orders
           FROM $table WHERE branch_id = $first"
        ;;
      order_metrics_sliding)
        check "$table: three orders in twelve windows" settles '12|36' \
          "SELECT count(*), sum(total_orders) FROM $table WHERE branch_id = $first"
        ;;
      dead_letters)
        check "$table: a broken payload" settles t \
          "SELECT count(*) >= $letters_before + 1 FROM $table"
        ;;
      product_sales_hourly)
        check "$table: the products sold" settles t \
          "SELECT count(*) >= 2 FROM $table WHERE product_id IN (7, 8)"
        ;;
      *) check "$table" table_is_unknown "$table" ;;
    esac
  done < <(sql "SELECT tablename FROM pg_tables
                WHERE schemaname = current_schema() AND tablename NOT LIKE 'pipeline\_%'
                  AND tablename <> 'schema_migrations' ORDER BY 1")
  check 'pipeline_accounts: every offset is accounted for' sql_is t \
    'SELECT bool_and(consumed = accepted + duplicate + ignored + dead_lettered) FROM pipeline_accounts'
}

table_is_unknown() {
  echo "scripts/test-flow.sh does not know the table $1; give it a case"
  return 1
}

# A payload that the gateway would refuse, straight into Kafka.
poison() {
  lensart generate --events 2 --tests 0 --poison 1 --span 1m --first-order $((first + 5)) \
    --seed "$now" --to kafka
}

explained() {
  local answer
  answer=$(lensart explain order "$first" --json) || { echo "$answer"; return 1; }
  jq -e --arg id "$run-created" '[.. | strings] | any(. == $id)' <<<"$answer"
}

parse_arguments "$@"
require_ready
load_settings
report_begin 'The flow of events: gateway, Kafka, PostgreSQL'
begin_run flow
start=$EPOCHREALTIME
check 'Kafka tells where its topics end' mark_ends
letters_before=$(sql 'SELECT count(*) FROM dead_letters')
send_everything
check 'a broken payload is put into Kafka' poison
records=$(read_new 10) || true
check_kafka
check_tables
check 'lensart explain order names the events' explained
check 'lensart verify finds no difference' verify_clean
figure 'orders' "$first to $((first + 2))"
figure 'from the first request to the last check' "$(seconds_since "$start") s"
report_end flow
