# shellcheck shell=bash disable=SC2034,SC2154  # variables shared with campaign.sh
# At a steady rate: from the broker's append to committed in orders_processed, p50, p99 and most.
# Arguments: [RATE [SECONDS]], by default 1000 events/s for 60 s.
#
# The append is earlier than the producer's acknowledgement, so the figure is on the safe side. The
# commit is PostgreSQL's own time of the transaction that wrote the order's row as it stands.
presets=(bench)
needs_stack=yes
stack_options=(--postgres-option track_commit_timestamp=on)

campaign() {
  local rate=${1:-1000} length=${2:-60}
  local lensart=$root/build/bench/lensart
  "$lensart" init >/dev/null
  "$lensart" run 2>"$results/run.log" &
  local run=$!
  # One stream, so that its event time goes with the clock as the shop's does; of it, what comes after
  # the warm-up is measured. (A second stream would begin where the first began: late to the last event.)
  local warm_up=5
  "$lensart" generate --events $((rate * (warm_up + length))) --rate "$rate" --span $((warm_up + length))s \
    --seed 1 --tests 0 --to kafka >"$results/generate.txt"
  sleep 2
  kill -TERM "$run" && wait "$run"
  "$lensart" verify >"$results/verify.txt" || die "verify found differences; see $results/verify.txt"
  local topic
  for topic in order-created order-updated order-cancelled order-events; do
    "$root/scripts/stack.sh" kafka console-consumer --topic "$topic" --from-beginning --timeout-ms 3000 --property print.timestamp=true \
      --property print.partition=true --property print.offset=true --property print.value=false 2>>"$results/consumer.log" |
      sed -nE "s/^LogAppendTime:([0-9]+)\tPartition:([0-9]+)\tOffset:([0-9]+).*/$topic\t\2\t\3\t\1/p"
  done >"$results/appends.tsv"
  psql -qAt -v ON_ERROR_STOP=1 "$LENSART_TEST_ADMIN_DSN" <<SQL | tee "$results/freshness.txt"
CREATE TEMP TABLE appends (topic text, part bigint, at bigint, millis bigint);
\copy appends FROM '$results/appends.tsv'
WITH last AS (
  SELECT r.order_id, max(a.millis) AS millis
    FROM orders_raw r JOIN appends a
      ON a.topic = r.kafka_topic AND a.part = r.kafka_partition AND a.at = r.kafka_offset
   GROUP BY 1
  HAVING max(a.millis) >= (SELECT min(millis) + $warm_up * 1000 FROM appends)
), delays AS (
  SELECT extract(epoch FROM pg_xact_commit_timestamp(p.xmin)) * 1000 - millis AS delay
    FROM orders_processed p JOIN last USING (order_id)
)
SELECT format('orders %s, append to commit: p50 %s ms, p99 %s ms, most %s ms', count(*),
              round(percentile_disc(0.5) WITHIN GROUP (ORDER BY delay)::numeric, 1),
              round(percentile_disc(0.99) WITHIN GROUP (ORDER BY delay)::numeric, 1),
              round(max(delay)::numeric, 1)) FROM delays
SQL
}
