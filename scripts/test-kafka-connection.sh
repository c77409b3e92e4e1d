#!/usr/bin/env bash
# Asks the stack's Kafka whether it is fit for the shop and the pipeline: it answers, takes the old
# protocol of the shop's client (Produce v0), has the six topics, and a message makes the round trip
# through the gateway. Leaves a report.
#   scripts/test-kafka-connection.sh [--embedded | --containers] [--dir DIR] [--report DIR]
#
#   --embedded, --containers, --dir DIR     which stack; see start-all.sh --help
#   --report DIR      where kafka-connection.md and .xml go; default: DIR/reports of the stack
#
# Exit codes: 0 all is well; 1 something is not; 64 wrong command line; 69 the stack is not ready.
set -euo pipefail
# shellcheck source=lib/operate.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/operate.sh"
# shellcheck source=lib/report.sh
source "$root/scripts/lib/report.sh"
# shellcheck source=lib/events.sh
source "$root/scripts/lib/events.sh"

own_argument() { report_argument "$@"; }

# topic_is_there NAME PARTITIONS-AT-LEAST
topic_is_there() {
  local found
  found=$(awk -v topic="$1" '$2 == topic && $1 == "Topic:"' <<<"$topics" |
    sed -nE 's/.*PartitionCount: ([0-9]+).*/\1/p')
  echo "partitions: ${found:-the topic does not exist; lensart init makes it}"
  [ -n "$found" ] && ((found >= $2))
}

program_agrees() {
  local output code=0
  output=$(lensart check --online --json) || code=$?
  jq -r '.services[]? | select(.verdict != "ok") | "\(.subject): \(.verdict): \(.detail); \(.remedy)"' \
    <<<"$output"
  return "$code"
}

parse_arguments "$@"
connect
load_settings
report_begin 'Kafka: connection, protocol, topics'
# shellcheck disable=SC2154  # connect sets it
figure 'brokers' "$brokers"
check 'the broker takes the protocol of the shop (Produce v0, message format 0)' \
  python3 "$root/scripts/lib/kafka_versions.py" "$brokers"
topics=$(kafka_command topics --describe 2>&1) || true
for topic in order_created order_updated order_cancelled order_events; do
  name=$(setting "kafka.topics.$topic")
  check "topic $name is there, with partitions" topic_is_there "$name" 1
done
check 'the topic of the dead letters is there' topic_is_there "$(setting kafka.dlq_topic)" 1
check 'the topic of the replays is there' topic_is_there "$(setting kafka.replay_topic)" 1
check 'lensart check --online finds nothing' program_agrees
check 'a message makes the round trip through the gateway' post test-connection ''
report_end kafka-connection
