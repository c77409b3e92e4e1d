#!/usr/bin/env bash
# shellcheck disable=SC2317  # called by claim, or in another shell
# scripts/stack.sh keeps its promises: what the tests that stop and kill services stand on.
set -euo pipefail
stack=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)/scripts/stack.sh
TMPDIR=$(mktemp -d)
export TMPDIR
trap 'rm -rf "$TMPDIR"' EXIT
chmod 711 "$TMPDIR"
unset LENSART_STACK_DIR LENSART_STACK_PG_OPTIONS
failures=0

# claim TEXT COMMAND...: the command must succeed.
claim() {
  local text=$1
  shift
  if "$@"; then
    echo "ok      $text"
  else
    echo "FAILED  $text: $*"
    failures=$((failures + 1))
  fi
}
equal() { [ "$1" = "$2" ] || { echo "        '$1' is not '$2'"; return 1; }; }
# occupy PORT SECONDS
occupy() {
  timeout "$2" python3 -c 'import socket, sys, time
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True: listener.accept()' "$1" || true
}
fails() { ! "$@" >/dev/null 2>&1; }
nothing_left() { [ -z "$(ls "$TMPDIR")" ] && ! grep -lsF "$TMPDIR" /proc/[0-9]*/cmdline; }

# The story of one stack, told from within `stack.sh run`, whose environment this shell has.
inside() {
  local kafka postgres
  kafka=$("$stack" pid kafka) postgres=$("$stack" pid postgres)
  claim 'the database belongs to role lensart' equal lensart "$(psql -XAtc \
    "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()" \
    "$LENSART_POSTGRES_DSN")"
  claim 'tests may be superuser' equal on \
    "$(psql -XAtc 'SHOW is_superuser' "$LENSART_TEST_ADMIN_DSN")"
  claim 'an option reaches PostgreSQL' equal 7MB "$("$stack" psql -XAtc 'SHOW work_mem')"
  claim 'up again changes nothing' "$stack" up
  claim 'it is the same PostgreSQL' equal "$postgres" "$("$stack" pid postgres)"

  psql -Xqc 'CREATE TABLE kept AS SELECT 42 AS n' "$LENSART_POSTGRES_DSN"
  kill -STOP "$postgres"  # also a hung server can be killed
  claim 'PostgreSQL is killed' "$stack" kill postgres
  claim 'status tells that one is down' fails "$stack" status
  claim 'PostgreSQL starts again' "$stack" start postgres
  claim 'at the same address, with its data and options' equal '42 7MB' \
    "$(psql -XAtc "SELECT n || ' ' || current_setting('work_mem') FROM kept" \
      "$LENSART_POSTGRES_DSN")"

  "$stack" kafka topics --create --topic kept --partitions 2 >/dev/null
  claim 'Kafka is killed' "$stack" kill kafka
  claim 'Kafka starts again' "$stack" start kafka
  claim 'it is another Kafka' fails equal "$kafka" "$("$stack" pid kafka)"
  claim 'with its topics' equal kept "$("$stack" kafka topics --list)"
  claim 'Kafka is stopped' "$stack" stop kafka
  occupy "${LENSART_KAFKA_BROKERS#*:}" 4 &
  until (exec 3<>"/dev/tcp/127.0.0.1/${LENSART_KAFKA_BROKERS#*:}") 2>/dev/null; do sleep 0.1; done
  claim 'Kafka starts where another had its port for a moment' "$stack" start kafka
  claim 'at the same address' equal "$LENSART_KAFKA_BROKERS" \
    "$("$stack" env | sed -n 's/^export LENSART_KAFKA_BROKERS=//p')"
  claim 'everything runs' "$stack" status
  exit "$failures"
}
export -f claim equal fails inside occupy
export stack failures

code=0
"$stack" run --postgres-option work_mem=7MB -- bash -c inside </dev/null || code=$?
claim 'the exit code is that of the command' equal 0 "$code"
claim 'run leaves nothing behind' nothing_left

"$stack" run -- sleep 600 </dev/null &
runner=$!
until ls "$TMPDIR"/lensart-stack.*/command >/dev/null 2>&1; do sleep 0.1; done
kill -TERM "$runner"
code=0
wait "$runner" || code=$?
claim 'a signal ends command and stack' equal 143 "$code"
claim 'a signal leaves nothing behind' nothing_left
exit $((failures > 0))
