# shellcheck shell=bash disable=SC2034,SC2154,SC2317  # variables shared with campaign.sh; called by name
# A quiet night end to end: the clocks of the program and of PostgreSQL go on by 24 hours without an event
# (libfaketime); the orders that nobody touched are found, once, whatever is restarted meanwhile.
presets=(release)
needs_stack=yes

campaign() {
  lensart=$root/build/release/lensart
  state=$(mktemp -d)
  chmod 755 "$state"  # PostgreSQL reads its clock there
  clock=$state/clock
  set_clock +0
  make_preloads
  address=127.0.0.1:$(free_port)
  export LENSART_HTTP_LISTEN=$address LENSART_STATE_DIRECTORY=$state/state
  export LENSART_PIPELINE_IDLE_TIMEOUT=1s
  trap 'verdict=$?; set +e; clean_up; (exit "$verdict"); report' EXIT
  : >"$results/run.log"
  LENSART_STACK_PG_CLOCK=$clock "$root/scripts/stack.sh" restart postgres
  "$lensart" init >/dev/null

  # In the evening: four orders, of which the third is done.
  start_program
  local placed order
  placed=$(now)
  for order in 1 2 3 4; do place "$order" "$placed" | send order-created; done
  change 3 'Đã giao' "$placed" | send order-events
  wait_until 30 consumed 5 || die 'the orders do not arrive'
  expect 'in the evening' 0 0

  set_clock +12h
  sleep 5
  expect 'at midnight' 0 0
  stop_program TERM
  start_program
  set_clock +24h
  sleep 5
  expect 'five minutes early: the clock is 24 h on, less max_out_of_orderness' 0 0

  set_clock +1446m  # 24 h and 6 min: it takes one unit
  wait_until 30 stuck 3 0 || expect 'in the morning' 3 0
  expect 'in the morning' 3 0
  stop_program KILL
  start_program
  sleep 5
  expect 'after kill -9' 3 0

  # Somebody moves the first on. That changes none of the others, nor what was.
  change 1 'Đang giao hàng' "$(now)" | send order-events
  wait_until 30 consumed 6 || die 'the change does not arrive'
  wait_until 10 stuck 3 1 || true
  expect 'after an event' 3 1
  [ "$(sql "SELECT string_agg(order_id::text, ',' ORDER BY order_id) FROM order_anomalies
              WHERE kind = 'stuck' AND resolved_at IS NULL")" = 2,4 ] || die 'the wrong orders are stuck'
  stop_program TERM
  "$lensart" verify >"$results/verify.txt" || die "verify found differences; see $results/verify.txt"
  say 'verify clean'
}

# ---- the clocks ---------------------------------------------------------------------------------

set_clock() {
  echo "$1" >"$clock.new"
  chmod 644 "$clock.new"
  mv "$clock.new" "$clock"
}

# What is before the program: libfaketime; libc's memory instead of jemalloc's, which asks for the time
# while libfaketime asks for memory; and C11's timed wait, which libfaketime does not know, by POSIX's.
make_preloads() {
  local faketime preloads
  faketime=$(find /usr/lib -name libfaketimeMT.so.1 | head -n 1)
  cat >"$state/wait.c" <<'EOF'
#include <errno.h>
#include <pthread.h>
#include <threads.h>
int cnd_timedwait(cnd_t *condition, mtx_t *mutex, const struct timespec *until) {
  int code = pthread_cond_timedwait((pthread_cond_t *)condition, (pthread_mutex_t *)mutex, until);
  return code == 0 ? thrd_success : code == ETIMEDOUT ? thrd_timedout : thrd_error;
}
EOF
  gcc -shared -fPIC -O1 -o "$state/wait.so" "$state/wait.c" -lpthread
  preloads="$state/wait.so $faketime $(gcc -print-file-name=libc.so.6) $(gcc -print-file-name=libstdc++.so.6)"
  in_our_time=(env "LD_PRELOAD=$preloads" "FAKETIME_TIMESTAMP_FILE=$clock" FAKETIME_NO_CACHE=1
    FAKETIME_DONT_FAKE_MONOTONIC=1)
}
now() { "${in_our_time[@]}" date -u +%FT%TZ; }

# ---- the parts ----------------------------------------------------------------------------------

start_program() {
  "${in_our_time[@]}" "$lensart" run 2>>"$results/run.log" &
  program=$!
  wait_until 60 curl -fs -o /dev/null "http://$address/readyz" || die "it is not ready; see $results/run.log"
}
stop_program() {
  kill "-$1" "$program"
  wait "$program" 2>/dev/null || true
}

# place ORDER AT, change ORDER STATUS AT: an event's text.
place() {
  printf '{"event_type":"order.created","event_id":"placed-%s","timestamp":"%s","data":{"id":%s,"branch_id":1,"total_price":"100.00","order_status":"Đang xử lý","payment_status":"Chưa thanh toán"}}\n' \
    "$1" "$2" "$1"
}
change() {
  printf '{"event_type":"order.status_changed","event_id":"changed-%s-%s","timestamp":"%s","data":{"order_id":%s,"new_status":"%s"}}\n' \
    "$1" "$3" "$3" "$1" "$2"
}
send() { "$root/scripts/stack.sh" kafka console-producer --topic "$1" >/dev/null; }

sql() { psql -qAtX -v ON_ERROR_STOP=1 "$LENSART_POSTGRES_DSN" -c "$1"; }
consumed() { [ "$(sql 'SELECT coalesce(sum(consumed), 0) FROM pipeline_accounts')" -ge "$1" ]; }
stuck() {
  [ "$(sql "SELECT count(*) || ' ' || count(resolved_at) FROM order_anomalies WHERE kind = 'stuck'")" = "$1 $2" ]
}
# expect WHEN ROWS RESOLVED
expect() {
  if ! stuck "$2" "$3"; then
    curl -fs "http://$address/metrics" >"$results/metrics.txt" || true
    sql 'SELECT * FROM pipeline_epochs' >"$results/epochs.txt"
    die "$1: not $2 stuck orders, $3 of them resolved: $(
      sql "SELECT json_agg(a) FROM order_anomalies a WHERE kind = 'stuck'")"
  fi
  say "$1 ($(now)): $2 stuck, $3 of them resolved"
}

clean_up() {
  kill -KILL "${program:-}" 2>/dev/null
  rm -rf "$state"
}
