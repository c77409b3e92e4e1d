# shellcheck shell=bash disable=SC2034,SC2154  # variables shared with campaign.sh
# The audit of many events on an idle pipeline: at most 60 s for a million, clean; and a wrong cent is found.
# Arguments: [EVENTS], by default 1 000 000.
presets=(bench)
needs_stack=yes
stack_options=(--postgres-option max_wal_size=4GB)

campaign() {
  local events=${1:-1000000} began seconds code=0
  local lensart=$root/build/bench/lensart
  "$lensart" init >/dev/null
  # With poison: the books are held against the dead letters too.
  "$lensart" generate --events "$events" --seed 31 --duplicates 0.02 --poison 0.01 --tests 0 --to kafka >"$results/generate.txt"
  "$lensart" run --until-end 2>"$results/run.log"
  began=$EPOCHREALTIME
  "$lensart" verify >"$results/verify.txt" || die "verify found differences; see $results/verify.txt"
  seconds=$(seconds_since "$began")
  say "$(tail -n 1 "$results/verify.txt"): $seconds s"
  psql -qAt -v ON_ERROR_STOP=1 "$LENSART_POSTGRES_DSN" -c \
    'UPDATE orders_processed SET total_price = total_price + 0.01 WHERE order_id = (SELECT max(order_id) FROM orders_processed)'
  "$lensart" verify >"$results/verify-wrong.txt" || code=$?
  [ "$code" = 1 ] || die "a wrong cent gave exit $code; see $results/verify-wrong.txt"
  say "$(tail -n 1 "$results/verify-wrong.txt")"
  python3 -c "import sys; sys.exit(0 if $seconds <= 60 * max(1, $events / 1e6) else 1)" || die "verify took $seconds s"
}
