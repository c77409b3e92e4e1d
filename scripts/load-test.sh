#!/usr/bin/env bash
# Load: N realistic events through the gateway, or straight into Kafka, and how long it takes until all
# of them are committed in PostgreSQL; then the audit. Leaves a report.
#   scripts/load-test.sh 100|1000|10000|N [--to gateway|kafka] [--connections C] [--min-rate R]
#                        [--max-p99 MS] [--embedded | --containers] [--dir DIR] [--timeout SECONDS]
#                        [--report DIR]
#
#   N                 events; about four make an order. Order ids are new with each run
#   --to WHAT         gateway (default): HTTP, each event acknowledged by Kafka;
#                     kafka: lensart generate, past the gateway
#   --connections C   keep-alive connections to the gateway, one request at a time each; default: 16
#   --min-rate R      fail below R events a second into the tables
#   --max-p99 MS      fail if one request in a hundred takes longer
#   --embedded, --containers, --dir DIR     which stack; see start-all.sh --help
#   --timeout S       how long the tables may take after the last event; default: 120
#   --report DIR      where load-N.md and .xml go, load-N-kafka with --to kafka; default:
#                     DIR/reports of the stack
#
# The client is written in Python and shares the machine: it takes about one processor. What the
# gateway itself can do is measured by scripts/campaign.sh gateway.
# Exit codes: 0 no event was lost, late or refused; 1 one was, or a limit was not kept; 64 wrong command
# line; 69 the stack is not ready.
set -euo pipefail
# shellcheck source=lib/operate.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/operate.sh"
# shellcheck source=lib/report.sh
source "$root/scripts/lib/report.sh"
# shellcheck source=lib/events.sh
source "$root/scripts/lib/events.sh"

count='' target=gateway connections=16 min_rate='' max_p99=''
# shellcheck disable=SC2034  # taken: operate.sh
own_argument() {
  case $1 in
    --to) needs_value "$@" && target=$2 taken=2 ;;
    --connections) needs_value "$@" && needs_count "$1" "$2" 1 && connections=$2 taken=2 ;;
    --min-rate) needs_value "$@" && needs_count "$1" "$2" 1 && min_rate=$2 taken=2 ;;
    --max-p99) needs_value "$@" && needs_count "$1" "$2" 1 && max_p99=$2 taken=2 ;;
    [0-9]*) needs_count 'events' "$1" 1 && count=$1 ;;
    *) report_argument "$@" ;;
  esac
}

# The same life of orders, in the last minutes, so that nothing is too late.
make_events() {
  lensart generate --events "$count" --tests 0 --span 30m --seed "$now" --first-order "$first" "$@"
}

# Each sets `sent`, the number of events that must come to the tables, and when the first and the last
# were sent: `began`, `ended`. What there is to tell of sending is told when the tables have them.
send_through_gateway() {
  make_events --to - >"$work/events" 2>"$work/generate.log" ||
    die "lensart generate failed: $(tail -n 1 "$work/generate.log")"
  python3 "$root/scripts/lib/load_client.py" "$gateway_url" "$connections" "$work/events" \
    "${gateway_headers[@]:1:1}" >"$work/sent.json" || die 'the client failed'
  read -r sent began ended < <(jq -r '"\(.acknowledged) \(.began) \(.ended)"' "$work/sent.json")
}

tell_gateway() {
  check 'the gateway takes every event' \
    jq -e 'if .errors == {} then true else .errors, false end' "$work/sent.json"
  figure 'sent' "$(jq -r '"\(.acknowledged) of \(.requests) in \(.seconds) s: \(.rate) a second"' "$work/sent.json")"
  figure 'latency: p50, p95, p99, most' \
    "$(jq -r '"\(.p50_ms), \(.p95_ms), \(.p99_ms), \(.most_ms) ms"' "$work/sent.json")"
  figure 'told to wait (429, 503), and repeated' "$(jq .repeats "$work/sent.json")"
}

send_into_kafka() {
  began=$EPOCHREALTIME
  make_events --to kafka --json >"$work/sent.json" 2>"$work/generate.log" ||
    die "lensart generate failed: $(tail -n 1 "$work/generate.log")"
  ended=$EPOCHREALTIME
  sent=$(jq .accepted "$work/sent.json")
}

tell_kafka() {
  check 'Kafka takes every event' test "$sent" = "$count"
  figure 'sent' "$sent in $(between "$began" "$ended") s, making them included"
}

# Polled, so the figure is exact to about a twentieth of a second.
committed() {
  sql "SELECT count(*) FROM orders_raw WHERE order_id BETWEEN $first AND $first + $count"
}
all_committed() { [ "$(committed)" = "$sent" ]; }
wait_committed() {
  wait_until "$timeout" all_committed || { echo "$(committed) of $sent after $timeout s"; return 1; }
  echo "$EPOCHREALTIME" >"$work/committed"
}

none_too_late() {
  sql_is 0 "SELECT count(*) FROM orders_raw WHERE order_id BETWEEN $first AND $first + $count AND too_late"
}

# The freshness that the pipeline measures itself: buckets before and after, their difference.
freshness() {
  curl -fsS -m 10 "$http_url/metrics" |
    sed -nE 's/^lensart_freshness_seconds_bucket\{.*le="([^"]+)".*\} ([0-9.e+]+)$/\1 \2/p'
}

# freshness_below SHARE: the upper bound of the bucket that the share of the events lies in.
freshness_below() {
  paste "$work/freshness.before" "$work/freshness.after" |
    awk -v share="$1" '{bound[NR] = $3; count[NR] = $4 - (NF == 4 ? $2 : 0)}
      END {for (i = 1; i <= NR; ++i) if (count[NR] > 0 && count[i] >= share * count[NR]) {
             print bound[i]; exit}}'
}

p99_at_most() { jq -e --argjson most "$1" '.p99_ms <= $most' "$work/sent.json"; }

# between BEGIN END: two values of EPOCHREALTIME, as seconds; milliseconds_between as that.
milliseconds_between() { echo $(((${2/[.,]/} - ${1/[.,]/}) / 1000)); }
between() {
  local milliseconds
  milliseconds=$(milliseconds_between "$1" "$2")
  printf '%d.%03d' $((milliseconds / 1000)) $((milliseconds % 1000))
}

parse_arguments "$@"
[ -n "$count" ] || die "how many events? load-test.sh 1000; see --help" "$exit_usage"
case $target in
  gateway) ;;
  kafka) [ -z "$max_p99" ] || die '--max-p99 is for --to gateway' "$exit_usage" ;;
  *) die "--to $target: gateway or kafka is needed" "$exit_usage" ;;
esac
require_ready
load_settings
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
report_begin "Load: $count events, to $target"
begin_run load
freshness >"$work/freshness.before"
case $target in
  gateway) send_through_gateway ;;
  kafka) send_into_kafka ;;
esac
check 'every event is committed in PostgreSQL' wait_committed
committed_at=$(cat "$work/committed" 2>/dev/null || echo "$EPOCHREALTIME")
whole=$(milliseconds_between "$began" "$committed_at")
rate=$((sent * 1000 / (whole > 0 ? whole : 1)))
"tell_$target"
figure 'all committed, after the last was sent' "$(between "$ended" "$committed_at") s"
figure 'all committed, after the first was sent' "$(between "$began" "$committed_at") s"
figure 'events a second into the tables' "$rate"
freshness >"$work/freshness.after"
figure 'in Kafka to in PostgreSQL: p50, p99' \
  "at most $(freshness_below 0.5) s, $(freshness_below 0.99) s"
check 'none came too late' none_too_late
check 'lensart verify finds no difference' verify_clean
if [ -n "$min_rate" ]; then check "at least $min_rate events a second" test "$rate" -ge "$min_rate"; fi
if [ -n "$max_p99" ]; then check "p99 at most $max_p99 ms" p99_at_most "$max_p99"; fi
if [ "$target" = kafka ]; then count+=-kafka; fi
report_end "load-$count"
